// The page of one file in a real browser, from the disk and without a network: receipts chosen and dropped, keys pasted and dropped, light, dark, narrow. Then the
// example of docs/node.md, from a server on the loopback interface.
//
//     node page.mjs TOOLS BROWSER PACKAGES ROOT WORK SCREENSHOTS
//
// It fails when anything is asked of a network, when the page's policy (CSP) was violated, when a page is not as axe wants pages to be (WCAG 2.1 A and AA, contrast
// included), or when something is wider than a narrow screen.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [tools, browserPath, packages, root, work, shots] = process.argv.slice(2);
const require = createRequire(path.join(tools, "package.json"));
const { chromium } = require("playwright-core");
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

const LOG = "example.com/fixtures+3fedaab5+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";
const fixture = (name) => path.join(root, "crates/zkl-ledger/tests/fixtures", name);
const problems = [];
const complain = (where, what) => problems.push(`${where}: ${what}`);
const check = (where, condition, what) => condition || complain(where, what);

// What is dropped has names that say what it is.
const files = { good: fixture("v5/claims.receipt"), dev: fixture("v2/claim.receipt"), bad: path.join(work, "bad.receipt"), keys: path.join(work, "keys.txt"), evil: path.join(work, "<img src=x onerror=alert(1)>.receipt") };
const good = await readFile(files.good, "utf8");
await writeFile(files.bad, good.replace(/"index": \d+/, '"index": 7'));
await writeFile(files.evil, good);
await writeFile(files.keys, `# of the fixtures\n${LOG}\n`);
const page1 = await readFile(path.join(packages, "verify.html"), "utf8");
check("page", (await readFile(files.bad, "utf8")) !== good, "the receipt was not damaged");
check("page", !/\b(?:src|href)=|@import|url\(/.test(page1.replace(/<script[^]*?<\/script>/g, "")), "names something outside of it");

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-gpu"] });

async function open(mode, address, allowed) {
    const context = await browser.newContext({ colorScheme: mode.scheme, viewport: mode.viewport, offline: mode.offline ?? false });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const where = `${mode.name} ${path.basename(new URL(address).pathname)}`;
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && complain(where, message.text()));
    page.on("pageerror", (error) => complain(where, error.message));
    page.on("dialog", (dialog) => {
        complain(where, `opens a dialog: ${dialog.message()}`);
        void dialog.dismiss();
    });
    page.on("request", (request) => check(where, allowed(request.url()), `asks ${request.url()}`));
    await page.goto(address);
    return { context, page, where };
}

async function inspect(page, mode, where) {
    check(where, (await page.locator("h1").count()) === 1, "has not one heading");
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const [red, green, blue] = background.match(/\d+/g).map(Number);
    check(where, mode.scheme === "dark" ? red + green + blue < 200 : red + green + blue > 600, `is ${background} in ${mode.scheme}`);
    const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    check(where, content <= screen, `is ${content} wide on a screen of ${screen}`);
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }));
    for (const violation of found.violations) complain(where, `${violation.id}: ${violation.nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
}

async function drop(context, page, target, dropped) {
    await target.scrollIntoViewIfNeeded();
    const box = await target.boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const session = await context.newCDPSession(page);
    const data = { items: [], files: dropped, dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"]) await session.send("Input.dispatchDragEvent", { type, x, y, data });
}

/** Waits for a verdict that says this. */
async function says(page, where, expected) {
    try {
        await page.waitForFunction(([source, flags]) => new RegExp(source, flags).test(document.querySelector("main").innerText), [expected.source, expected.flags], { timeout: 30_000 });
    } catch {
        complain(where, `does not say ${expected}: ${(await page.locator("main").innerText()).slice(0, 1500)}`);
    }
}

async function walk(mode) {
    const address = pathToFileURL(path.join(packages, "verify.html")).href;
    const { context, page, where } = await open(mode, address, (url) => url === address);
    const receipts = page.getByLabel("Choose files, or drop them anywhere");
    const keys = page.getByLabel("Keys of logs");
    await says(page, where, /Ready\./);
    await inspect(page, mode, where);
    // Nobody is trusted yet.
    await receipts.setInputFiles(files.good);
    await says(page, where, /1 of 1 receipt is valid[^]*anybody may have made/);
    // No key, then the key.
    await keys.fill("no key");
    await says(page, where, /Nothing was verified: expected a log key/);
    await keys.fill(LOG);
    await says(page, where, /1 of 1 receipt is valid/);
    check(where, !/anybody may have made the one/.test(await page.locator("main").innerText()), "warns of a log that is trusted");
    await page.screenshot({ path: path.join(shots, `${mode.name}-valid.png`), fullPage: true });
    await inspect(page, mode, where);
    // What does not hold is said in words.
    await receipts.setInputFiles([files.bad, files.dev]);
    await says(page, where, /1 of 3 receipts are valid/);
    await says(page, where, /not valid[^]*It shows nothing/);
    await says(page, where, /forgeable/);
    await page.screenshot({ path: path.join(shots, `${mode.name}-three.png`), fullPage: true });
    await inspect(page, mode, where);
    // Demands.
    await page.getByText("A policy of witnesses, and what to demand").click();
    await page.getByLabel("a quorum of the policy").check();
    await says(page, where, /0 of 3 receipts are valid and all that you demand/);
    await says(page, where, /Not all that you demand: not cosigned/);
    await page.getByLabel("a quorum of the policy").uncheck();
    await page.getByLabel("every table was proved over every row").check();
    await page.getByLabel("the log is one that you trust").check();
    await says(page, where, /1 of 3 receipts are valid and all that you demand/);
    await context.close();

    // Dropped: keys on their part, receipts anywhere; a name of a stranger stays text.
    const again = await open(mode, address, (url) => url === address);
    await says(again.page, where, /Ready\./);
    await drop(again.context, again.page, again.page.locator("#keys"), [files.keys]);
    await drop(again.context, again.page, again.page.locator("h1"), [files.evil]);
    await says(again.page, where, /1 of 1 receipt is valid/);
    check(where, (await again.page.locator("#keys").inputValue()).includes(LOG), "does not take dropped keys");
    check(where, (await again.page.locator("img").count()) === 0, "makes an element of a name");
    check(where, (await again.page.locator("main").innerText()).includes("<img src=x"), "does not show the name");
    await again.context.close();
}

/** The page of docs/node.md, with the package where it says. */
async function example() {
    const text = await readFile(path.join(root, "docs/node.md"), "utf8");
    const [, html] = /^```html\n([^]*?)^```$/m.exec(text);
    const types = { ".js": "text/javascript", ".wasm": "application/wasm" };
    const server = createServer(async (request, response) => {
        const { pathname } = new URL(request.url, "http://localhost");
        try {
            const inside = /^\/verify\/dist\/[a-z.]+$/.test(pathname);
            const body = inside ? await readFile(path.join(packages, pathname)) : pathname === "/" ? html : undefined;
            response.writeHead(body === undefined ? 204 : 200, { "content-type": types[path.extname(pathname)] ?? "text/html" });
            response.end(body);
        } catch {
            response.writeHead(404).end();
        }
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${server.address().port}/`;
    try {
        const { context, page, where } = await open(modes[0], url, (asked) => asked.startsWith(url));
        const shown = async (file, expected) => {
            await page.getByLabel("Receipt").setInputFiles(file);
            await page.waitForFunction((text) => document.querySelector("output").textContent === text, expected, { timeout: 30_000 }).catch(async () => {
                complain(`${where} example`, `shows ${await page.locator("output").textContent()}, not ${expected}`);
            });
        };
        await shown(files.good, "mean(age) between 25 and 30");
        await shown(files.bad, "not-valid");
        await shown(files.dev, "forgeable");
        await context.close();
    } finally {
        server.close();
    }
}

const wide = { width: 1280, height: 900 };
const narrow = { width: 360, height: 740 };
const modes = [
    { name: "light", scheme: "light", viewport: wide, offline: false },
    { name: "dark", scheme: "dark", viewport: wide, offline: true },
    { name: "dark-narrow", scheme: "dark", viewport: narrow, offline: true },
];
try {
    for (const mode of modes) await walk(mode);
    await example();
} finally {
    await browser.close();
}
if (problems.length > 0) {
    console.error([...new Set(problems)].join("\n"));
    process.exit(1);
}
console.log(`verify.html: ${page1.length} bytes, walked in ${modes.length} ways; the example of docs/node.md works`);
