// What the tests share: one table, places that are gone afterwards, and where the project is.

import { readFileSync, rmSync } from "node:fs";
import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

export const CSV = Buffer.from("age,sex,weight,smokes\n34,f,61.5,no\n58,m,80,yes\n41,f,,no\n29,m,77.25,no\n");
export const CLAIM = "mean(age) between 30 and 60";
export const ATTESTED = { name: "patients", attestOnly: true };

/** The project, whose fixtures are receipts of every format. */
export const ROOT = process.env.ZKL_ROOT;
export const fixture = (name) => path.join(ROOT, "crates/zkl-ledger/tests/fixtures", name);
/** The key of the log of the fixtures before v6. */
export const FIXTURE_LOG = "example.com/fixtures+3fedaab5+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";

/** A new directory, which is gone after the process. */
export async function directory() {
    const made = await mkdtemp(path.join(tmpdir(), "zkl-node-"));
    process.on("exit", () => rmSync(made, { recursive: true, force: true }));
    return made;
}

/** Secrets that a ledger in a directory keeps. */
export async function openings(place) {
    return (await readdir(path.join(place, "openings")).catch(() => [])).sort();
}

/** What a promise is rejected with. */
export async function failure(promise) {
    try {
        await promise;
    } catch (error) {
        return error;
    }
    throw new Error("nothing was thrown");
}

/** The fields that an interface of verdict.d.ts has, those of what it extends included. */
export function fields(name) {
    const types = readFileSync(path.join(ROOT, "bindings/common/js/verdict.d.ts"), "utf8");
    const [, base, body] = new RegExp(`interface ${name}(?: extends Partial<(\\w+)>)? \\{\\n(.*?)\\n\\}`, "s").exec(types);
    const own = [...body.matchAll(/^    (\w+)\??:/gm)].map(([, field]) => field);
    return new Set([...own, ...(base === undefined ? [] : fields(base))]);
}
