// ptn_tree FOLDER [MINERS POSITIONS [SEED]]: writes a tree as a validator leaves it, for trials and measurements.
#include "support/ptn_tree.hpp"

#include <cstdio>
#include <exception>
#include <string>

int main(int argc, char** argv) {
  try {
    if (argc < 2 || argc == 3) {
      std::fputs("usage: ptn_tree FOLDER [MINERS POSITIONS [SEED]]\n", stderr);
      return 2;
    }
    tensorgate_tests::ptn_tree wanted;
    wanted.tiers = true;
    if (argc > 3) {
      wanted.positions.miners    = std::stoul(argv[2]);
      wanted.positions.positions = std::stoul(argv[3]);
    }
    if (argc > 4) wanted.positions.seed = std::stoull(argv[4]);
    tensorgate_tests::write_ptn_tree(argv[1], wanted);
  } catch (std::exception const& why) {
    std::fprintf(stderr, "ptn_tree: %s\n", why.what());
    return 1;
  }
}
