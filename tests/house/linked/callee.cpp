// tests/house/linked/callee.cpp: defines what caller.cpp calls.
#include <tensorgate/core/result.hpp>

namespace tensorgate::inline TENSORGATE_ABI {
result<int> answer(int n);
result<int> answer(int n) { return n + 1; }
}  // namespace tensorgate
