// Errors. All of them are LedgerError: `code` is a word to decide by, `hint` says what to do, where there is something. They are those of the Python
// package, but for forks; docs/packages.md lists them.

/** What an error says besides its message. */
export interface ErrorDetails {
    code?: string | undefined;
    hint?: string | null | undefined;
    cause?: unknown;
}

/** Something was not done. Unless its class says otherwise, the ledger is as it was before. */
export class LedgerError extends Error {
    /** A word to decide by. */
    readonly code: string;
    /** What can be done, where there is something. */
    readonly hint: string | undefined;

    constructor(message: string, details: ErrorDetails = {}) {
        super(message, details.cause === undefined ? undefined : { cause: details.cause });
        this.name = new.target.name;
        this.code = details.code ?? "internal";
        this.hint = details.hint ?? undefined;
    }

    override toString(): string {
        return this.hint === undefined ? `${this.name}: ${this.message}` : `${this.name}: ${this.message}\nhint: ${this.hint}`;
    }
}

/** What was asked for cannot be done with this table, claim, name or setting. */
export class InvalidInputError extends LedgerError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "invalid-input", ...details });
    }
}

/** An argument is of a type that it cannot be. */
export class InvalidTypeError extends LedgerError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "type", ...details });
    }
}

/** The claim or relation is not true of the table. It is not said by how much. */
export class FalseClaimError extends LedgerError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "false-claim", ...details });
    }
}

/** A ledger, dataset, entry or opening is not there. */
export class NotFoundError extends LedgerError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "not-found", ...details });
    }
}

/** There is something already where something new was to be made. */
export class AlreadyExistsError extends LedgerError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "already-exists", ...details });
    }
}

/** The ledger was opened for reading only. */
export class ReadOnlyError extends LedgerError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "read-only", ...details });
    }
}

/** Somebody else writes: the same call may succeed later. */
export class BusyError extends LedgerError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "busy", ...details });
    }
}

/** A store, a vault, a file or the system does not answer as it should. */
export class UnavailableError extends LedgerError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "unavailable", ...details });
    }
}

/** What is stored is not what was written, or not this ledger's. */
export class DamagedError extends LedgerError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "damaged", ...details });
    }
}

/** This build comes without what is needed. */
export class NotSupportedError extends LedgerError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "not-supported", ...details });
    }
}

/** The call was cancelled by its signal, whose reason is the cause. As with other libraries its name is `AbortError`. */
export class OperationCancelledError extends LedgerError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "cancelled", ...details });
        this.name = "AbortError";
    }
}

/** A fault of this library. */
export class InternalError extends LedgerError {}

/** The ledger was closed. */
export class ClosedError extends LedgerError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "closed", ...details });
    }
}

/** A receipt is not to be relied on. */
export class VerificationError extends LedgerError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "not-valid", ...details });
    }
}

/** A check of the receipt failed: it was changed, or is not of a log that is trusted. */
export class NotValidError extends VerificationError {}

/** Every check passed, and the receipt is not all that was demanded with `require`. */
export class NotAsRequiredError extends VerificationError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "not-as-required", ...details });
    }
}

/** Every check passed, and proves nothing: a proof rests on test material, with which anybody can forge. */
export class ForgeableError extends VerificationError {
    constructor(message: string, details: ErrorDetails = {}) {
        super(message, { code: "forgeable", ...details });
    }
}
