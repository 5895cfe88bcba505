// tensorgate/http/detail/field_lines.hpp: reads the field lines of a head, one at a time, each of them once.
#pragma once

#include <bit>          // countr_zero
#include <cstddef>      // size_t
#include <cstdint>      // uint8_t, uint32_t
#include <string_view>  // string_view

#if defined(__SSE2__)
#include <emmintrin.h>  // _mm_cmpeq_epi8 and its kin
#endif

#include <tensorgate/http/detail/chars.hpp>  // is_char_of
#include <tensorgate/http/detail/scan.hpp>   // find_control
#include <tensorgate/http/errc.hpp>          // errc
#include <tensorgate/http/field.hpp>         // known_field, field_slots

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// A field line by offsets, which stay true when the bytes move.
struct field_line {
  std::uint32_t name_at    = 0;
  std::uint32_t name_size  = 0;
  std::uint32_t value_at   = 0;
  std::uint32_t value_size = 0;
  known_field   id         = known_field::other;
};

enum class line_state : std::uint8_t { need_more, line, blank, failed };

/// Reads one line of `1*tchar ":" OWS field-value OWS CRLF`, or the blank one that ends a section. No folding, no bare
/// CR or LF, no blank before the colon, no control byte but HTAB.
class field_line_reader {
 public:
  field_line       line{};    ///< after `line`
  std::size_t      next = 0;  ///< after `line` and `blank`: where the next line begins
  std::string_view note{};    ///< after `failed`

  void reset() noexcept { *this = field_line_reader{}; }

  /// `from` is where the line begins. Bytes of it that earlier calls accepted are not looked at again.
  line_state read(std::string_view bytes, std::size_t from) noexcept {
    char const* const base = bytes.data();
    char const* const end  = base + bytes.size();
    char const*       at   = base + from;
    if (at == end) return line_state::need_more;
    if (*at == '\r') return end_of_section(bytes, from);

    char const* const name_end = colon_ > from ? base + colon_ : end_of_name(at, end, base);
    if (name_end == nullptr) return note.empty() ? line_state::need_more : line_state::failed;

    colon_            = static_cast<std::size_t>(name_end - base);
    char const* value = name_end + 1;
    while (value != end && is_blank(*value)) ++value;
    char const* stop = base + scanned_ > value ? base + scanned_ : value;
    while ((stop = find_control(stop, end)) != end && *stop == '\t') ++stop;
    scanned_ = static_cast<std::size_t>(stop - base);
    if (stop == end) return line_state::need_more;
    if (*stop != '\r') return refuse(*stop == '\n' ? "a bare LF ends a field line" : "a control byte in a field value");
    if (stop + 1 == end) return line_state::need_more;
    if (stop[1] != '\n') return refuse("a bare CR in a field line");
    next = static_cast<std::size_t>(stop + 2 - base);
    while (stop != value && is_blank(stop[-1])) --stop;

    line.name_at    = static_cast<std::uint32_t>(from);
    line.name_size  = static_cast<std::uint32_t>(name_end - at);
    line.value_at   = static_cast<std::uint32_t>(value - base);
    line.value_size = static_cast<std::uint32_t>(stop - value);
    return line_state::line;
  }

 private:
  line_state refuse(std::string_view why) noexcept {
    note = why;
    return line_state::failed;
  }

  line_state end_of_section(std::string_view bytes, std::size_t from) noexcept {
    if (bytes.size() - from < 2) return line_state::need_more;
    if (bytes[from + 1] != '\n') return refuse("a bare CR where a field line begins");
    next = from + 2;
    return line_state::blank;
  }

  /// The colon; null when there is none yet, or, with a note, when there can be none. Sets `line.id`.
  char const* end_of_name(char const* at, char const* end, char const* base) noexcept {
#if defined(__SSE2__)
    if (end - at >= 32) {
      // A colon among 32 bytes whose name is known needs no look at single bytes: equal to a token, it is a token.
      auto const     first = _mm_loadu_si128(reinterpret_cast<__m128i const*>(at));
      auto const     rest  = _mm_loadu_si128(reinterpret_cast<__m128i const*>(at + 16));
      auto const     colon = _mm_set1_epi8(':');
      unsigned const found = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(first, colon))) |
                             static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(rest, colon))) << 16U;
      auto const size = static_cast<unsigned>(std::countr_zero(found));
      if (found != 0 && size >= 2) {
        auto const  candidate = field_slots[field_slot(at, size)];
        auto const  index     = static_cast<std::size_t>(candidate);
        auto const* lower     = reinterpret_cast<__m128i const*>(padded_field_names[index].data());
        auto const  small     = _mm_set1_epi8(0x20);
        // With this bit set a capital is its small letter and a control byte may be a hyphen: those are looked for.
        unsigned const same =
            static_cast<unsigned>(
                _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_or_si128(first, small), _mm_loadu_si128(lower)))) |
            static_cast<unsigned>(
                _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_or_si128(rest, small), _mm_loadu_si128(lower + 1))))
                << 16U;
        auto const     highest = _mm_set1_epi8(0x1F);
        unsigned const control =
            static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(first, highest), first))) |
            static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(rest, highest), rest))) << 16U;
        unsigned const wanted = (1U << size) - 1U;
        if (known_field_names[index].size() == size && (same & wanted) == wanted && (control & wanted) == 0) {
          line.id = candidate;
          return at + size;
        }
        if (is_text_of(token_char, {at, size})) {  // a name, and not one that is known
          line.id = known_field::other;
          return at + size;
        }
      }
    }
#endif
    char const* stop = base + scanned_ > at ? base + scanned_ : at;
    while (stop != end && is_char_of(token_char, *stop)) ++stop;
    if (scanned_ < static_cast<std::size_t>(stop - base)) scanned_ = static_cast<std::size_t>(stop - base);
    if (stop == end) return nullptr;
    if (*stop == ':' && stop != at) {
      line.id = classify_field({at, static_cast<std::size_t>(stop - at)});
      return stop;
    }
    note = what_is_wrong(at, stop);
    return nullptr;
  }

  /// Why `stop`, the first byte of a line that is no token character, ends it.
  static std::string_view what_is_wrong(char const* at, char const* stop) noexcept {
    if (is_blank(*stop))
      return stop == at ? "a line begins with a blank" : "a blank in a field name or before its colon";
    if (*stop == '\n') return "a bare LF in a field line";
    if (*stop == '\r') return "a field line without a colon";
    if (*stop == ':') return "a field line without a name";
    return "a byte that no field name may have";
  }

  std::size_t scanned_ = 0;  // bytes before this are known to be good
  std::size_t colon_   = 0;  // the last colon behind a name
};

}  // namespace tensorgate::http::detail
