// Does the page at /docs say all without its script, and can each operation be tried with it?
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { start } from "./server.mjs";

const run = promisify(execFile);
let server, browser;

before(async () => {
  server = await start();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

// A page that fails the test when it asks another host, breaks its policy or throws.
const open = async (options = {}) => {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const problems = [];
  page.on("console", (said) => { if (said.type() === "error" && !/status of 4\d\d/.test(said.text())) problems.push(said.text()); });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (one) => { if (new URL(one.url()).origin !== server.base) problems.push(one.url()); });
  const reply = await page.goto(`${server.base}/docs`);
  assert.equal(reply.status(), 200);
  return { page, close: async () => { await context.close(); assert.deepEqual(problems, []); } };
};
const answered = (form) => form.locator(".status").filter({ hasNotText: "waiting" });

test("without its script the page shows operations, parameters, schemas and statuses", async () => {
  const { page, close } = await open({ javaScriptEnabled: false });
  assert.equal(await page.locator("article").count(), 7);
  assert.equal(await page.locator("form:visible").count(), 0);
  const text = await page.locator("#get_positions").innerText();
  for (const words of ["/positions", "Lists what fits", "api_key", "limit", "integer, 1 to 100, default 10", "rows in an answer", "401", "422", "required"]) {
    assert.ok(text.includes(words), words);
  }
  assert.ok((await page.locator("#post_orders pre").first().innerText()).includes('"leverage"'));
  assert.equal(await page.title(), "Sample <app>");
  await page.locator("nav a", { hasText: "/orders" }).click();
  assert.ok(page.url().endsWith("#post_orders"));
  await close();
});

test("a path value and a key are filled in, sent, and the answer is shown", async () => {
  const { page, close } = await open();
  const form = page.locator("#get_positions_id form");
  await form.getByLabel("id", { exact: true }).fill("miner 7");
  await form.getByRole("button", { name: "Send" }).click();
  await answered(form).waitFor();
  assert.match(await form.locator(".status").innerText(), /^401/);
  await page.getByLabel("X-API-Key").fill("open sesame");
  await form.getByLabel("id", { exact: true }).fill("miner 7 é");
  await form.getByRole("button", { name: "Send" }).click();
  await form.locator(".status.good").waitFor();
  assert.equal(await form.locator(".status").innerText(), "200 OK");
  assert.deepEqual(JSON.parse(await form.locator(".text").innerText()), { account: "miner 7 é", legs: 0, by: "ada" });
  assert.match(await form.locator(".time").innerText(), /^\d+\.\d ms, \d+ bytes$/);
  await form.getByText("Fields").click();
  assert.match(await form.locator(".head").innerText(), /content-type: application\/json/);
  await close();
});

test("a body starts from an example, is sent, and the command line does the same", async () => {
  const { page, close } = await open();
  await page.getByLabel("X-API-Key").fill("open sesame");
  const form = page.locator("#post_orders form");
  const given = JSON.parse(await form.getByLabel("body", { exact: true }).inputValue());
  assert.ok("account" in given && Array.isArray(given.legs));
  await form.getByLabel("body", { exact: true }).fill(JSON.stringify({ account: "o'brien", legs: [{ symbol: "BTC" }, { symbol: "ETH", lots: 2 }] }));
  await form.getByRole("button", { name: "Send" }).click();
  await form.locator(".status.good").waitFor();
  assert.deepEqual(JSON.parse(await form.locator(".text").innerText()), { account: "o'brien", legs: 2, by: "ada" });
  const line = await form.locator(".curl").innerText();
  const { stdout } = await run("sh", ["-c", line]);
  assert.match(stdout, /^HTTP\/1\.1 200 OK/);
  assert.ok(stdout.endsWith('{"account":"o\'brien","legs":2,"by":"ada"}'));
  await form.getByRole("button", { name: "Copy" }).click();
  await form.locator(".copied").filter({ hasText: /./ }).waitFor();
  await form.getByLabel("body", { exact: true }).fill("{");
  await form.getByRole("button", { name: "Send" }).click();
  await form.locator(".status").filter({ hasText: "400" }).waitFor();
  await close();
});

test("queries, lists and catch-alls reach the server as they were typed", async () => {
  const { page, close } = await open();
  await page.getByLabel("X-API-Key").fill("open sesame");
  const list = page.locator("#get_positions form");
  await list.getByLabel("note").fill("a+b &");
  await list.getByLabel("sides").fill("buy,sell");
  await list.getByRole("button", { name: "Send" }).click();
  await list.locator(".status.good").waitFor();
  assert.deepEqual(JSON.parse(await list.locator(".text").innerText()), { account: "a+b &", legs: 2, by: "ada" });
  const files = page.locator("#get_files_path form");
  await files.getByLabel("path").fill("a b/ü/c?.txt");
  await files.getByRole("button", { name: "Send" }).click();
  await files.locator(".status.good").waitFor();
  assert.equal(JSON.parse(await files.locator(".text").innerText()), "a b/ü/c?.txt");
  const ticks = page.locator("#get_ticks form");
  await ticks.getByRole("button", { name: "Send" }).click();
  await ticks.locator(".status.good").waitFor();
  await ticks.locator(".text").filter({ hasText: "data: 2" }).waitFor();
  await close();
});

test("the keyboard is enough, and every control has a name", async () => {
  const { page, close } = await open();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "To the operations");
  await page.locator("#get_pages_number_which form").getByLabel("number").focus();
  await page.keyboard.type("7");
  await page.keyboard.press("Tab");
  await page.keyboard.type("sell");
  await page.keyboard.press("Enter");
  const form = page.locator("#get_pages_number_which form");
  await form.locator(".status.good").waitFor();
  assert.equal(await form.locator(".text").innerText(), "7 sell");
  const nameless = await page.evaluate(() => Array.from(document.querySelectorAll("input,textarea,button")).filter((one) =>
    !(one.labels && one.labels.length) && !one.textContent.trim() && !one.getAttribute("aria-label")).length);
  assert.equal(nameless, 0);
  const twice = await page.evaluate(() => { const ids = Array.from(document.querySelectorAll("[id]"), (one) => one.id); return ids.length - new Set(ids).size; });
  assert.equal(twice, 0);
  await close();
});

test("the list of operations is searched", async () => {
  const { page, close } = await open();
  await page.getByLabel("Find").fill("orders");
  assert.deepEqual(await page.locator("nav li:visible").allInnerTexts(), ["POST\n/orders"]);
  await close();
});

test("it fits a phone, and is dark where darkness is asked for", async () => {
  const { page, close } = await open({ viewport: { width: 360, height: 740 } });
  const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
  assert.ok(wide <= 360, `${wide} pixels`);
  await page.emulateMedia({ colorScheme: "light" });
  const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const brightness = (colour) => colour.match(/\d+/g).slice(0, 3).reduce((sum, one) => sum + Number(one), 0);
  assert.ok(brightness(light) > 600 && brightness(dark) < 150, `${light} ${dark}`);
  if (process.env.TENSORGATE_SCREENSHOTS) await page.screenshot({ path: `${process.env.TENSORGATE_SCREENSHOTS}/phone-dark.png` });
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
  if (process.env.TENSORGATE_SCREENSHOTS) await page.screenshot({ path: `${process.env.TENSORGATE_SCREENSHOTS}/wide-light.png` });
  await close();
});
