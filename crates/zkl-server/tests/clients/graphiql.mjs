// Asks questions with GraphiQL in a real browser: without a key, with one that is typed, and as a subscription.
//
//     KEY=TOKEN node graphiql.mjs PACKAGES BROWSER URL SCREENSHOTS
//
// It fails when anything is asked of another host, when the page's policy (CSP) was violated, when the schema is not there, when a key that
// was typed does not count, or when the page keeps it.
import { createRequire } from "node:module";
import path from "node:path";

const [packages, browserPath, url, shots] = process.argv.slice(2);
const key = process.env.KEY;
const require = createRequire(path.join(packages, "package.json"));
const { chromium } = require("playwright-core");

const problems = [];
const check = (condition, what) => condition || problems.push(what);

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
const page = await context.newPage();
page.setDefaultTimeout(30_000);
page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`the console says: ${message.text()}`);
});
page.on("pageerror", (error) => problems.push(`an error: ${error.message}`));
page.on("request", (request) => {
    const asked = request.url();
    check(asked.startsWith(`${url}/`) || asked.startsWith("data:"), `it asks ${asked}`);
});
page.on("websocket", (socket) => check(socket.url().startsWith(url.replace("http", "ws")), `it opens ${socket.url()}`));

const result = page.locator(".result-window");
const editor = page.locator(".graphiql-query-editor .CodeMirror");

/** Writes a question into the editor, as somebody does who pastes it. */
async function write(question) {
    await editor.evaluate((element, text) => element.CodeMirror.setValue(text), question);
}

async function ask(question) {
    await write(question);
    // What was typed is read when nothing was typed for a moment.
    await page.waitForTimeout(600);
    await page.locator(".graphiql-execute-button").click();
}

/** Waits until the answer is as it should be. */
async function answers(expected, what) {
    const deadline = Date.now() + 30_000;
    let text = "";
    while (Date.now() < deadline) {
        text = await result.evaluate((element) => element.querySelector(".CodeMirror")?.CodeMirror.getValue() ?? "");
        if (expected.test(text)) return;
        await page.waitForTimeout(100);
    }
    problems.push(`${what}: ${text.slice(0, 500)}`);
}

try {
    const answer = await page.goto(`${url}/graphiql`);
    const policy = answer.headers()["content-security-policy"] ?? "";
    check(policy.includes("default-src 'none'") && !policy.includes("unsafe"), `it has the policy ${policy}`);
    // The schema was asked for, and is there: introspection stays within the limits.
    await page.getByRole("button", { name: /documentation explorer/i }).first().click();
    await page.locator(".graphiql-plugin").getByText("Query", { exact: true }).first().click();
    await page.locator(".graphiql-plugin").getByText("datasets", { exact: true }).first().waitFor();
    await page.screenshot({ path: path.join(shots, "graphiql-schema.png") });

    const question = "{ datasets { nodes { name } } }";
    await ask(question);
    await answers(/urn:zkp-dataset-ledger:problem:unauthenticated/, "without a key");
    await page.getByLabel("Key or token").fill(key);
    await ask(question);
    await answers(/"demo\/penguins"/, "with a key");
    await page.screenshot({ path: path.join(shots, "graphiql-answer.png") });

    // What happens is told over a websocket, by the same key.
    const subscribed = new Promise((resolve) => {
        page.on("websocket", (socket) => {
            socket.on("framesent", (frame) => String(frame.payload).includes('"subscribe"') && resolve(true));
        });
    });
    await ask("subscription { entries { index kind datasets } }");
    const late = page.waitForTimeout(30_000).then(() => false);
    check(await Promise.race([subscribed, late]), "no subscription was sent");
    const place = `${url}/api/v1/datasets/demo%2Ftold/versions?evidence=attestation`;
    const posted = await fetch(place, { method: "POST", headers: { authorization: `Bearer ${key}` }, body: "id\n1\n" });
    check(posted.status === 202, `notarizing answers ${posted.status}`);
    await answers(/"demo\/told"/, "a subscription");
    await page.screenshot({ path: path.join(shots, "graphiql-subscription.png") });
    await page.locator(".graphiql-execute-button").click();

    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + location.href + document.cookie);
    check(!kept.includes(key) && !kept.includes(key.split("_")[2]), "it keeps the key");
    // A dialog has styles of its own, which the policy must not be in the way of.
    await page.getByRole("button", { name: /settings/i }).first().click();
    await page.getByRole("dialog").waitFor();
    await page.screenshot({ path: path.join(shots, "graphiql-settings.png") });
    console.log("graphiql: schema, question and subscription with a key that is typed");
} finally {
    await browser.close();
}
// A refusal is an answer to a question that was asked without a key.
if (problems.length > 0) {
    console.error([...new Set(problems)].join("\n"));
    process.exit(1);
}
