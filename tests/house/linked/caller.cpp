// tests/house/linked/caller.cpp: calls what callee.cpp defines.
#include <tensorgate/core/result.hpp>

namespace tensorgate::inline TENSORGATE_ABI {
result<int> answer(int n);
}

int main() {
  auto const got = tensorgate::answer(2);
  return got && *got == 3 ? 0 : 1;
}
