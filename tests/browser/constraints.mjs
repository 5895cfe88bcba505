// From an OpenAPI document: one request at, and one past, every constraint of every operation.
// A request is { operation, about, method, path, query: [[name, text]], fields, body, past }.

const resolve = (document, schema) => {
  if (!schema.$ref) return schema;
  const { $ref, ...more } = schema;
  const found = $ref.split("/").slice(1).reduce((at, name) => at[name.replaceAll("~1", "/").replaceAll("~0", "~")], document);
  return { ...resolve(document, found), ...more };
};

// A text of `length` characters that a simple pattern of classes and repetitions matches.
const matching = (pattern, length) => {
  const bare = pattern.replace(/^\^/, "").replace(/\$$/, "").replace(/^\(\?:(.*)\)$/, "$1");
  let text = "";
  for (const [, atom, repeat] of bare.matchAll(/(\[[^\]]*\]|\\.|\([^)]*\)|.)(\{\d+(?:,\d*)?\}|[*+?])?/g)) {
    const least = !repeat ? 1 : repeat === "+" ? 1 : repeat === "*" || repeat === "?" ? 0 : Number(/\d+/.exec(repeat)[0]);
    const group = /^\((?:\?:)?([^|)]*)/.exec(atom);
    const candidates = group ? [group[1]] : "A0azZ9._- B1bFf".split("");
    const one = candidates.find((c) => group || new RegExp(`^${atom}$`).test(c)) ?? "";
    text += one.repeat(Math.max(least, repeat ? Math.min(length || least, 64) : 1) || (repeat ? 0 : 1));
  }
  const fits = new RegExp(pattern);
  while (text.length && !fits.test(text)) text = text.slice(0, -1);
  return text;
};
const notMatching = (pattern) => ["", " ", "!", "é", "\u0001"].find((text) => !new RegExp(pattern).test(text));

// A value that keeps every rule.
const sample = (document, schema) => {
  const s = resolve(document, schema);
  if (s.const !== undefined) return s.const;
  if (s.enum) return s.enum[0];
  if (s.anyOf) return sample(document, s.anyOf[0]);
  if (s.prefixItems) return s.prefixItems.map((one) => sample(document, one));
  switch (s.type) {
    case "object": return Object.fromEntries((s.required ?? []).map((name) => [name, sample(document, s.properties?.[name] ?? {})]));
    case "array": return Array.from({ length: s.minItems ?? 0 }, () => sample(document, s.items ?? {}));
    case "integer": return s.minimum ?? Math.min(1, s.maximum ?? 1);
    case "number": return s.minimum ?? Math.min(1, s.maximum ?? 1);
    case "boolean": return true;
    case "string": return s.pattern ? matching(s.pattern, s.minLength) : "x".repeat(Math.max(s.minLength ?? 0, 1));
    default: return "x";
  }
};

// Values at and past each rule of a schema, by what they show. `asText`: the value travels in a path or query.
const bounds = (document, schema, asText) => {
  const s = resolve(document, schema);
  const at = [], past = [];
  const step = s.type === "integer" ? 1 : 0.0009765625;
  if (s.minimum !== undefined) { at.push(["minimum", s.minimum]); past.push(["minimum", s.minimum - step]); }
  if (s.maximum !== undefined) { at.push(["maximum", s.maximum]); past.push(["maximum", s.maximum + step]); }
  if (s.enum) { for (const one of s.enum) at.push(["enum", one]); past.push(["enum", "no-such-value"]); }
  if (s.type === "string") {
    const text = (length) => s.pattern ? matching(s.pattern, length) : "é".repeat(length);
    if (s.minLength !== undefined) at.push(["minLength", text(s.minLength)]);
    if (s.maxLength !== undefined) { at.push(["maxLength", text(s.maxLength)]); past.push(["maxLength", "x".repeat(s.maxLength + 1)]); }
    if (s.minLength) past.push(["minLength", "x".repeat(s.minLength - 1)]);
    if (s.pattern) { at.push(["pattern", matching(s.pattern)]); if (notMatching(s.pattern) !== undefined) past.push(["pattern", notMatching(s.pattern)]); }
  }
  if (s.type === "array") {
    const list = (length) => Array.from({ length }, () => sample(document, s.items ?? {}));
    if (s.minItems !== undefined) { at.push(["minItems", list(s.minItems)]); if (s.minItems > 0) past.push(["minItems", list(s.minItems - 1)]); }
    if (s.maxItems !== undefined) { at.push(["maxItems", list(s.maxItems)]); past.push(["maxItems", list(s.maxItems + 1)]); }
  }
  const wrong = { integer: "1.5", number: "one", boolean: "maybe" }[s.type];
  if (asText && wrong !== undefined) past.push(["type", wrong]);
  if (!asText && s.type) past.push(["type", s.type === "string" ? 7 : "seven"]);
  return { at, past };
};

const set = (target, path, value) => {
  const copy = structuredClone(target);
  if (path.length === 0) return value;
  path.slice(0, -1).reduce((at, key) => at[key], copy)[path.at(-1)] = value;
  return copy;
};
const without = (target, path) => {
  const copy = structuredClone(target);
  delete path.slice(0, -1).reduce((at, key) => at[key], copy)[path.at(-1)];
  return copy;
};

// Every rule inside a body, each broken by itself.
function* bodies(document, schema, whole, path = [], depth = 0) {
  const s = resolve(document, schema);
  const { at, past } = bounds(document, s, false);
  for (const [rule, value] of at) yield [`${rule} at /${path.join("/")}`, set(whole, path, value), false];
  for (const [rule, value] of past) yield [`${rule} at /${path.join("/")}`, set(whole, path, value), true];
  if (depth > 4) return;
  for (const name of s.required ?? []) yield [`required at /${[...path, name].join("/")}`, without(whole, [...path, name]), true];
  if (s.additionalProperties === false) yield [`additionalProperties at /${path.join("/")}`, set(whole, [...path, "no-such-member"], 1), true];
  for (const [name, member] of Object.entries(s.properties ?? {})) {
    yield* bodies(document, member, set(whole, [...path, name], sample(document, member)), [...path, name], depth + 1);
  }
  if (s.type === "array" && s.items && (s.maxItems ?? 1) > 0) {
    const length = Math.max(s.minItems ?? 0, 1);
    yield* bodies(document, s.items, set(whole, path, Array.from({ length }, () => sample(document, s.items))), [...path, 0], depth + 1);
  }
}

export function* requests(document, keys = {}) {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const values = {}, query = {}, fields = {};
      for (const one of Object.keys(operation.security?.[0] ?? {})) {
        const scheme = document.components.securitySchemes[one];
        if (keys[one] === undefined) throw new Error(`no key is given for ${one}`);
        if (scheme.type === "apiKey") fields[scheme.name] = keys[one];
        else fields.Authorization = `${scheme.scheme === "bearer" ? "Bearer " : ""}${keys[one]}`;
      }
      for (const one of operation.parameters ?? []) {
        const value = sample(document, one.schema);
        if (one.in === "path") values[one.name] = value;
        else if (one.required) (one.in === "query" ? query : fields)[one.name] = value;
      }
      const content = operation.requestBody?.content;
      const type = content && Object.keys(content)[0];
      const schema = type === "application/json" ? content[type].schema : undefined;
      const body = schema && sample(document, schema);
      const make = (about, past, change = {}) => {
        const merged = { values, query, fields, body, ...change };
        const texts = (value) => (Array.isArray(value) ? value : [value]).map(String);
        return {
          about: `${method.toUpperCase()} ${path}: ${about}`, operation, past, method: method.toUpperCase(),
          path: path.replace(/\{([^}]*)\}/g, (_, name) => encodeURIComponent(merged.values[name])),
          query: Object.entries(merged.query).flatMap(([name, value]) => texts(value).map((text) => [name, text])),
          fields: merged.fields, type: merged.type ?? (type === "*/*" ? undefined : type),
          body: merged.raw ?? (merged.body === undefined ? undefined : JSON.stringify(merged.body)),
        };
      };
      yield make("a sound request", false);
      for (const one of operation.parameters ?? []) {
        const into = { path: "values", query: "query", header: "fields" }[one.in];
        const with_ = (value) => ({ [into]: { ...{ values, query, fields }[into], [one.name]: value } });
        const { at, past } = bounds(document, one.schema, true);
        const reach = (value) => !(one.in === "path" && (value === "" || /[\u0000-\u001f]/.test(value)));
        for (const [rule, value] of at) if (reach(value)) yield make(`${rule} of ${one.name}`, false, with_(value));
        for (const [rule, value] of past) if (reach(value)) yield make(`${rule} of ${one.name}`, true, with_(value));
        if (one.required && one.in === "query") {
          const { [one.name]: _, ...rest } = query;
          yield make(`${one.name} missing`, true, { query: rest });
        }
      }
      if (schema) {
        for (const [about, value, past] of bodies(document, schema, body)) yield make(about, past, { body: value });
        yield { ...make("a broken body", false, { raw: "{" }), status: 400 };
        yield { ...make("a body of another type", false, { type: "text/plain" }), status: 415 };
      }
      if (operation.security) yield { ...make("without a key", false, { fields: {} }), status: 401 };
    }
  }
}

export const send = async (base, one) => {
  const url = new URL(one.path, base);
  for (const [name, value] of one.query) url.searchParams.append(name, value);
  const headers = { ...one.fields };
  if (one.body !== undefined && one.type) headers["Content-Type"] = one.type;
  const reply = await fetch(url, { method: one.method, headers, body: one.body, redirect: "manual" });
  return { status: reply.status, text: await reply.text(), headers: reply.headers, url };
};
