// The ledger for Node: notarize datasets, prove things about them in zero knowledge, verify that offline.

export type { Format, NotarizeOptions, ProofSystem, ReadOptions } from "./config.js";
export {
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
    VerificationError,
} from "./errors.js";
export type { ErrorDetails } from "./errors.js";
export { Dataset, Ledger, Notarized } from "./ledger.js";
export type {
    Checkpoint,
    ColumnProfile,
    DatasetInfo,
    EntriesOptions,
    EntryReference,
    Evaluation,
    LedgerOptions,
    Profile,
    ReceiptOptions,
    Table,
} from "./ledger.js";
export type { CallOptions, Progress, ProgressOptions } from "./native.js";
export { Receipt, report, verify } from "./receipts.js";
export type { Entry, ReceiptLike, Report, Requirement, Trusted, Verdict, VerifyOptions } from "./receipts.js";
export type { KeyChange, Log, PolicyChange, Proof, Relation, Scan, Statement, Withdrawal } from "./verdict.js";
