// tensorgate/reflect/members.hpp: an aggregate's members with their rules, for other readers than those of this room.
//
//     wire_names<T>[i], wire_name<T, I>     what the member is called outside
//     required_members<T>()                 one bit for each member that must be there
//     keeps_rules<T, I>(member, wanted)     false, and what was wanted, if a rule of member I is broken
//     rejects_unknown<T>()                  true if members that the aggregate does not have are an error
#pragma once

#include <tensorgate/reflect/detail/members.hpp>

namespace tensorgate::inline TENSORGATE_ABI::reflect {

using detail::keeps_rules;
using detail::rejects_unknown;
using detail::required_members;
using detail::wire_name;
using detail::wire_names;

}  // namespace tensorgate::reflect
