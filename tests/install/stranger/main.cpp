// stranger ARCHITECTURE.yaml: prints its multiply-accumulates.
#include <cstdio>

#include "predictors/totals.hpp"
#include "space/space.hpp"

int main(int, char** argv) {
  const auto space = paretoforge::Space::load(argv[1]);
  const auto graph = space.decode(space.from_choices({}));
  std::printf("macs %lld\n", static_cast<long long>(paretoforge::totals(graph).macs));
}
