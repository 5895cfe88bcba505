// tensorgate/service/detail/config_start.hpp: what would a start with these settings find missing on this machine?
//
// Settings whose parts need something of the machine say what, by a function of their description:
//
//     template <> struct tensorgate::reflect::describe<data_options> {
//       static void start_faults(data_options const& of, auto const& tell) {   // tell(member, sentence)
//         if (auto const why = folder_fault(of.folder); !why.empty()) tell("folder", why);
//       }
//     };
//
// The part asks the same function when it starts, so that both say the same.
#pragma once

#include <cstddef>      // size_t
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move

#include <tensorgate/service/detail/config_read.hpp>  // path_of, place_of
#include <tensorgate/service/detail/config_text.hpp>  // key_text
#include <tensorgate/service/detail/config_tree.hpp>  // config_node
#include <tensorgate/service/detail/config_type.hpp>  // setting_type

namespace tensorgate::inline TENSORGATE_ABI::service_detail {

/// Notes what is missing. `from` is where the value was written.
[[gnu::cold]] inline void look_around(config_reader& to, config_node const& from, setting_type const& type,
                                      void const* value, std::string const& path) {
  if (is_inline(type)) return;
  config_node nowhere;  // defaults were written nowhere; what is around them is the nearest place
  nowhere.is            = config_node::kind::table;
  nowhere.origin        = from.origin;
  auto const or_nowhere = [&](config_node const* one) -> config_node const& { return one != nullptr ? *one : nowhere; };
  if (type.is != setting_shape::table) {
    std::size_t index = 0;
    for_each_inside(type, value, [&](std::string_view name, void const* one) {
      if (type.is == setting_shape::optional) return look_around(to, from, *type.inner, one, path);
      bool const  listed = type.is == setting_shape::list;
      auto const* item   = index < from.items.size() ? &from.items[index] : nullptr;
      auto const  where  = listed ? path + "[" + std::to_string(index) + "]" : path_of(path, key_text(name));
      ++index;
      look_around(to, or_nowhere(listed ? item : from.find(name)), *type.inner, one, where);
    });
    return;
  }
  if (type.start_faults != nullptr) {
    type.start_faults(value, [&](std::string_view inside, std::string said) {
      auto const place = place_of(from, inside);
      if (place.is_default) said += " (nothing sets it, so this is the default)";
      to.wrong(*place.at, path_of(path, inside), std::move(said));
    });
  }
  member_places places{};
  type.places(value, places.data());
  for (std::size_t i = 0; i != type.count; ++i) {
    auto const name = type.labels[i].name;
    look_around(to, or_nowhere(from.find(name)), *type.types[i], places[i], path_of(path, name));
  }
}

}  // namespace tensorgate::service_detail
