// The page that verifies receipts without a network.

import initialize, { Verifier } from "./zkl_wasm.js";

/** Longest receipt that is read, in bytes: longer ones are refused anyway. */
const MAX_RECEIPT = 64 << 20;
/** Longest file of keys, in characters. */
const MAX_KEYS = 1 << 20;

interface Given {
    name: string;
    data: Uint8Array;
}

function element<T extends HTMLElement>(id: string): T {
    const found = document.getElementById(id);
    if (found === null) throw new Error(`the page has no ${id}`);
    return found as T;
}

const keys = element<HTMLTextAreaElement>("keys");
const policy = element<HTMLTextAreaElement>("policy");
const problem = element("keys-problem");
const status = element("status");
const verdicts = element("verdicts");
const demands = [...document.querySelectorAll<HTMLInputElement>("input[name=require]")];
const receipts: Given[] = [];
let isReady = false;

/** Lines that say something. */
function lines(text: string): string[] {
    return text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

async function load(): Promise<void> {
    const packed = Uint8Array.from(atob(element("verifier").textContent ?? ""), (char) => char.charCodeAt(0));
    const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    await initialize({ module_or_path: await new Response(unpacked).arrayBuffer() });
    isReady = true;
}

function says(tag: string, text: string, kind = ""): HTMLElement {
    const made = document.createElement(tag);
    made.textContent = text;
    made.className = kind;
    return made;
}

function message(error: unknown): string {
    const { message, hint } = error as { message?: string; hint?: string };
    return `${message ?? String(error)}${hint === undefined ? "" : `: ${hint}`}`;
}

/** One receipt, and whether it is all that was demanded. */
function verdict(verifier: Verifier, { name, data }: Given, trusted: number): { shown: HTMLElement; good: boolean } {
    const shown = document.createElement("article");
    const require = demands.filter((demand) => demand.checked).map((demand) => demand.value);
    let good = false;
    try {
        good = verifier.verify(data, require).verdict === "valid";
    } catch (error) {
        // What is not valid is said below; what was demanded is known here alone.
        if ((error as { kind?: string }).kind === "not-as-required") shown.append(says("p", `Not all that you demand: ${message(error)}.`, "warning"));
    }
    // Text of strangers is escaped where this is made, and this page runs one script.
    const section = document.createElement("div");
    section.innerHTML = verifier.section(name, data);
    if (good && trusted === 0) shown.append(says("p", "You named no log: anybody may have made the one of this receipt.", "warning"));
    shown.append(section);
    return { shown, good };
}

function verify(): void {
    if (!isReady) return;
    const trusted = lines(keys.value);
    let verifier: Verifier | undefined;
    problem.hidden = true;
    try {
        verifier = new Verifier(trusted, policy.value.trim() === "" ? undefined : policy.value);
    } catch (error) {
        problem.textContent = `Nothing was verified: ${message(error)}`;
        problem.hidden = false;
    }
    if (verifier === undefined) {
        verdicts.replaceChildren();
        status.textContent = "";
        return;
    }
    const using = verifier;
    const found = receipts.map((receipt) => verdict(using, receipt, trusted.length));
    verifier.free();
    verdicts.replaceChildren(...found.map(({ shown }) => shown));
    const good = found.filter((one) => one.good).length;
    status.textContent = found.length === 0 ? "Ready." : `${good} of ${found.length} ${found.length === 1 ? "receipt is" : "receipts are"} valid${demands.some((demand) => demand.checked) ? " and all that you demand" : ""}.`;
}

async function take(files: Iterable<File>): Promise<void> {
    for (const file of files) {
        if (file.size > MAX_RECEIPT) {
            status.textContent = `${file.name} is too long to be a receipt.`;
            continue;
        }
        const data = new Uint8Array(await file.arrayBuffer());
        const before = receipts.findIndex(({ name }) => name === file.name);
        if (before >= 0) receipts.splice(before, 1);
        receipts.unshift({ name: file.name, data });
    }
    verify();
}

async function takeKeys(files: Iterable<File>): Promise<void> {
    for (const file of files) {
        const text = await file.slice(0, MAX_KEYS).text();
        keys.value = [keys.value.trim(), text.trim()].filter((part) => part !== "").join("\n");
    }
    verify();
}

async function guarded(act: Promise<void>): Promise<void> {
    try {
        await act;
    } catch (error) {
        status.textContent = `That did not work: ${message(error)}`;
    }
}

let timer: ReturnType<typeof setTimeout> | undefined;
for (const field of [keys, policy]) {
    field.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(verify, 300);
    });
}
for (const demand of demands) demand.addEventListener("change", verify);
element("form").addEventListener("submit", (event) => event.preventDefault());
for (const [id, taken] of [["receipts", take], ["keys-file", takeKeys]] as const) {
    const input = element<HTMLInputElement>(id);
    input.addEventListener("change", () => {
        const files = [...(input.files ?? [])];
        // The same file may be chosen again after it was changed.
        input.value = "";
        void guarded(taken(files));
    });
}

// Receipts are dropped anywhere, keys on their part of the page.
const trusted = element("trusted");
const isOnKeys = (event: DragEvent): boolean => event.target instanceof Node && trusted.contains(event.target);
function mark(event?: DragEvent): void {
    trusted.classList.toggle("over", event !== undefined && isOnKeys(event));
    element("given").classList.toggle("over", event !== undefined && !isOnKeys(event));
}
document.addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(event);
});
document.addEventListener("dragleave", () => mark());
document.addEventListener("drop", (event) => {
    event.preventDefault();
    mark();
    const files = [...(event.dataTransfer?.files ?? [])];
    void guarded(isOnKeys(event) ? takeKeys(files) : take(files));
});

void guarded(load().then(verify));
