// The types of the package. What implements it is checked against them (`api.ts`).

import type { Log, Statement } from "./verdict.js";

export type { KeyChange, Log, PolicyChange, Proof, Relation, Scan, Statement, Withdrawal } from "./verdict.js";
export * from "./failures.js";
export type { ErrorDetails } from "./errors.js";

/** What can be demanded of a receipt besides that it verifies. */
export type Requirement = "pinned" | "proved" | "public-setup" | "cosigned";

/**
 * Keys of logs as their operators publish them, `vk:CIRCUIT:DIGEST` and `srs:DIGEST`. `null` trusts no log in particular: anybody may have made it then, and
 * `verdict.log.pinned` is false.
 */
export type Trusted = string | Iterable<string> | null;

/** The bytes of a receipt, or a file of a browser. */
export type ReceiptData = Uint8Array | ArrayBuffer | Blob;

/** What a verifier trusts, and what it demands. */
export interface VerifyOptions {
    /** Whom to trust, which is always said. */
    trust: Trusted;
    /**
     * What is demanded besides: that the log is one that is trusted (`pinned`), every table was proved over every row (`proved`), every proof rests on a public ceremony
     * (`public-setup`), a quorum of the policy's witnesses saw the log (`cosigned`).
     */
    require?: Iterable<Requirement> | undefined;
    /** The text of a policy of witnesses. */
    policy?: string | undefined;
    /** A trust store, with the fields of its file. */
    trustStore?: object | undefined;
    /** Whether a receipt may rest on test material. For tests. */
    allowForgeable?: boolean | undefined;
}

/** A receipt that verified: every check passed. */
export interface Verdict {
    /** `forgeable` only where that was allowed: a proof rests on test material, and nothing is proved. */
    readonly verdict: "valid" | "forgeable";
    /** What was verified, as `zkl verify --format json` says it. */
    readonly statements: readonly Statement[];
    /** The log. */
    readonly log: Log;
    /** What the verdict rests on and what would break it, a sentence each. */
    readonly grounds: readonly string[];
}

/** An entry of a receipt by its own words: not verified. */
export interface Entry {
    /** Position in the log, from 0. */
    readonly index: number;
    /** Digest of the entry. */
    readonly id: string;
    /** `notarization`, `claim`, `relation`, `custom`, `key`, `withdrawal`, or a kind that this version does not know. */
    readonly kind: string;
    /** The dataset that it is about; the first, if there are several. */
    readonly dataset: string | null;
    /** All of them. */
    readonly datasets: readonly string[];
    /** Key of the notary. */
    readonly notary: string;
    /** Time by the notary's clock. */
    readonly recordedAt: Date;
    /** What it says, in one line. */
    readonly text: string;
    /** All that was signed. */
    readonly statement: Readonly<Record<string, unknown>>;
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
