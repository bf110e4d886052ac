// Times the way from decisions to exact totals: decode, prune, count, on NAS-Bench-201. Prints one line each.
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "predictors/totals.hpp"
#include "space/space.hpp"

using namespace paretoforge;

namespace {

template <class Work>
void print(const char* what, const std::vector<Architecture>& points, const Work& work) {
  std::int64_t sum = 0;  // printed, so that nothing is optimised away
  const auto begin = std::chrono::steady_clock::now();
  for (const Architecture& point : points) sum += work(point);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("%-56s %8.2f us a cell %8.3f s the table  (sum %lld)\n", what,
              1e6 * seconds / static_cast<double>(points.size()), seconds, static_cast<long long>(sum));
}

}  // namespace

int main() {
  const Space space = Space::load(PARETOFORGE_SOURCE_DIR "/configs/spaces/nasbench201.yaml");
  std::vector<Architecture> points;
  space.enumerate([&](const Architecture& point) { return points.push_back(point), true; });
  std::printf("NAS-Bench-201, %zu cells\n", points.size());
  print("decode", points, [&](const auto& point) { return space.decode(point).size(); });
  print("decode, prune", points, [&](const auto& point) { return pruned(space.decode(point)).size(); });
  print("decode, prune, hash", points,
        [&](const auto& point) { return static_cast<std::int64_t>(network_hash(pruned(space.decode(point))) & 1); });
  print("decode, totals (goal: under 100 us a cell)", points,
        [&](const auto& point) { return totals(space.decode(point)).peak_activation_bytes; });
}
