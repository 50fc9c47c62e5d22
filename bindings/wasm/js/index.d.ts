// The types of the package. What implements it is checked against them (`api.ts`).

import type { Demands, Entry, Verdict } from "./shown.js";

export * from "./errors.js";
export type { Entry, KeyChange, Log, PolicyChange, Proof, Relation, Requirement, Scan, Statement, Verdict, Withdrawal } from "./shown.js";

/**
 * Keys of logs as their operators publish them, `vk:CIRCUIT:DIGEST` and `srs:DIGEST`. `null` trusts no log in particular: anybody may have made it then, and
 * `verdict.log.pinned` is false.
 */
export type Trusted = string | Iterable<string> | null;

/** The bytes of a receipt, or a file of a browser. */
export type ReceiptData = Uint8Array | ArrayBuffer | Blob;

/** What a verifier trusts, and what it demands. */
export interface VerifyOptions extends Demands {
    /** Whom to trust, which is always said. */
    trust: Trusted;
    /** The text of a policy of witnesses. */
    policy?: string | undefined;
    /** A trust store, with the fields of its file. */
    trustStore?: object | undefined;
}

/** What a receipt says of itself: not verified. */
export interface Inspected {
    /** The key of the log. */
    readonly logKey: string;
    /** The entries; the last one is what the receipt is for. */
    readonly entries: readonly Entry[];
}

/**
 * Verifies a receipt offline. Nothing is trusted but what `trust`, `policy` and `trustStore` name.
 *
 * @throws NotValidError when a check fails, NotAsRequiredError when a demand is not met, ForgeableError when a proof rests on test material.
 */
export function verify(receipt: ReceiptData, options: VerifyOptions): Promise<Verdict>;

/**
 * What a receipt says of itself. Nothing of it is verified.
 *
 * @throws NotValidError when it cannot be read.
 */
export function inspect(receipt: ReceiptData): Promise<Inspected>;
