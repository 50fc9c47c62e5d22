// What TypeScript must accept, and what it must not.

import * as verifier from "@zkp-dataset-ledger/verify";
import { ClosedError, FalseClaimError, Ledger, LedgerError, Receipt, report, verify } from "@zkp-dataset-ledger/node";
import type { Dataset, Entry, LedgerOptions, NotarizeOptions, Notarized, Profile, Progress, ReadOptions, Verdict } from "@zkp-dataset-ledger/node";

const opened: LedgerOptions = { origin: "example.com/ml", wait: 1, readOnly: false, acceptOlderStore: true, keys: new URL("file:///var/cache/zkl") };
const read: ReadOptions = { columns: { age: "int" }, round: { price: 2 }, joint: [["sex", "smokes"]], nulls: ["none"], dates: "dmy", schema: "patients.toml", redact: true };

export async function main(signal: AbortSignal): Promise<Verdict> {
    const ledger: Ledger = await Ledger.open("my-project", opened);
    const options: NotarizeOptions = { name: "patients", read, signal, progress: ({ stage, done, total }: Progress) => `${stage} ${done} ${total}` };
    const notarized: Notarized = await ledger.notarizeDataset(new Uint8Array(3), options);
    await ledger.notarizeDataset("data.csv");
    await ledger.notarizeDataset(new URL("https://example.com/t.csv"), { attestOnly: true });
    await ledger.notarizeDataset(Buffer.from("x\n1\n"), { name: "x" });
    const dataset: Dataset = notarized;
    const profile: Profile = await dataset.profile();
    const mean: string | null | undefined = profile.columns[0]?.mean;
    const receipt: Receipt = await ledger.prove("patients", `mean(age) <= ${mean}`, { signal });
    const entries: readonly Entry[] = receipt.entries;
    const when: Date | undefined = entries[0]?.recordedAt;
    await ledger.relate("train, test = split(all)", { all: "all.csv", train: "train.csv", test: "test.csv" }, { closed: true, signal });
    await report({ claim: receipt, when: new Uint8Array(when?.getDate() ?? 0) }, { trust: null });
    try {
        await ledger.withdraw("last", "not final", { replacement: notarized.entry });
    } catch (error) {
        if (error instanceof FalseClaimError || error instanceof ClosedError) throw error;
        if (error instanceof LedgerError) console.error(error.code.toUpperCase(), error.hint ?? "");
    } finally {
        await ledger.close();
    }
    const raw: verifier.Verdict = await verifier.verify(receipt.toBytes(), { trust: ["a", "b"], require: ["pinned"] });
    const { logKey }: verifier.Inspected = await verifier.inspect(receipt.toBytes());
    // Entries and verdicts of both packages are of one type.
    const same: verifier.Verdict[] = [raw, await verify(receipt, { trust: logKey })];
    const first: Entry | undefined = (await verifier.inspect(receipt.toBytes())).entries[0];
    console.log(same.length, first?.kind);
    const both: { log: { pinned: boolean }; grounds: readonly string[] }[] = [raw, await verify(receipt, { trust: logKey })];
    console.log(both.length, raw.statements[0]?.relation?.operation);
    return await receipt.verify({ trust: ledger.logKey, require: ["pinned", "proved"] });
}

export async function refused(ledger: Ledger): Promise<void> {
    // @ts-expect-error: whom to trust is always said
    await verify("a.receipt", {});
    // @ts-expect-error: a misspelt option
    await ledger.notarizeDataset("a.csv", { attest: true });
    // @ts-expect-error: no such demand
    await verify("a.receipt", { trust: null, require: ["quickly"] });
    // @ts-expect-error: a number is no table
    await ledger.notarizeDataset(7);
    // @ts-expect-error: the text of a file is no receipt here
    await verifier.verify("a.receipt", { trust: null });
    // @ts-expect-error: a dataset is got from a ledger
    ledger.dataset(7);
}
