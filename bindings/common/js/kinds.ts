// The error of a kind. A test of zkl-bindings compares the kinds with those that Rust has.

import {
    AlreadyExistsError,
    BusyError,
    ClosedError,
    DamagedError,
    FalseClaimError,
    ForgeableError,
    InternalError,
    InvalidInputError,
    InvalidTypeError,
    LedgerError,
    NotAsRequiredError,
    NotFoundError,
    NotSupportedError,
    NotValidError,
    OperationCancelledError,
    ReadOnlyError,
    UnavailableError,
} from "./errors.js";
import type { ErrorDetails } from "./errors.js";

const CLASSES: Readonly<Record<string, new (message: string, details?: ErrorDetails) => LedgerError>> = {
    "invalid-input": InvalidInputError,
    type: InvalidTypeError,
    "false-claim": FalseClaimError,
    "not-found": NotFoundError,
    "already-exists": AlreadyExistsError,
    "read-only": ReadOnlyError,
    busy: BusyError,
    unavailable: UnavailableError,
    damaged: DamagedError,
    "not-supported": NotSupportedError,
    cancelled: OperationCancelledError,
    internal: InternalError,
    closed: ClosedError,
    "not-valid": NotValidError,
    "not-as-required": NotAsRequiredError,
    forgeable: ForgeableError,
};

/** The error of a kind. */
export function ofKind(kind: string, message: string, hint: string | null | undefined): LedgerError {
    return new (CLASSES[kind] ?? LedgerError)(message, { code: kind, hint });
}
