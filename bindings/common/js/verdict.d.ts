/** A proof, and what it rests on. */
export interface Proof {
    /** Name of the proof system. */
    scheme: string;
    circuit: string;
    /** Where its key comes from, and whether anybody can forge with it. */
    setup: string;
    verifying_key: string;
}

/** A key of the log or of a notary that was rotated, or one of the log that was revoked. */
export interface KeyChange {
    change: "rotation" | "notary-rotation" | "revocation";
    old: string;
    new: string;
    /** Of a revocation: the first size of the log at which the old key does not count. */
    from?: number;
}

/** An entry that is not to be relied on any more. */
export interface Withdrawal {
    entry: string;
    /** The entry that has taken its place. */
    replacement?: string;
    /** Why, in the notary's words. */
    reason: string;
}

/** A change of what a server lets others do. */
export interface PolicyChange {
    server: string;
    by: string;
    added: string[];
    removed: string[];
    /** Digest of the whole policy after. */
    digest: string;
}

/** The proof over every row. */
export interface Scan {
    setup: string;
    circuits: Proof[];
    reference_string: string;
    commitments: string;
    segments: number;
    /** Groups of columns that a wide table was proved in. */
    groups?: number;
}

/** How the rows of tables are related. */
export interface Relation {
    operation:
        | "same_rows"
        | "split"
        | "append"
        | "subset"
        | "unique"
        | "k_anonymous"
        | "bounds"
        | "filter"
        | "erase"
        | "present"
        | "absent"
        | "disjoint"
        | "dedup";
    tables: { role: string; dataset: string; rows: number }[];
    columns: string[];
    /** The fewest rows of a class, for k_anonymous. */
    k?: number;
    /** What rows are asked for, all of it: of bounds the range, of present and absent the values. */
    where?: { column: string; is: Record<string, string | [string, string]> }[];
    /** Whether bounds allow rows without a value. */
    nulls?: boolean;
    /** The columns that tell rows apart, for dedup. */
    key?: string[];
    /** Columns that were not compared, and why. */
    left_out?: { column: string; reason: string }[];
}

/** What was verified; fields that its kind does not have are absent. */
export interface Statement {
    kind: string;
    index?: number;
    dataset?: string;
    dataset_id?: string;
    claim?: string;
    description?: string;
    public_inputs?: string[];
    relation?: Relation;
    key?: KeyChange;
    withdraws?: Withdrawal;
    policy?: PolicyChange;
    rows?: number;
    columns?: number;
    reading?: string[];
    assurance?: "proved" | "attested";
    scan?: Scan;
    proof?: Proof;
    /** What the weakest of all its proofs rests on; `dev` is forgeable. */
    basis?: "dev" | "external" | "ceremony";
    transaction: string;
    notary: string;
    recorded_at: string;
}

export interface Log {
    origin: string;
    key: string;
    /** Whether the key was among those trusted. If not, anybody may have made this log. */
    pinned: boolean;
    /** The key that was trusted, where the log's key was followed from it. */
    followed_from?: string;
    /** What the trust store calls the log. */
    label?: string;
    index?: number;
    size: number;
    root: string;
    witnesses?: string[];
    policy?: boolean;
}

/** A receipt for one statement has its fields; one for several has `statements`. */
export interface Verdict extends Partial<Statement> {
    /** What the receipt is worth: `forgeable` when a proof rests on dev material, and then it proves nothing. */
    verdict: "valid" | "forgeable";
    statements?: Statement[];
    log: Log;
    /** What the verdict rests on and what would break it, in sentences. */
    trust: string[];
}

/** An entry of a receipt by its own words: not verified. */
export interface EntryOutline {
    index: number;
    id: string;
    kind: string;
    dataset: string | null;
    datasets: string[];
    notary: string;
    recorded_at: string;
    /** What it says, in one line. */
    text: string;
    /** All that was signed. */
    statement: Record<string, unknown>;
}

/** What a receipt says of itself: not verified. The last entry is what the receipt is for. */
export interface ReceiptOutline {
    /** The key of the log. */
    log: string;
    entries: EntryOutline[];
}
