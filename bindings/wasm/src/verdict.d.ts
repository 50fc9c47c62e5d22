/** A proof, and what it rests on. */
export interface Proof {
    /** Name of the proof system. */
    scheme: string;
    circuit: string;
    /** Where its key comes from, and whether anybody can forge with it. */
    setup: string;
    verifying_key: string;
}

/** The proof over every row. */
export interface Scan {
    setup: string;
    circuits: Proof[];
    reference_string: string;
    commitments: string;
    segments: number;
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
