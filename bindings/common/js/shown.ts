// What both npm packages show of receipts: their types, and how they are made of what Rust says (verdict.d.ts).

import type { EntryOutline, Log, Statement, Verdict as RawVerdict } from "./verdict.js";

export type { KeyChange, Log, PolicyChange, Proof, Relation, Scan, Statement, Withdrawal } from "./verdict.js";

/** What can be demanded of a receipt besides that it verifies. */
export type Requirement = "pinned" | "proved" | "public-setup" | "cosigned";

/** What is demanded of a receipt, and what is allowed. */
export interface Demands {
    /**
     * What is demanded besides: that the log is one that is trusted (`pinned`), every table was proved over every row (`proved`), every proof rests on a public ceremony
     * (`public-setup`), a quorum of the policy's witnesses saw the log (`cosigned`).
     */
    require?: Iterable<Requirement> | undefined;
    /** Whether a receipt may rest on test material. For tests. */
    allowForgeable?: boolean | undefined;
}

/** An entry of a log: a statement that a notary signed. */
export interface Entry {
    /** Position in the log, from 0. */
    readonly index: number;
    /** Digest of the entry. */
    readonly id: string;
    /** `notarization`, `claim`, `relation`, `policy`, `key`, `withdrawal`, `custom`, or a kind that this version does not know. */
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

/** @internal */
export function entryOf(shown: EntryOutline): Entry {
    const { recorded_at: recordedAt, ...entry } = shown;
    return { ...entry, recordedAt: new Date(recordedAt) };
}

/** @internal */
export function verdictOf(shown: RawVerdict): Verdict {
    const { verdict, log, trust: grounds, statements, ...statement } = shown;
    // A receipt for one statement has its fields.
    return { verdict, statements: statements ?? [statement as Statement], log, grounds };
}
