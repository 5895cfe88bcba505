// tensorgate/http/detail/signature.hpp: what does a function take, and what does it return?
#pragma once

#include <tuple>  // tuple

#include <tensorgate/core/abi.hpp>  // TENSORGATE_ABI

namespace tensorgate::inline TENSORGATE_ABI::http::detail {

/// Parameters as they are declared. A member function takes its object first.
template <class Fn>
struct signature;

template <class R, class... P>
struct signature<R (*)(P...)> {
  using result     = R;
  using parameters = std::tuple<P...>;
};
template <class R, class... P>
struct signature<R (*)(P...) noexcept> : signature<R (*)(P...)> {};

template <class R, class C, class... P>
struct signature<R (C::*)(P...)> {
  using result     = R;
  using parameters = std::tuple<C&, P...>;
};
template <class R, class C, class... P>
struct signature<R (C::*)(P...) const> {
  using result     = R;
  using parameters = std::tuple<C const&, P...>;
};
template <class R, class C, class... P>
struct signature<R (C::*)(P...) noexcept> : signature<R (C::*)(P...)> {};
template <class R, class C, class... P>
struct signature<R (C::*)(P...) const noexcept> : signature<R (C::*)(P...) const> {};

template <class Fn>
concept handler_function = requires { typename signature<Fn>::result; };

}  // namespace tensorgate::http::detail
