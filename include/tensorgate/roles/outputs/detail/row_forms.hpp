// tensorgate/roles/outputs/detail/row_forms.hpp: which forms does a row make of a file?
#pragma once

#include <cstddef>      // size_t
#include <memory>       // shared_ptr, make_shared
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

#include <fmt/format.h>  // faults in words

#include <tensorgate/core/result.hpp>             // result, expected
#include <tensorgate/core/time.hpp>               // unix_millis
#include <tensorgate/roles/outputs/form.hpp>      // form
#include <tensorgate/roles/outputs/row.hpp>       // row
#include <tensorgate/roles/outputs/slice.hpp>     // members_by_key, without_member, lag_array
#include <tensorgate/roles/outputs/snapshot.hpp>  // row_file
#include <tensorgate/roles/outputs/source.hpp>    // source_ptr, part_of

namespace tensorgate::inline TENSORGATE_ABI::outputs::detail {

/// How forms are kept compressed beside their text.
struct packing {
  int         level = 6;
  std::size_t below = 0;  ///< bytes; of a larger text no gzip is kept
};

/// A whole JSON text in memory.
struct document {
  memory_ptr       file;
  std::string_view text;    ///< within `file`
  source_ptr       from{};  ///< null: computed here
};

/// Fails where memory does.
[[nodiscard]] inline result<document> document_of(source_ptr const& from) {
  if (auto const had = recall_text(*from); !had) return fail(had);
  return document{.file = from->plain(), .text = from->text(), .from = from};
}

/// A text that was computed. Fails where memory does.
[[nodiscard]] inline result<document> document_of(std::string_view text) {
  auto const kept = keep(text);
  if (!kept) return fail(kept);
  return document{.file = *kept, .text = (*kept)->view()};
}

/// What a row makes of a document, and what it would make but cannot, a sentence each.
struct row_forms {
  row_file                 file;
  std::vector<std::string> lacks;
};

/// "expected an array at /eliminations"
[[nodiscard]] inline std::string expected_at(failure const& why, std::string_view pointer) {
  return pointer.empty() ? fmt::format("expected {}", why.note) : fmt::format("expected {} at {}", why.note, pointer);
}

/// True for a text that holds nothing, so that nothing of it needs hiding.
[[nodiscard]] inline bool is_empty_json(std::string_view text) {
  text = trimmed(text);
  if (text == "null" || text == "\"\"") return true;
  bool const braces = text.size() >= 2 && ((text.front() == '{' && text.back() == '}') ||  //
                                           (text.front() == '[' && text.back() == ']'));
  return braces && trimmed(text.substr(1, text.size() - 2)).empty();
}

/// A form over the document's own bytes.
[[nodiscard]] inline result<std::shared_ptr<form>> cut_form(row const& rule, document const& of) {
  auto made   = std::make_shared<form>();
  made->whole = json_of(part_of(of.file, of.text), tag_of(of.text));
  if (rule.slice) {
    auto const members = rule.slice->by.empty() ? members_by_key(of.text, rule.slice->at)
                                                : elements_by_member(of.text, rule.slice->at, rule.slice->by);
    if (!members) return fail(members);
    for (auto const& [id, slice] : *members)
      made->members.try_emplace(id, json_of(part_of(of.file, slice), tag_of(slice)));
  }
  return made;
}

/// A form over a text that was computed. It says nothing of when the file was written.
[[nodiscard]] inline result<form_ptr> text_form(row const& rule, std::string_view text, packing const& pack) {
  auto const of = document_of(text);
  if (!of) return fail(of);
  auto made = cut_form(rule, *of);
  if (!made) return fail(made);
  if (text.size() <= pack.below) add_gzip((*made)->whole, text, pack.level);
  return form_ptr(std::move(*made));
}

[[nodiscard]] inline result<form_ptr> omit_form(row const& rule, std::string_view text, packing const& pack) {
  auto const without = without_member(text, rule.omit->array, rule.omit->member);
  if (!without) return fail(without);
  return text_form(rule, *without, pack);
}

/// All forms of a document. What a row only leaves out of it may be missing in it: then the form is the document
/// itself. Entries that must be hidden cannot be: then there is no form for keys that may not see them, unless the
/// document is empty; a single one without a time is hidden. The error, a sentence, is that of a row which shows
/// members and finds none. `before`: the form of the version before, or null.
[[nodiscard]] inline expected<row_forms, std::string> make_row_forms(row const& rule, document const& of,
                                                                     unix_millis now, packing const& pack,
                                                                     form_ptr const&     before = {},
                                                                     parallel_for const& run    = one_by_one()) {
  row_forms made;
  made.file.from = of.from;
  auto live      = cut_form(rule, of);
  if (!live) return unexpected<std::string>(expected_at(live.error(), rule.slice ? rule.slice->at : ""));
  auto& whole = (*live)->whole;
  if (of.from && of.from->gzipped) {
    whole.gzip      = part_of(of.from->stored);
    whole.gzip_etag = of.from->tag;
    if (rule.gzip_unasked) whole.unasked = codec::coding::gzip;
  } else if (of.text.size() <= pack.below) {
    add_gzip(whole, of.text, pack.level);
  }
  if (of.from && of.from->brief) {
    whole.identity = {};
    if (auto const packed = pack_members(**live, before, run); !packed)
      return unexpected<std::string>(std::string(packed.error().note));
  }
  if (of.from) {
    date(whole, of.from->modified);
    for (auto& [id, one] : (*live)->members) date(one, of.from->modified);
  }
  made.file.live = std::move(*live);

  auto const omitted = [&](std::string_view text, form_ptr const& otherwise) {
    auto without = omit_form(rule, text, pack);
    if (without) return std::move(*without);
    made.lacks.push_back(expected_at(without.error(), rule.omit->array));
    return otherwise;
  };
  if (rule.omit) made.file.omitted = omitted(of.text, made.file.live);
  if (rule.lag) {
    auto cut = lag_array(of.text, rule.lag->array, rule.lag->time, now - rule.lag->by);
    if (!cut) {
      made.lacks.push_back(expected_at(cut.error(), rule.lag->array));
      if (is_empty_json(of.text)) cut = lagged_text{.text = std::string(of.text)};
    } else if (!cut->all_timed) {
      made.lacks.push_back(fmt::format("expected Unix milliseconds at {} of each element of {}", rule.lag->time,
                                       rule.lag->array.empty() ? "the array" : rule.lag->array));
    }
    auto lagged = cut ? text_form(rule, cut->text, pack) : result<form_ptr>(form_ptr{});
    if (lagged) made.file.lagged = std::move(*lagged);
    if (rule.omit && made.file.lagged) made.file.lagged_omitted = omitted(cut->text, made.file.lagged);
  }
  return made;
}

}  // namespace tensorgate::outputs::detail
