// Walks the explorer in a real browser: every page that a link leads to, in light and dark, with and without JavaScript, wide and narrow.
//
//     node explorer.mjs PACKAGES BROWSER URL RECEIPTS SCREENSHOTS
//
// It fails when anything is asked of another host, when the page's policy (CSP) was violated, when a page is not as axe wants pages to be
// (WCAG 2.1 A and AA, contrast included), or when something is wider than a narrow screen.
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import path from "node:path";

const [packages, browserPath, url, receipts, shots] = process.argv.slice(2);
const require = createRequire(path.join(packages, "package.json"));
const { chromium } = require("playwright-core");
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

const problems = [];
const complain = (where, what) => problems.push(`${where}: ${what}`);
const check = (where, condition, what) => condition || complain(where, what);

// Pages that are there whatever links lead to, and what a wrong address shows.
const start = ["/explore", "/explore/verify"];
const errors = { "/explore/entries/9999": 404, "/explore/datasets/no%2Fsuch": 404, "/explore/entries?limit=0": 400 };

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-gpu"] });

async function open(mode) {
    const context = await browser.newContext({
        colorScheme: mode.scheme,
        javaScriptEnabled: mode.scripts,
        viewport: mode.viewport,
        acceptDownloads: true,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const where = () => `${mode.name} ${page.url()}`;
    // Violations of the policy are told on the console, with and without JavaScript.
    page.on("console", (message) => {
        // That a page answers 404 is told there, too, and is checked where it is expected.
        const expected = /the server responded with a status of 4\d\d/.test(message.text());
        if (["error", "warning"].includes(message.type()) && !expected) complain(where(), message.text());
    });
    page.on("pageerror", (error) => complain(where(), error.message));
    page.on("request", (request) => check(where(), request.url().startsWith(`${url}/`), `asks ${request.url()}`));
    page.on("requestfailed", (request) => {
        // A download is no page that failed.
        if (request.failure()?.errorText !== "net::ERR_ABORTED") complain(where(), `${request.url()} failed`);
    });
    return { context, page, where };
}

async function visit(page, address, status = 200) {
    const answer = await page.goto(url + address);
    check(address, answer.status() === status, `answers ${answer.status()}, not ${status}`);
    const policy = answer.headers()["content-security-policy"] ?? "";
    check(address, policy.includes("default-src 'none'") && !policy.includes("unsafe"), `has the policy ${policy}`);
}

async function inspect(page, mode, where) {
    check(where, (await page.title()) !== "", "has no title");
    check(where, (await page.locator("h1").count()) === 1, "has not one heading");
    check(where, (await page.locator("script").count()) === 0, "has scripts");
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const [red, green, blue] = background.match(/\d+/g).map(Number);
    check(where, mode.scheme === "dark" ? red + green + blue < 200 : red + green + blue > 600, `is ${background} in ${mode.scheme}`);
    const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    check(where, content <= screen, `is ${content} wide on a screen of ${screen}`);
    // It waits by timers, which do not run without scripts.
    if (!mode.scripts) return;
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }));
    for (const violation of found.violations) {
        complain(where, `${violation.id}: ${violation.nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
    }
}

// The pages that links lead to, each once.
async function walk(mode) {
    const { context, page, where } = await open(mode);
    const seen = new Set(start);
    for (const address of seen) {
        await visit(page, address);
        await inspect(page, mode, where());
        const links = await page.locator("a[href]").evaluateAll((anchors) => anchors.map((anchor) => [anchor.href, anchor.hasAttribute("download")]));
        for (const [link, isDownload] of links) {
            const target = new URL(link);
            check(where(), target.origin === url, `leads to ${link}`);
            if (target.pathname.startsWith("/explore") && !isDownload) seen.add(target.pathname + target.search);
        }
        const name = address.replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "");
        await page.screenshot({ path: path.join(shots, `${mode.name}-${name}.png`), fullPage: true });
    }
    for (const [address, status] of Object.entries(errors)) {
        await visit(page, address, status);
        await inspect(page, mode, where());
    }
    check(mode.name, seen.size >= 9, `only ${seen.size} pages were found`);
    // The receipt is downloaded by its link, under a name that says what it is.
    await visit(page, "/explore/entries/0");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "receipt", exact: true }).click()]);
    check(where(), download.suggestedFilename() === "entry-0.receipt", `downloads ${download.suggestedFilename()}`);
    // So is the report, which stands alone.
    await visit(page, "/explore/entries/0");
    const [report] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "A report" }).click()]);
    const written = await readFile(await report.path(), "utf8");
    check(where(), report.suggestedFilename() === "report.html" && written.includes("What these receipts show"), "writes no report");
    // By keyboard alone.
    await visit(page, "/explore");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/explore/entries");
    await context.close();
    return seen.size;
}

// A receipt is chosen or dropped, and verified.
async function verify(mode, file, expected, how) {
    const { context, page, where } = await open(mode);
    await visit(page, "/explore/verify");
    const input = page.locator("input[type=file]");
    if (how === "dropped") {
        const box = await input.boundingBox();
        const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
        const session = await context.newCDPSession(page);
        const data = { items: [], files: [path.join(receipts, file)], dragOperationsMask: 1 };
        for (const type of ["dragEnter", "dragOver", "drop"]) {
            await session.send("Input.dispatchDragEvent", { type, x, y, data });
        }
    } else {
        await input.setInputFiles(path.join(receipts, file));
    }
    const count = await input.evaluate((element) => element.files.length);
    check(where(), count === 1, `holds ${count} files after one was ${how}`);
    await page.getByRole("button", { name: "Verify" }).click();
    await page.waitForLoadState();
    const text = await page.locator("main").innerText();
    check(where(), expected.test(text), `says of ${file}: ${text.slice(0, 300)}`);
    await inspect(page, mode, where());
    await page.screenshot({ path: path.join(shots, `${mode.name}-verify-${file}-${how}.png`), fullPage: true });
    await context.close();
}

const wide = { width: 1280, height: 900 };
const narrow = { width: 360, height: 740 };
const modes = [
    { name: "light", scheme: "light", scripts: true, viewport: wide },
    { name: "dark", scheme: "dark", scripts: true, viewport: wide },
    { name: "light-narrow", scheme: "light", scripts: true, viewport: narrow },
    { name: "dark-without-scripts", scheme: "dark", scripts: false, viewport: narrow },
];
try {
    let pages = 0;
    for (const mode of modes) {
        pages += await walk(mode);
        for (const [file, expected] of [["good.receipt", /valid/i], ["dev.receipt", /forge|test/i], ["bad.receipt", /not valid|invalid/i]]) {
            await verify(mode, file, expected, "chosen");
        }
        await verify(mode, "good.receipt", /valid/i, "dropped");
    }
    console.log(`explorer: ${pages} pages in ${modes.length} ways, ${modes.length * 4} receipts verified`);
} finally {
    await browser.close();
}
if (problems.length > 0) {
    console.error([...new Set(problems)].join("\n"));
    process.exit(1);
}
