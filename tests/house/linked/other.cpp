// tests/house/linked/other.cpp: the second of two files that include every room.
#include <tensorgate/tensorgate.hpp>

tensorgate::result<int> from_the_other_file(int n);

tensorgate::result<int> from_the_other_file(int n) { return n + 1; }
