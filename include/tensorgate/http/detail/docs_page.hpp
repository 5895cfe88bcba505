// tensorgate/http/detail/docs_page.hpp: an OpenAPI document as one page of HTML that needs nothing from elsewhere.
//
// What can be read is written here, so the page says all without JavaScript; with it, each operation can be tried.
#pragma once

#include <cstddef>           // size_t, byte
#include <cstdint>           // uint32_t
#include <initializer_list>  // initializer_list
#include <string>            // string, to_string
#include <string_view>       // string_view
#include <utility>           // move
#include <vector>            // vector

#include <tensorgate/core/abi.hpp>                 // TENSORGATE_ABI
#include <tensorgate/core/append.hpp>              // append_all, append_in_turn
#include <tensorgate/core/bytes.hpp>               // as_bytes
#include <tensorgate/crypto/hash.hpp>              // sha256
#include <tensorgate/http/detail/docs_assets.hpp>  // docs_style, docs_script
#include <tensorgate/http/openapi_document.hpp>    // openapi_document
#include <tensorgate/reflect/json_read.hpp>        // read_json
#include <tensorgate/reflect/json_slice.hpp>       // find_json, for_each_element

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

[[nodiscard, gnu::cold]] inline std::string base64_of(bytes_view data) {
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
[[nodiscard, gnu::cold]] inline std::string docs_policy() {
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

/// What a keyword of a schema says, as it is written; empty if the schema does not have it.
[[nodiscard, gnu::cold]] inline std::string_view keyword(std::string_view schema, std::string_view name) {
  auto const found = reflect::find_json(schema, "/" + std::string(name));
  return found ? *found : std::string_view{};
}

/// A JSON string as its text; any other value as it is written.
[[nodiscard, gnu::cold]] inline std::string plain(std::string_view value) {
  if (value.starts_with('"')) {
    if (auto read = reflect::read_json<std::string>(value)) return std::move(*read);
  }
  return std::string(value);
}

/// The text of a keyword; empty if the schema does not have it.
[[nodiscard, gnu::cold]] inline std::string keyword_text(std::string_view schema, std::string_view name) {
  return plain(keyword(schema, name));
}

/// "integer, 1 to 100, default 10": what a schema asks, in words.
[[nodiscard, gnu::cold]] inline std::string words_of(openapi_document const& about, std::string_view schema) {
  schema          = about.resolve(schema);
  std::string out = keyword_text(schema, "type");
  if (out.empty()) out = keyword(schema, "anyOf").empty() ? "any" : "one of several";
  auto const add = [&](std::string_view before, std::string_view name) {
    auto const value = keyword(schema, name);
    if (!value.empty()) append_all(out, {", ", before, plain(value)});
  };
  add({}, "format");
  if (auto const items = keyword(schema, "items"); !items.empty()) append_all(out, {" of ", words_of(about, items)});
  if (auto const names = keyword(schema, "enum"); !names.empty()) {
    out              = "one of";
    auto const whole = reflect::for_each_element(
        names, [&](std::size_t, std::string_view one) { append_all(out, {" ", plain(one)}); });
    static_cast<void>(whole);  // it is an array, or says nothing
  }
  struct bound {
    std::string_view least, most, unit;
  };
  static constexpr bound bounds[] = {{"minimum", "maximum", ""},  // NOLINT(modernize-avoid-c-arrays): its size is told
                                     {"minLength", "maxLength", " characters"},
                                     {"minItems", "maxItems", " elements"}};
  for (auto const& [low, high, unit] : bounds) {
    auto const least = keyword_text(schema, low);
    auto const most  = keyword_text(schema, high);
    if (least.empty() && most.empty()) continue;
    std::string_view const between = least.empty() ? "at most " : most.empty() ? "at least " : "";
    append_all(out, {", ", between, least, !least.empty() && !most.empty() ? " to " : "", most, unit});
  }
  add("matches ", "pattern");
  add("default ", "default");
  return out;
}

/// JSON with line breaks, for people. Strings are kept as they are.
[[nodiscard, gnu::cold]] inline std::string indented(std::string_view json) {
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
  explicit docs_writer(openapi_document const& about) : about_(about), ids_(about.operation_ids()) {}

  [[nodiscard, gnu::cold]] std::string write() {
    auto const& info = about_.info();
    put({R"(<!doctype html><html lang="en"><head><meta charset="utf-8">)"
         R"(<meta name="viewport" content="width=device-width,initial-scale=1"><title>)",
         info.title, "</title><style>"});
    put({docs_style});
    put({R"(</style></head><body><a class="skip" href="#operations">To the operations</a><header><h1>)", info.title,
         " <small>", info.version, "</small></h1>"});
    if (!info.description.empty()) put({"<p>", info.description, "</p>"});
    put({R"(<p><a href="openapi.json">OpenAPI 3.1 document</a></p></header><div class="frame">)"});
    navigation();
    put({R"(<main id="operations">)"});
    keys();
    for (std::size_t i = 0; i != ids_.size(); ++i) operation(about_.operations()[i], ids_[i]);
    append_all(out_, {"</main></div><script>", docs_script, "</script></body></html>"});
    return std::move(out_);
  }

 private:
  /// Markup and text in turn.
  void put(std::initializer_list<std::string_view> turns) { append_in_turn(out_, turns, &append_html); }

  [[nodiscard]] static std::string_view tag_of(openapi_operation const& one) {
    return one.tags.empty() ? std::string_view("Operations") : std::string_view(one.tags.front());
  }
  [[nodiscard]] static bool add_name(std::vector<std::string_view>& names, std::string_view name) {
    for (auto const known : names) {
      if (known == name) return false;
    }
    names.push_back(name);
    return true;
  }

  [[gnu::cold]] void verb(openapi_operation const& one) {
    put({R"(<span class="verb )", openapi_document::lower(one.verb), "\">", to_text(one.verb), "</span>"});
  }

  [[gnu::cold]] void navigation() {
    put({R"(<nav aria-label="Operations"><div data-script hidden><label for="find">Find</label>)"
         R"(<input id="find" type="search" autocomplete="off"></div>)"});
    std::vector<std::string_view> done;
    for (auto const& first : about_.operations()) {
      auto const tag = tag_of(first);
      if (!add_name(done, tag)) continue;
      put({"<h2>", tag, "</h2><ul>"});
      for (std::size_t i = 0; i != ids_.size(); ++i) {
        auto const& one = about_.operations()[i];
        if (tag_of(one) != tag) continue;
        put({"<li><a href=\"#", ids_[i], "\">"});
        verb(one);
        put({"<span class=\"path\">", one.path, "</span></a></li>"});
      }
      put({"</ul>"});
    }
    put({"</nav>"});
  }

  // One field for each way to say who one is.
  [[gnu::cold]] void keys() {
    std::vector<std::string_view> done;
    for (auto const& one : about_.operations()) {
      for (auto const& needed : one.security) {
        bool const first = done.empty();
        if (!add_name(done, needed.name)) continue;
        if (first) put({R"(<section class="card keys-card" data-script hidden><h4>Keys</h4><div class="keys">)"});
        key(needed);
      }
    }
    if (!done.empty())
      put({R"(</div><p class="soft">Kept in this page alone, and gone when it is closed.</p></section>)"});
  }

  [[gnu::cold]] void key(openapi_security const& needed) {
    auto const             word   = [&](std::string_view name) { return keyword_text(needed.scheme, name); };
    bool const             named  = word("type") == "apiKey";
    std::string const      name   = named ? word("name") : "Authorization";
    std::string_view const prefix = !named && word("scheme") == "bearer" ? "Bearer " : "";
    put({R"(<div><label for="key-)", needed.name, "\">"});
    if (named) {
      put({"", name});
    } else {
      put({"", needed.name, " (", name, ")"});
    }
    put({R"(</label><input type="password" autocomplete="off" spellcheck="false" id="key-)", needed.name,
         R"(" data-name=")", name, R"(" data-prefix=")", prefix, R"(" data-place=")",
         named ? word("in") : std::string("header"), R"("></div>)"});
  }

  [[gnu::cold]] void operation(openapi_operation const& one, std::string_view id) {
    put({R"(<article class="card )", openapi_document::lower(one.verb), R"(" id=")", id, R"("><h3>)"});
    verb(one);
    put({R"(<a class="path" href="#)", id, "\">", one.path, "</a></h3>"});
    if (!one.summary.empty()) put({"<p><strong>", one.summary, "</strong></p>"});
    if (!one.description.empty()) put({"<p>", one.description, "</p>"});
    if (!one.security.empty()) {
      std::string_view before = "<p class=\"soft\">Needs <code>";
      for (auto const& needed : one.security) {
        put({needed.instead ? " or <code>" : before, needed.name, "</code>"});
        before = " and <code>";
      }
      put({".</p>"});
    }
    parameters(one);
    if (!one.body_media_type.empty()) {
      put({"<h4>Body</h4><p><code>", one.body_media_type, "</code></p>"});
      if (!one.body_schema.empty()) {
        put({R"(<details open><summary>Schema</summary><pre class="body-schema">)",
             indented(about_.resolve(one.body_schema)), "</pre></details>"});
      }
    }
    answers(one);
    form(one, id);
    put({"</article>"});
  }

  [[gnu::cold]] void parameters(openapi_operation const& one) {
    if (one.parameters.empty()) return;
    put({R"(<h4>Parameters</h4><div class="wide"><table><thead><tr><th>Name</th><th>In</th><th>Value</th>)"
         R"(<th>Meaning</th></tr></thead><tbody>)"});
    for (auto const& p : one.parameters) {
      put({"<tr><td><code>", p.name, "</code>"});
      if (p.required) put({" <span class=\"must\">required</span>"});
      put({"</td><td>", openapi_document::place_text(p.place), "</td><td>", words_of(about_, p.schema), "</td><td>",
           p.description, "</td></tr>"});
    }
    put({"</tbody></table></div>"});
  }

  [[gnu::cold]] void answers(openapi_operation const& one) {
    put({R"(<h4>Answers</h4><div class="wide"><table><thead><tr><th>Status</th><th>Meaning</th></tr></thead><tbody>)"});
    for (auto const& a : one.responses) {
      put({"<tr><td><code>", std::to_string(to_number(a.code)), "</code></td><td>", a.description});
      if (!a.media_type.empty() && to_number(a.code) < 400) {
        put({" <code>", a.media_type, "</code>"});
        if (!a.schema.empty())
          put({"<details><summary>Schema</summary><pre>", indented(about_.resolve(a.schema)), "</pre></details>"});
      }
      if (!a.headers.empty()) {
        put({" <span class=\"soft\">with"});
        for (auto const& field : a.headers) put({" <code>", field.name, "</code>"});
        put({"</span>"});
      }
      put({"</td></tr>"});
    }
    put({"</tbody></table></div>"});
  }

  // Shown by the script alone, for without it a form could send neither a key nor a body.
  [[gnu::cold]] void form(openapi_operation const& one, std::string_view id) {
    put({R"(<form hidden data-method=")", to_text(one.verb), R"(" data-path=")", one.path, R"(" data-keys=")"});
    std::string_view before;
    for (auto const& needed : one.security) {
      put({before, needed.name});
      before = " ";
    }
    put({R"("><h4>Try it</h4><div class="fields">)"});
    for (auto const& p : one.parameters) {
      put({R"(<div><label for=")", id, "-", p.name, "\">", p.name, R"(</label><input autocomplete="off" id=")", id, "-",
           p.name, R"(" name=")", p.name, R"(" data-place=")", openapi_document::place_text(p.place), "\""});
      if (keyword(about_.resolve(p.schema), "type") == "\"array\"") put({R"( data-list="1" placeholder="a,b,c")"});
      if (p.rest) put({R"( data-rest="1")"});
      if (p.required) put({" required"});
      put({"></div>"});
    }
    put({"</div>"});
    if (!one.body_media_type.empty()) {
      put({R"(<label for=")", id, R"(-body">body</label><textarea spellcheck="false" id=")", id,
           R"(-body" data-type=")", one.body_media_type, R"("></textarea>)"});
    }
    put({R"(<div class="row"><button class="send">Send</button><button class="stop plain" type="button" hidden>Stop)"
         R"(</button></div><h4>As a command</h4><pre class="curl"></pre><div class="row"><button class="copy plain" )"
         R"(type="button">Copy</button><span class="copied soft" role="status"></span></div><div class="answer" )"
         R"(hidden><h4>Answer</h4><p role="status" aria-live="polite"><span class="status"></span> <span class="time )"
         R"(soft"></span></p><details><summary>Fields</summary><pre class="head"></pre></details><pre class="text" )"
         R"(tabindex="0" aria-label="Body of the answer"></pre></div></form>)"});
  }

  openapi_document const&  about_;
  std::vector<std::string> ids_;  // of its operations, in their order
  std::string              out_;
};

[[nodiscard]] inline std::string docs_page(openapi_document const& about) { return docs_writer(about).write(); }

}  // namespace tensorgate::http::detail
