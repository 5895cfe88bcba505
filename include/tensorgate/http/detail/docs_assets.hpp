// tensorgate/http/detail/docs_assets.hpp: the look and the workings of the page at /docs.
#pragma once

#include <string_view>  // string_view

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

inline constexpr std::string_view docs_style = R"css(
:root{color-scheme:light dark;--ink:#17202b;--soft:#526071;--line:#d9e0e8;--page:#f6f8fa;--card:#fff;--field:#fff;
--accent:#0b5fd0;--on-accent:#fff;--get:#0a6b4f;--post:#0b5fd0;--put:#8a5200;--patch:#6f3fb0;--delete:#b3261e;
--good:#0a6b4f;--bad:#b3261e;--code:#eef2f6}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf1;--soft:#9fadbd;--line:#2b3542;--page:#0f141a;--card:#161d26;
--field:#0f141a;--accent:#6fb1ff;--on-accent:#07111d;--get:#5fd0a8;--post:#6fb1ff;--put:#f0b35a;--patch:#c39bff;
--delete:#ff8f86;--good:#5fd0a8;--bad:#ff8f86;--code:#0f141a}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
code,pre,textarea,.path{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem}
.frame{display:grid;grid-template-columns:minmax(15rem,19rem) minmax(0,1fr);gap:2rem;max-width:76rem;margin:0 auto;padding:0 1.25rem}
header{max-width:76rem;margin:0 auto;padding:2.5rem 1.25rem 1.25rem}
h1{font-size:2rem;line-height:1.2;margin:0}
h1 small{font-size:.9rem;font-weight:500;color:var(--soft);border:1px solid var(--line);border-radius:1rem;padding:.1rem .6rem;vertical-align:middle}
header p{margin:.6rem 0 0;color:var(--soft);max-width:46rem}
nav{position:sticky;top:0;align-self:start;max-height:100vh;overflow:auto;padding:1rem 0}
nav h2{font-size:.75rem;letter-spacing:.08em;text-transform:uppercase;color:var(--soft);margin:1rem 0 .4rem}
nav ul{list-style:none;margin:0;padding:0}
nav li a{display:flex;gap:.6rem;align-items:baseline;padding:.3rem .5rem;border-radius:.4rem;color:inherit;text-decoration:none;overflow-wrap:anywhere}
nav li a:hover{background:var(--code)}
.verb{flex:none;font:700 .7rem/1.5 system-ui,sans-serif;letter-spacing:.04em;min-width:3.6rem;color:var(--v)}
.get{--v:var(--get)}.post{--v:var(--post)}.put{--v:var(--put)}.patch{--v:var(--patch)}.delete{--v:var(--delete)}
main{min-width:0;padding:1rem 0 5rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.25rem 1.5rem;margin:0 0 1.25rem}
article{border-left:4px solid var(--v)!important}
article h3{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline;margin:0;font-size:1.1rem}
article h3 .verb{font-size:.85rem;min-width:0}
article h3 a{color:inherit;text-decoration:none;overflow-wrap:anywhere}
article h3 a:hover{text-decoration:underline}
article p{margin:.5rem 0}
h4{font-size:.75rem;letter-spacing:.08em;text-transform:uppercase;color:var(--soft);margin:1.25rem 0 .4rem}
.card>h4:first-child{margin-top:0}.keys-card p{margin:.7rem 0 0}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600}
tr:last-child td{border-bottom:0}
.must{color:var(--bad);font-weight:600}
.soft{color:var(--soft)}
pre{background:var(--code);border:1px solid var(--line);border-radius:.5rem;padding:.75rem;margin:.4rem 0;overflow:auto;max-height:28rem;white-space:pre-wrap;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--accent);padding:.2rem 0}
label{display:block;font-weight:600;font-size:.9rem;margin:.6rem 0 .2rem}
input,textarea{width:100%;font:inherit;color:inherit;background:var(--field);border:1px solid var(--soft);border-radius:.4rem;padding:.5rem .65rem}
textarea{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em;min-height:8rem;resize:vertical}
.fields{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:0 1rem}
.keys{display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));gap:0 1rem}
.row{display:flex;flex-wrap:wrap;gap:.6rem;align-items:center;margin-top:.9rem}
button{font:inherit;font-weight:600;border:1px solid var(--accent);border-radius:.4rem;padding:.5rem 1.1rem;background:var(--accent);color:var(--on-accent);cursor:pointer}
button.plain{background:transparent;color:var(--accent)}
button:disabled{opacity:.5;cursor:default}
.status{font-weight:700}.status.good{color:var(--good)}.status.bad{color:var(--bad)}
[hidden]{display:none!important}
@media(max-width:52rem){.frame{display:block}nav{position:static;max-height:none}.card{padding:1rem;border-radius:.5rem}h1{font-size:1.6rem}
header{padding-top:1.5rem}button{padding:.65rem 1.1rem}}
@media print{nav,form,.keys-card{display:none}.frame{display:block}}
)css";

// Works on what the page already says: each form carries its method and path, each input its name and place.
inline constexpr std::string_view docs_script = R"js(
"use strict";
(() => {
  const shown = 200000;
  const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));
  const shell = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
  const pretty = (text) => { try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; } };

  // A value that fits a schema, to start from.
  const example = (schema, depth) => {
    if (schema.default !== undefined) return schema.default;
    if (schema.enum) return schema.enum[0];
    if (schema.const !== undefined) return schema.const;
    if (schema.$ref) return {};
    if (schema.anyOf) return example(schema.anyOf[0], depth + 1);
    if (schema.prefixItems) return schema.prefixItems.map((one) => example(one, depth + 1));
    switch (schema.type) {
      case "object": {
        const made = {};
        if (depth < 6) for (const name of schema.required || []) made[name] = example((schema.properties || {})[name] || {}, depth + 1);
        return made;
      }
      case "array": return schema.minItems ? Array(schema.minItems).fill(example(schema.items || {}, depth + 1)) : [];
      case "integer": case "number": return schema.minimum !== undefined ? schema.minimum : 0;
      case "boolean": return false;
      case "null": return null;
      default: return "x".repeat(schema.minLength || 0);
    }
  };

  const request = (form) => {
    let path = form.dataset.path;
    const query = new URLSearchParams();
    const fields = {};
    for (const input of all("input[data-place]", form)) {
      const value = input.value;
      if (input.dataset.place === "path") {
        const kept = input.dataset.rest ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value);
        path = path.replace("{" + input.name + "}", kept);
      } else if (value !== "") {
        if (input.dataset.place === "query") {
          for (const one of input.dataset.list ? value.split(",") : [value]) query.append(input.name, one);
        } else {
          fields[input.name] = value;
        }
      }
    }
    for (const name of (form.dataset.keys || "").split(" ")) {
      const input = name && document.getElementById("key-" + name);
      if (!input || input.value === "") continue;
      if (input.dataset.place === "query") query.append(input.dataset.name, input.value);
      else fields[input.dataset.name] = (input.dataset.prefix || "") + input.value;
    }
    const body = form.querySelector("textarea");
    const made = { method: form.dataset.method, headers: fields, cache: "no-store", credentials: "omit" };
    if (body && body.value !== "") {
      made.body = body.value;
      if (body.dataset.type !== "*/*") fields["Content-Type"] = body.dataset.type;
    }
    const search = query.toString();
    return { url: new URL(path + (search ? "?" + search : ""), location.origin), made };
  };

  const curl = ({ url, made }) => {
    const words = ["curl -i"];
    if (made.method !== "GET") words.push("-X " + made.method);
    for (const [name, value] of Object.entries(made.headers)) words.push("-H " + shell(name + ": " + value));
    if (made.body !== undefined) words.push("--data-binary " + shell(made.body));
    words.push(shell(url.href));
    return words.join(" ");
  };

  for (const form of all("form[data-path]")) {
    form.hidden = false;
    const part = (name) => form.querySelector("." + name);
    const body = form.querySelector("textarea");
    const schema = body && form.closest("article").querySelector("pre.body-schema");
    if (body && schema && body.value === "") {
      try { body.value = JSON.stringify(example(JSON.parse(schema.textContent), 0), null, 2); } catch { body.value = "{}"; }
    }
    const tell = () => { part("curl").textContent = curl(request(form)); };
    form.addEventListener("input", tell);
    document.addEventListener("input", (event) => { if (event.target.id.startsWith("key-")) tell(); });
    tell();

    part("copy").addEventListener("click", async () => {
      const line = part("curl");
      try {
        await navigator.clipboard.writeText(line.textContent);
        part("copied").textContent = "copied";
      } catch {
        getSelection().selectAllChildren(line);
        part("copied").textContent = "selected: copy it with the keyboard";
      }
      setTimeout(() => { part("copied").textContent = ""; }, 2500);
    });

    let running = null;
    part("stop").addEventListener("click", () => { if (running) running.abort(); });

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (running) return;
      running = new AbortController();
      part("send").disabled = true;
      part("stop").hidden = false;
      part("answer").hidden = false;
      const status = part("status"), time = part("time"), head = part("head"), text = part("text");
      status.className = "status";
      status.textContent = "waiting";
      time.textContent = head.textContent = text.textContent = "";
      const began = performance.now();
      const took = () => { time.textContent = (performance.now() - began).toFixed(1) + " ms"; };
      try {
        const { url, made } = request(form);
        const reply = await fetch(url, { ...made, signal: running.signal, redirect: "manual" });
        took();
        status.textContent = reply.type === "opaqueredirect" ? "a redirect, which was not followed" : (reply.status + " " + reply.statusText).trim();
        status.classList.add(reply.ok ? "good" : "bad");
        head.textContent = Array.from(reply.headers, ([name, value]) => name + ": " + value).join("\n");
        let whole = "", size = 0;
        if (reply.body) {
          const decoder = new TextDecoder();
          const reader = reply.body.getReader();
          for (;;) {
            const { done, value } = await reader.read();
            if (value) {
              size += value.length;
              if (whole.length < shown) whole += decoder.decode(value, { stream: true });
              text.textContent = whole.slice(0, shown);
            }
            if (done) break;
          }
        }
        took();
        const cut = size > shown;
        const type = reply.headers.get("content-type") || "";
        text.textContent = cut ? whole.slice(0, shown) + "\n… " + size + " bytes in all" : /json/.test(type) ? pretty(whole) : whole;
        time.textContent += ", " + size + " bytes";
      } catch (problem) {
        took();
        status.textContent = problem.name === "AbortError" ? "stopped" : "no answer: " + problem.message;
        status.classList.add("bad");
      } finally {
        running = null;
        part("send").disabled = false;
        part("stop").hidden = true;
      }
    });
  }

  for (const one of all("[data-script]")) one.hidden = false;
  const find = document.getElementById("find");
  if (find) find.addEventListener("input", () => {
    const wanted = find.value.toLowerCase();
    for (const link of all("nav li")) link.hidden = !link.textContent.toLowerCase().includes(wanted);
  });
})();
)js";

}  // namespace tensorgate::http::detail
