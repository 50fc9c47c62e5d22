// The ledger for Node: notarize datasets, prove things about them in zero knowledge, verify that offline.

export type { Format, NotarizeOptions, ProofSystem, ReadOptions } from "./config.js";
export * from "./errors.js";
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
    RelateOptions,
    Table,
    WithdrawOptions,
} from "./ledger.js";
export type { CallOptions, Progress, ProgressOptions } from "./native.js";
export { Receipt, report, verify } from "./receipts.js";
export type { ReceiptLike, Report, ReportOptions, Trusted, VerifyOptions } from "./receipts.js";
export type { Entry, KeyChange, Log, PolicyChange, Proof, Relation, Requirement, Scan, Statement, Verdict, Withdrawal } from "./shown.js";
