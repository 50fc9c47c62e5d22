// How tables are read and notarized.

import * as checks from "./checks.js";
import { InvalidTypeError } from "./errors.js";
import type { ProgressOptions } from "./native.js";
import * as paths from "./paths.js";

export type Format = "csv" | "json" | "ndjson" | "parquet" | "arrow" | "arrow-stream" | "avro" | "xlsx" | "ods";

/** `universal`, the default: under the public reference string, without a setup for any circuit. `compact`: the shortest proofs, with keys of ceremonies that were
 * imported. `dev`: forgeable by anybody, for tests. */
export type ProofSystem = "universal" | "compact" | "dev";

/** How a table is read. What is not said is found out, and is in the entry. */
export interface ReadOptions {
    /** A schema file (TOML or JSON) that the table must satisfy, as `zkl schema` writes it. */
    schema?: string | URL | undefined;
    /** The format of a file: from its name and first bytes, unless it is said. */
    format?: Format | undefined;
    /** The sheet of an Excel workbook, where several hold something. */
    sheet?: string | undefined;
    /** Types of columns: `bool`, `int`, `decimal(N)`, `date`, `timestamp(s|ms|us|ns)`, `category`, `text`. */
    columns?: Readonly<Record<string, string>> | undefined;
    /** Digits after the point that numbers of a column keep; the rest is rounded. */
    round?: Readonly<Record<string, number>> | undefined;
    /** Columns that are read as text and committed to by digests, as every column of text is: they can be compared and be keys of relations. */
    hash?: readonly string[] | undefined;
    /** Columns that are read as text of which only the missing values are committed to. */
    opaque?: readonly string[] | undefined;
    /** Texts that stand for null, in place of those of pandas. */
    nulls?: readonly string[] | undefined;
    /** Whether NaN is null instead of an error. */
    nanAsNull?: boolean | undefined;
    /** Pairs of columns (group, label) for claims about both: `gap` and `min_group`. */
    joint?: readonly (readonly [string, string])[] | undefined;
    /** Pairs of numeric columns for `corr`. */
    product?: readonly (readonly [string, string])[] | undefined;
    /** Whether values of the table are kept out of errors and remarks, for those whose logs others read. */
    redact?: boolean | undefined;
    /** The character between cells of a CSV file: the one of `,` `;` tab `|` that fits, unless it is said. */
    delimiter?: string | undefined;
    /** The character around cells of a CSV file: `"`, unless it is said. */
    quote?: string | undefined;
    /** Whether the first row of a CSV file names the columns: it does, unless this is false. */
    header?: boolean | undefined;
    /** Lines before the table in a CSV file. */
    skip?: number | undefined;
    /** The character that lines of comments begin with in a CSV file. Those before the table that begin with `#` are skipped anyway. */
    comment?: string | undefined;
    /** Whether numbers in a CSV file have a comma where others have a point. */
    decimalComma?: boolean | undefined;
    /** How dates such as 1/2/2024 are read in a CSV file, which are text unless it is said: `dmy` or `mdy`, or in full. */
    dates?: "dmy" | "mdy" | "day_month_year" | "month_day_year" | undefined;
}

/** What a table is called, what backs its notarization, and how it is read. */
export interface NotarizeOptions extends ProgressOptions {
    /** Name of the dataset. A file has its own name, if it is not given one. */
    name?: string | undefined;
    /** The proof system, if not that of the ledger. */
    proof?: ProofSystem | undefined;
    /** No proof over every row: the notary's signature alone stands for the profile. */
    attestOnly?: boolean | undefined;
    /** `private`, the default: salted digests, with which nobody can test a guess of the file. `public`: plain ones, by which whoever has it recognises it. */
    privacy?: "private" | "public" | undefined;
    /** Digest of an imported reference string to commit and prove under, instead of the public one. */
    referenceString?: string | undefined;
    /** How the table is read. */
    read?: ReadOptions | undefined;
}

const NOTARIZE = ["name", "proof", "attestOnly", "privacy", "referenceString", "read", "progress", "signal"] as const;
const READ = [
    "schema", "format", "sheet", "columns", "round", "hash", "opaque", "nulls", "nanAsNull", "joint", "product", "redact", "delimiter", "quote", "header", "skip", "comment",
    "decimalComma", "dates",
] as const;

/** @internal The name of a table, and the rest as the native module reads it. */
export function notarizing(given: NotarizeOptions | undefined): { name: string | null; settings: string; call: ProgressOptions } {
    const { name, proof, attestOnly, privacy, referenceString, read, progress, signal } = checks.options(given, NOTARIZE, "notarizeDataset");
    const settings = {
        proof: checks.optionalText(proof, "proof"),
        attest_only: checks.flag(attestOnly, "attestOnly"),
        privacy: checks.optionalText(privacy, "privacy"),
        reference_string: checks.optionalText(referenceString, "referenceString"),
        reading: reading(read),
    };
    return { name: checks.optionalText(name, "name", '{ name: "patients" }'), settings: JSON.stringify(settings), call: { progress, signal } };
}

function reading(given: ReadOptions | undefined): Record<string, unknown> {
    const read = checks.options(given, READ, "read");
    return {
        schema: paths.optionalPath(read.schema, "read.schema"),
        format: checks.optionalText(read.format, "read.format"),
        sheet: checks.optionalText(read.sheet, "read.sheet"),
        columns: pins(read.columns, "columns", '{ columns: { age: "int" } }', (value) => checks.text(value, "the type of a column")),
        round: pins(read.round, "round", "{ round: { price: 2 } }", (value) => checks.count(value, "a number of digits")),
        hash: names(read.hash, "hash"),
        opaque: names(read.opaque, "opaque"),
        nulls: read.nulls === undefined ? null : list(read.nulls, "nulls").map((text) => checks.text(text, "a text of read.nulls")),
        nan_as_null: checks.flag(read.nanAsNull, "read.nanAsNull"),
        joint: pairs(read.joint, "joint"),
        product: pairs(read.product, "product"),
        redact: checks.flag(read.redact, "read.redact"),
        delimiter: checks.optionalText(read.delimiter, "read.delimiter"),
        quote: checks.optionalText(read.quote, "read.quote"),
        header: checks.flag(read.header, "read.header", true),
        skip: read.skip === undefined ? 0 : checks.count(read.skip, "read.skip"),
        comment: checks.optionalText(read.comment, "read.comment"),
        decimal_comma: checks.flag(read.decimalComma, "read.decimalComma"),
        dates: checks.optionalText(read.dates, "read.dates"),
    };
}

function list<T>(value: readonly T[], what: string): readonly T[] {
    if (!Array.isArray(value)) throw new InvalidTypeError(`read.${what} is an array, not ${checks.kindOf(value)}`);
    return value;
}

function names(value: readonly string[] | undefined, what: string): string[] {
    return value === undefined ? [] : list(value, what).map((name) => checks.text(name, `a column of read.${what}`));
}

function pins<T>(value: Readonly<Record<string, T>> | undefined, what: string, hint: string, check: (value: unknown) => T): [string, T][] {
    if (value === undefined) return [];
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
        throw new InvalidTypeError(`read.${what} is an object with names of columns, not ${checks.kindOf(value)}`, { hint });
    }
    return Object.entries(value).map(([name, of]) => [name, check(of)]);
}

function pairs(value: readonly (readonly [string, string])[] | undefined, what: string): (readonly [string, string])[] {
    return list(value ?? [], what).map((pair) => {
        if (!Array.isArray(pair) || pair.length !== 2 || pair.some((name) => typeof name !== "string")) {
            throw new InvalidTypeError(`read.${what} has pairs of names`, { hint: `{ ${what}: [["sex", "readmitted"]] }` });
        }
        return pair;
    });
}
