// Do our readers see in a JSON text what another library sees in it?
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <tensorgate/reflect/json_read.hpp>
#include <tensorgate/reflect/json_slice.hpp>

namespace tensorgate_tests {

/// True if a text that we accept holds a number that no double can hold: others refuse it, we keep its text.
inline bool holds_huge_number(std::string_view text) {
  namespace reflect = tensorgate::reflect;
  bool       huge   = false;
  auto const look   = [&](auto const&, std::string_view part) { huge = huge || holds_huge_number(part); };
  if (text.front() == '{') {
    static_cast<void>(
        reflect::for_each_member(text, look, {.max_depth = 1024, .duplicates = reflect::duplicate_members::last_wins}));
  } else if (text.front() == '[') {
    static_cast<void>(reflect::for_each_element(text, look, {.max_depth = 1024}));
  } else if (text.front() == '-' || (text.front() >= '0' && text.front() <= '9')) {
    huge = !reflect::read_json<double>(text);
  }
  return huge;
}

/// True if `tree` is what `text`, one valid value without blanks around it and without duplicate keys, stands for.
inline bool is_same(std::string_view text, nlohmann::json const& tree) {
  namespace reflect = tensorgate::reflect;
  switch (tree.type()) {
    case nlohmann::json::value_t::null: return text == "null";
    case nlohmann::json::value_t::boolean: {
      auto const read = reflect::read_json<bool>(text);
      return read && *read == tree.get<bool>();
    }
    case nlohmann::json::value_t::number_integer: {
      auto const read = reflect::read_json<std::int64_t>(text);
      return read && *read == tree.get<std::int64_t>();
    }
    case nlohmann::json::value_t::number_unsigned: {
      auto const read = reflect::read_json<std::uint64_t>(text);
      return read && *read == tree.get<std::uint64_t>();
    }
    case nlohmann::json::value_t::number_float: {
      auto const read  = reflect::read_json<double>(text);
      auto const value = tree.get<double>();
      return read && *read == value && std::signbit(*read) == std::signbit(value);
    }
    case nlohmann::json::value_t::string: {
      auto const read = reflect::read_json<std::string>(text);
      return read && *read == tree.get_ref<std::string const&>();
    }
    case nlohmann::json::value_t::array: {
      std::size_t count = 0;
      bool        same  = true;
      auto const  read  = reflect::for_each_element(text,
                                                    [&](std::size_t index, std::string_view part) {
                                                    ++count;
                                                    return same = index < tree.size() && is_same(part, tree[index]);
                                                  },
                                                    {.max_depth = 1024});
      return read && same && count == tree.size();
    }
    case nlohmann::json::value_t::object: {
      std::size_t count = 0;
      bool        same  = true;
      auto const  read  = reflect::for_each_member(text,
                                                   [&](std::string_view key, std::string_view part) {
                                                   ++count;
                                                   auto const found = tree.find(std::string(key));
                                                   return same      = found != tree.end() && is_same(part, *found);
                                                 },
                                                   {.max_depth = 1024});
      return read && same && count == tree.size();
    }
    default: return false;
  }
}

}  // namespace tensorgate_tests
