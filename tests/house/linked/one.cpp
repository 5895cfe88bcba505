// tests/house/linked/one.cpp: the first of two files that include every room.
#include <tensorgate/tensorgate.hpp>

tensorgate::result<int> from_the_other_file(int n);

int main() {
  auto const got = from_the_other_file(2);
  return got && *got == 3 ? 0 : 1;
}
