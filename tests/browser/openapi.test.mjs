// Is the document sound by a validator that is not ours, and does the server keep what it says?
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { requests, send } from "./constraints.mjs";
import { start } from "./server.mjs";

// For another app: TENSORGATE_BASE is where it serves, TENSORGATE_KEYS its keys by scheme, as JSON.
const keys = JSON.parse(process.env.TENSORGATE_KEYS ?? '{"api_key":"open sesame"}');
const others = process.env.TENSORGATE_BASE;
let server, document;

before(async () => {
  server = others ? { base: others, stop: async () => {} } : await start();
  document = await (await fetch(`${server.base}/openapi.json`)).json();
});
after(() => server.stop());

test("the document is sound OpenAPI 3.1", async () => {
  assert.match(document.openapi, /^3\.1\./);
  const validator = new Validator();
  const said = await validator.validate(structuredClone(document));
  assert.ok(said.valid, JSON.stringify(said.errors, null, 1));
  assert.equal(validator.version, "3.1");
  assert.doesNotThrow(() => validator.resolveRefs());
});

test("every operation has an identifier of its own and names its path values", () => {
  const seen = new Set();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const operation of Object.values(item)) {
      assert.ok(!seen.has(operation.operationId), operation.operationId);
      seen.add(operation.operationId);
      const named = [...path.matchAll(/\{([^}]*)\}/g)].map((one) => one[1]).sort();
      const told = (operation.parameters ?? []).filter((one) => one.in === "path").map((one) => one.name).sort();
      assert.deepEqual(told, named, path);
    }
  }
});

test("one request at, and one past, every constraint is answered as documented", async () => {
  let count = 0;
  for (const one of requests(document, keys)) {
    const said = await send(server.base, one);
    const where = `${one.about}\n${said.url}\n${one.body ?? ""}\n${said.status} ${said.text.slice(0, 400)}`;
    assert.ok(one.operation.responses[said.status], `a status that is not listed: ${where}`);
    if (one.status) assert.equal(said.status, one.status, where);
    else if (one.past && others) assert.ok(said.status === 422 || said.status === 400, where);
    else if (one.past) assert.equal(said.status, 422, where);
    else if (others) assert.ok(said.status < 400 || said.status === 404 || said.status === 403, where);
    else assert.ok(said.status >= 200 && said.status < 300, where);
    if (said.status >= 400 && !others) assert.equal(typeof JSON.parse(said.text).error.code, "string", where);
    const media = Object.keys(one.operation.responses[said.status].content ?? {})[0];
    if (media) assert.equal((said.headers.get("content-type") ?? "").split(";")[0], media, where);
    ++count;
  }
  console.log(`${count} requests`);
  assert.ok(count > (others ? 0 : 80), `${count} requests`);
});
