// tensorgate/http/detail/docs_page.hpp: an OpenAPI document as one page of HTML that needs nothing from elsewhere.
//
// What can be read is written here, so the page says all without JavaScript; with it, each operation can be tried.
#pragma once

#include <cstddef>      // size_t, byte
#include <cstdint>      // uint32_t
#include <map>          // map
#include <string>       // string, to_string
#include <string_view>  // string_view
#include <utility>      // pair
#include <vector>       // vector

#include <tensorgate/core/abi.hpp>                 // TENSORGATE_ABI
#include <tensorgate/core/bytes.hpp>               // as_bytes
#include <tensorgate/crypto/hash.hpp>              // sha256
#include <tensorgate/http/detail/docs_assets.hpp>  // docs_style, docs_script
#include <tensorgate/http/openapi_document.hpp>    // openapi_document
#include <tensorgate/reflect/json_read.hpp>        // read_json
#include <tensorgate/reflect/raw.hpp>              // raw_json

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

[[nodiscard]] inline std::string base64_of(bytes_view data) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string                       out;
  for (std::size_t i = 0; i < data.size(); i += 3) {
    std::uint32_t     group = 0;
    std::size_t const have  = data.size() - i < 3 ? data.size() - i : 3;
    for (std::size_t k = 0; k != 3; ++k)
      group = group << 8U | (k < have ? std::to_integer<std::uint32_t>(data[i + k]) : 0U);
    for (std::size_t k = 0; k != 4; ++k) out.push_back(k <= have ? digits[group >> (18U - 6U * k) & 63U] : '=');
  }
  return out;
}

/// Content-Security-Policy of the page: its own style and script by their hashes, requests to its own origin, nothing
/// else.
[[nodiscard]] inline std::string docs_policy() {
  auto const hash = [](std::string_view text) {
    auto const digest = crypto::sha256(as_bytes(text));
    return "'sha256-" + base64_of(digest) + "'";
  };
  return "default-src 'none'; style-src " + hash(docs_style) + "; script-src " + hash(docs_script) +
         "; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

inline void append_html(std::string& out, std::string_view text) {
  for (char const c : text) {
    switch (c) {
      case '&': out.append("&amp;"); break;
      case '<': out.append("&lt;"); break;
      case '>': out.append("&gt;"); break;
      case '"': out.append("&quot;"); break;
      case '\'': out.append("&#39;"); break;
      default: out.push_back(c);
    }
  }
}
[[nodiscard]] inline std::string html(std::string_view text) {
  std::string out;
  append_html(out, text);
  return out;
}

using schema_keywords = std::map<std::string, reflect::raw_json>;

[[nodiscard]] inline schema_keywords keywords_of(std::string_view schema) {
  auto read = reflect::read_json<schema_keywords>(schema);
  return read ? std::move(*read) : schema_keywords{};
}

/// A JSON string as its text; any other value as it is written.
[[nodiscard]] inline std::string plain(reflect::raw_json const& value) {
  if (auto read = reflect::read_json<std::string>(value.text)) return std::move(*read);
  return value.text;
}

/// "integer, 1 to 100, default 10": what a schema asks, in words.
[[nodiscard]] inline std::string words_of(openapi_document const& about, std::string_view schema) {
  auto const  known = keywords_of(about.resolve(schema));
  auto const  has   = [&](char const* name) { return known.find(name) != known.end(); };
  auto const  value = [&](char const* name) { return plain(known.find(name)->second); };
  std::string out   = has("type") ? value("type") : has("anyOf") ? "one of several" : "any";
  auto const  add   = [&](std::string const& words) { out.append(", ").append(words); };
  if (has("format")) add(value("format"));
  if (has("items")) out.append(" of ").append(words_of(about, known.find("items")->second.text));
  if (has("enum")) {
    if (auto names = reflect::read_json<std::vector<reflect::raw_json>>(known.find("enum")->second.text)) {
      out = "one of";
      for (auto const& one : *names) out.append(" ").append(plain(one));
    }
  }
  auto const bounds = [&](char const* least, char const* most, char const* unit) {
    if (has(least) && has(most)) add(value(least) + " to " + value(most) + unit);
    if (has(least) && !has(most)) add("at least " + value(least) + unit);
    if (!has(least) && has(most)) add("at most " + value(most) + unit);
  };
  bounds("minimum", "maximum", "");
  bounds("minLength", "maxLength", " characters");
  bounds("minItems", "maxItems", " elements");
  if (has("pattern")) add("matches " + value("pattern"));
  if (has("default")) add("default " + value("default"));
  return out;
}

/// JSON with line breaks, for people. Strings are kept as they are.
[[nodiscard]] inline std::string indented(std::string_view json) {
  std::string out;
  std::size_t depth    = 0;
  bool        in_text  = false;
  auto const  new_line = [&] { out.append("\n").append(depth * 2, ' '); };
  for (std::size_t i = 0; i != json.size(); ++i) {
    char const c = json[i];
    if (in_text) {
      out.push_back(c);
      if (c == '\\' && i + 1 != json.size()) out.push_back(json[++i]);
      if (c == '"') in_text = false;
      continue;
    }
    bool const empty = i + 1 != json.size() && (json[i + 1] == '}' || json[i + 1] == ']');
    if (c == '"') in_text = true;
    if (c == '}' || c == ']') {
      bool const was_empty = i != 0 && (json[i - 1] == '{' || json[i - 1] == '[');
      if (!was_empty) {
        --depth;
        new_line();
      }
    }
    out.push_back(c);
    if ((c == '{' || c == '[') && !empty) {
      ++depth;
      new_line();
    }
    if (c == ',') new_line();
    if (c == ':') out.push_back(' ');
  }
  return out;
}

/// Writes one page.
class docs_writer {
 public:
  explicit docs_writer(openapi_document const& about) : about_(about) {}

  [[nodiscard]] std::string write() {
    auto const& info = about_.info();
    out_.append(
        R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>)");
    append_html(out_, info.title);
    out_.append("</title><style>")
        .append(docs_style)
        .append(R"(</style></head><body><a class="skip" href="#operations">To the operations</a><header><h1>)");
    append_html(out_, info.title);
    out_.append(" <small>").append(html(info.version)).append("</small></h1>");
    if (!info.description.empty()) out_.append("<p>").append(html(info.description)).append("</p>");
    out_.append(R"(<p><a href="openapi.json">OpenAPI 3.1 document</a></p></header><div class="frame">)");
    navigation();
    out_.append(R"(<main id="operations">)");
    keys();
    for (auto const& one : about_.operations()) operation(one);
    out_.append("</main></div><script>").append(docs_script).append("</script></body></html>");
    return std::move(out_);
  }

 private:
  [[nodiscard]] static std::string lower(method verb) {
    std::string text;
    for (char const c : to_text(verb)) text.push_back(static_cast<char>(c | 0x20));
    return text;
  }
  [[nodiscard]] static std::string tag_of(openapi_operation const& one) {
    return one.tags.empty() ? "Operations" : one.tags.front();
  }

  void verb(openapi_operation const& one) {
    out_.append(R"(<span class="verb )")
        .append(lower(one.verb))
        .append("\">")
        .append(to_text(one.verb))
        .append("</span>");
  }

  void navigation() {
    out_.append(
        R"(<nav aria-label="Operations"><div data-script hidden><label for="find">Find</label><input id="find" type="search" autocomplete="off"></div>)");
    std::vector<std::string> done;
    for (auto const& first : about_.operations()) {
      auto const tag = tag_of(first);
      bool       old = false;
      for (auto const& known : done) old = old || known == tag;
      if (old) continue;
      done.push_back(tag);
      out_.append("<h2>").append(html(tag)).append("</h2><ul>");
      for (auto const& one : about_.operations()) {
        if (tag_of(one) != tag) continue;
        out_.append("<li><a href=\"#").append(openapi_document::operation_id(one)).append("\">");
        verb(one);
        out_.append("<span class=\"path\">").append(html(one.path)).append("</span></a></li>");
      }
      out_.append("</ul>");
    }
    out_.append("</nav>");
  }

  // One field for each way to say who one is.
  void keys() {
    std::vector<std::string> done;
    for (auto const& one : about_.operations()) {
      for (auto const& needed : one.security) {
        bool known = false;
        for (auto const& name : done) known = known || name == needed.name;
        if (known) continue;
        if (done.empty())
          out_.append(R"(<section class="card keys-card" data-script hidden><h4>Keys</h4><div class="keys">)");
        done.push_back(needed.name);
        key(needed);
      }
    }
    if (!done.empty())
      out_.append(R"(</div><p class="soft">Kept in this page alone, and gone when it is closed.</p></section>)");
  }

  void key(openapi_security const& needed) {
    auto const scheme = keywords_of(needed.scheme);
    auto const word   = [&](char const* name) {
      return scheme.find(name) == scheme.end() ? std::string() : plain(scheme.find(name)->second);
    };
    bool const  named  = word("type") == "apiKey";
    std::string name   = named ? word("name") : "Authorization";
    std::string prefix = named ? "" : word("scheme") == "bearer" ? "Bearer " : "";
    auto const  id     = html("key-" + needed.name);
    out_.append("<div><label for=\"")
        .append(id)
        .append("\">")
        .append(html(named ? name : needed.name + " (" + name + ")"))
        .append("</label>");
    out_.append("<input type=\"password\" autocomplete=\"off\" spellcheck=\"false\" id=\"").append(id);
    out_.append("\" data-name=\"").append(html(name)).append("\" data-prefix=\"").append(html(prefix));
    out_.append("\" data-place=\"").append(html(named ? word("in") : "header")).append("\"></div>");
  }

  void operation(openapi_operation const& one) {
    auto const id = openapi_document::operation_id(one);
    out_.append(R"(<article class="card )").append(lower(one.verb)).append("\" id=\"").append(id).append("\"><h3>");
    verb(one);
    out_.append("<a class=\"path\" href=\"#").append(id).append("\">").append(html(one.path)).append("</a></h3>");
    if (!one.summary.empty()) out_.append("<p><strong>").append(html(one.summary)).append("</strong></p>");
    if (!one.description.empty()) out_.append("<p>").append(html(one.description)).append("</p>");
    if (!one.security.empty()) {
      out_.append("<p class=\"soft\">Needs ");
      for (std::size_t i = 0; i != one.security.size(); ++i)
        out_.append(i == 0 ? "" : " and ").append("<code>").append(html(one.security[i].name)).append("</code>");
      out_.append(".</p>");
    }
    parameters(one);
    if (!one.body_media_type.empty()) {
      out_.append("<h4>Body</h4><p><code>").append(html(one.body_media_type)).append("</code></p>");
      if (!one.body_schema.empty()) {
        out_.append(R"(<details open><summary>Schema</summary><pre class="body-schema">)");
        out_.append(html(indented(about_.resolve(one.body_schema)))).append("</pre></details>");
      }
    }
    answers(one);
    form(one, id);
    out_.append("</article>");
  }

  void parameters(openapi_operation const& one) {
    if (one.parameters.empty()) return;
    out_.append(
        R"(<h4>Parameters</h4><div class="wide"><table><thead><tr><th>Name</th><th>In</th><th>Value</th><th>Meaning</th></tr></thead><tbody>)");
    for (auto const& p : one.parameters) {
      out_.append("<tr><td><code>").append(html(p.name)).append("</code>");
      if (p.required) out_.append(" <span class=\"must\">required</span>");
      out_.append("</td><td>").append(openapi_document::place_text(p.place)).append("</td><td>");
      out_.append(html(words_of(about_, p.schema)))
          .append("</td><td>")
          .append(html(p.description))
          .append("</td></tr>");
    }
    out_.append("</tbody></table></div>");
  }

  void answers(openapi_operation const& one) {
    out_.append(
        R"(<h4>Answers</h4><div class="wide"><table><thead><tr><th>Status</th><th>Meaning</th></tr></thead><tbody>)");
    for (auto const& a : one.responses) {
      out_.append("<tr><td><code>")
          .append(std::to_string(to_number(a.code)))
          .append("</code></td><td>")
          .append(html(a.description));
      if (!a.media_type.empty() && to_number(a.code) < 400) {
        out_.append(" <code>").append(html(a.media_type)).append("</code>");
        if (!a.schema.empty()) {
          out_.append("<details><summary>Schema</summary><pre>")
              .append(html(indented(about_.resolve(a.schema))))
              .append("</pre></details>");
        }
      }
      if (!a.headers.empty()) {
        out_.append(" <span class=\"soft\">with");
        for (auto const& field : a.headers) out_.append(" <code>").append(html(field.name)).append("</code>");
        out_.append("</span>");
      }
      out_.append("</td></tr>");
    }
    out_.append("</tbody></table></div>");
  }

  // Shown by the script alone, for without it a form could send neither a key nor a body.
  void form(openapi_operation const& one, std::string const& id) {
    out_.append("<form hidden data-method=\"")
        .append(to_text(one.verb))
        .append("\" data-path=\"")
        .append(html(one.path))
        .append("\" data-keys=\"");
    for (std::size_t i = 0; i != one.security.size(); ++i)
      out_.append(i == 0 ? "" : " ").append(html(one.security[i].name));
    out_.append("\"><h4>Try it</h4><div class=\"fields\">");
    for (auto const& p : one.parameters) {
      auto const field = html(id + "-" + p.name);
      auto const known = keywords_of(about_.resolve(p.schema));
      auto const type  = known.find("type");
      out_.append("<div><label for=\"")
          .append(field)
          .append("\">")
          .append(html(p.name))
          .append("</label><input autocomplete=\"off\" id=\"")
          .append(field);
      out_.append("\" name=\"")
          .append(html(p.name))
          .append("\" data-place=\"")
          .append(openapi_document::place_text(p.place))
          .append("\"");
      if (type != known.end() && plain(type->second) == "array") out_.append(" data-list=\"1\" placeholder=\"a,b,c\"");
      if (p.rest) out_.append(" data-rest=\"1\"");
      if (p.required) out_.append(" required");
      out_.append("></div>");
    }
    out_.append("</div>");
    if (!one.body_media_type.empty()) {
      out_.append("<label for=\"")
          .append(id)
          .append("-body\">body</label><textarea spellcheck=\"false\" id=\"")
          .append(id);
      out_.append("-body\" data-type=\"").append(html(one.body_media_type)).append("\"></textarea>");
    }
    out_.append(
        R"(<div class="row"><button class="send">Send</button><button class="stop plain" type="button" hidden>Stop</button></div>)");
    out_.append(
        R"(<h4>As a command</h4><pre class="curl"></pre><div class="row"><button class="copy plain" type="button">Copy</button><span class="copied soft" role="status"></span></div>)");
    out_.append(
        R"(<div class="answer" hidden><h4>Answer</h4><p role="status" aria-live="polite"><span class="status"></span> <span class="time soft"></span></p>)");
    out_.append(
        R"(<details><summary>Fields</summary><pre class="head"></pre></details><pre class="text" tabindex="0" aria-label="Body of the answer"></pre></div></form>)");
  }

  openapi_document const& about_;
  std::string             out_;
};

[[nodiscard]] inline std::string docs_page(openapi_document const& about) { return docs_writer(about).write(); }

}  // namespace tensorgate::http::detail
