// tensorgate/http/problem.hpp: which status and which words answer a failure?
#pragma once

#include <array>         // array
#include <cstddef>       // size_t
#include <optional>      // optional
#include <string>        // string
#include <string_view>   // string_view
#include <system_error>  // error_code, errc, generic_category, system_category
#include <utility>       // move

#include <tensorgate/core/result.hpp>         // failure
#include <tensorgate/http/errc.hpp>           // errc
#include <tensorgate/http/request.hpp>        // problem, request
#include <tensorgate/http/status.hpp>         // status, reason
#include <tensorgate/reflect/errc.hpp>        // reflect::errc
#include <tensorgate/reflect/json_error.hpp>  // json_error
#include <tensorgate/reflect/json_write.hpp>  // write_json

namespace tensorgate::inline TENSORGATE_ABI::http {

namespace detail {

struct slug_text {
  std::array<char, 40> text{};
  std::size_t          size = 0;
};

/// The reason phrases as programs like them: "Not Found" is "not_found".
inline constexpr auto slugs = [] {
  std::array<slug_text, status_lines.size()> all{};
  for (std::size_t i = 0; i != status_lines.size(); ++i) {
    auto const line = status_lines[i];
    for (char const c : line.substr(status_reason_at, line.size() - status_reason_at - 2)) {
      bool const letter          = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      all[i].text[all[i].size++] = letter ? static_cast<char>(c | 0x20) : '_';
    }
  }
  return all;
}();

}  // namespace detail

/// Short and stable: "not_found", "unprocessable_content"; "error" for a status that is not registered.
[[nodiscard]] constexpr std::string_view slug_of(status code) noexcept {
  auto const number = to_number(code);
  if (number >= detail::status_index.size() || detail::status_index[number] == 0) return "error";
  auto const& slug = detail::slugs[detail::status_index[number] - 1U];
  return {slug.text.data(), slug.size};
}

/// The status that answers a failure of any room. What is not listed is ours to mend: 500.
[[nodiscard]] inline status to_status(std::error_code code) noexcept {
  auto const& room = code.category();
  if (room == make_error_code(errc::internal).category()) {
    if (code.value() >= 10000) return static_cast<status>(code.value() / 100);
    switch (static_cast<errc>(code.value())) {
      case errc::truncated:
      case errc::bad_response: return status::bad_gateway;
      case errc::cancelled: return status::service_unavailable;
      default: return status::internal_server_error;
    }
  }
  if (room == make_error_code(reflect::errc::syntax).category()) {
    switch (static_cast<reflect::errc>(code.value())) {
      case reflect::errc::syntax:
      case reflect::errc::encoding:
      case reflect::errc::too_deep:
      case reflect::errc::duplicate: return status::bad_request;
      default: return status::unprocessable_content;
    }
  }
  if (room == std::generic_category() || room == std::system_category()) {
    switch (static_cast<std::errc>(code.value())) {
      case std::errc::no_space_on_device: return status::insufficient_storage;
      case std::errc::too_many_files_open:
      case std::errc::too_many_files_open_in_system:
      case std::errc::not_enough_memory:
      case std::errc::no_buffer_space:
      case std::errc::resource_unavailable_try_again:
      case std::errc::device_or_resource_busy: return status::service_unavailable;
      default: return status::internal_server_error;
    }
  }
  return status::internal_server_error;
}

/// A problem in words of one's own.
[[nodiscard]] inline problem problem_of(status code, std::string message, std::string path = {}) {
  problem made;
  made.code    = code;
  made.slug    = slug_of(code);
  made.message = std::move(message);
  made.path    = std::move(path);
  return made;
}

/// The problem that a failure is. Its note is told, for it is a literal of ours; a failure that is not HTTP's own and
/// is answered with 500 and above tells nothing but its status, for what it names is inside.
[[nodiscard]] inline problem from(failure const& why) {
  auto const code   = to_status(why.code);
  bool const ours   = why.code.category() == make_error_code(errc::internal).category();
  bool const hidden = code == status::internal_server_error || (to_number(code) > 500 && !ours);
  problem    made   = problem_of(code, {});
  made.cause        = why.code;
  if (hidden) {
    made.message = code == status::internal_server_error ? "the server failed" : std::string(reason(code));
  } else {
    made.message = why.note.empty() ? why.code.message() : std::string(why.note);
  }
  return made;
}

/// The problem of a body that is not the JSON that was asked for: 400 with the place in the text where its grammar is
/// broken, 422 with the path of the member where it is sound but not what was expected.
[[nodiscard]] inline problem from(reflect::json_error const& why) {
  problem made = from(static_cast<failure>(why));
  made.path    = why.path;
  made.message = made.code == status::bad_request ? "malformed JSON at line " + std::to_string(why.line) + ", column " +
                                                        std::to_string(why.column) + ": expected "
                                                  : std::string("expected ");
  made.message.append(why.expected);
  return made;
}

namespace detail {

/// The form of every error, as it is sent and as it stands in the document.
struct error_content {
  std::string_view                code;
  std::string_view                message;
  std::string_view                request_id;
  std::optional<std::string_view> path;
};
struct error_form {
  error_content error;
};

}  // namespace detail

/// The house's form: {"error":{"code":"not_found","message":"…","request_id":"…"}}, and `path` where it is known.
[[nodiscard]] inline reply problem_json(problem const& what, request const& r) {
  detail::error_form form{{what.slug.empty() ? slug_of(what.code) : what.slug, what.message, r.id, std::nullopt}};
  if (!what.path.empty()) form.error.path = what.path;
  return reply::json(reflect::write_json(form), what.code);
}

}  // namespace tensorgate::http
