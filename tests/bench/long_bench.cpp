// Searchers in spaces too large to weigh whole, and in long studies: mean hypervolume after so many trials. The cheap
// cost is a sum over decisions, the expensive one goes against it, and is a sum over pairs of neighbouring decisions,
// too.
//   bench_long [SPACE [TRIALS [SEEDS [SEARCHER...]]]]      by default fbnet, 1,000 trials, 5 seeds
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "ahead.hpp"
#include "search/hypervolume.hpp"
#include "search/searcher.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

/// A number from 0 to 1 that belongs to these alternatives.
double drawn(std::uint64_t place, std::int32_t a, std::int32_t b = -1) {
  return Random(derived_seed(derived_seed(place, static_cast<std::uint64_t>(a + 1)), static_cast<std::uint64_t>(b + 2)))
      .uniform();
}

/// Latency, known for nothing, and error: what is slow is better, pairs of neighbours as much as decisions alone.
std::vector<double> costs_of(const Architecture& point) {
  double latency = 0, error = 0;
  for (std::size_t i = 0; i < point.size(); ++i) {
    const double size = drawn(i, point[i]);
    latency += size;
    error -= 0.6 * size + 0.4 * drawn(1000 + i, point[i]);
    if (i > 0) error -= drawn(2000 + i, point[i - 1], point[i]);
  }
  const auto n = static_cast<double>(point.size());
  return {latency / n, 1 + error / n};
}

const std::vector<double> reference = {1, 1};

constexpr std::uint64_t printed[] = {50, 100, 200, 500, 1000, 2000, 5000, 10000};

std::vector<double> volumes(const SearcherKind& kind, const Space& space, std::uint64_t seed, std::uint64_t trials) {
  const SearchProblem problem{
      .space = space,
      .criteria = {{.name = "latency"}, {.name = "error", .expensive = true}},
      .seed = seed,
      .cheap = [](const Architecture& point) -> std::optional<std::vector<std::optional<double>>> {
        return {{costs_of(point)[0], std::nullopt}};
      }};
  const auto searcher = kind.make(problem, std::nullopt);
  Costs points(reference.size());
  std::vector<double> result;
  run_ahead(*searcher, trials, costs_of, [&](std::uint64_t told, const std::vector<double>& costs) {
    points.add(costs);
    if (std::find(std::begin(printed), std::end(printed), told) != std::end(printed))
      result.push_back(hypervolume(points, reference));
  });
  return result;
}

void run(const SearcherKind& kind, const Space& space, std::uint64_t seeds, std::uint64_t trials) {
  const std::clock_t begin = std::clock();
  std::vector<std::vector<double>> all;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) all.push_back(volumes(kind, space, seed, trials));
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  std::printf("%-24s", std::string(kind.name).c_str());
  for (std::size_t i = 0; i < all[0].size(); ++i) {
    double mean = 0, square = 0;
    for (const auto& each : all) mean += each[i] / static_cast<double>(seeds);
    for (const auto& each : all) square += std::pow(each[i] - mean, 2) / static_cast<double>(seeds);
    std::printf("  %llu: %.3f +- %.3f", static_cast<unsigned long long>(printed[i]), mean, std::sqrt(square));
  }
  std::printf("  %.1f ms a trial\n", 1e3 * seconds / static_cast<double>(seeds * trials));
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string file = count > 1 ? arguments[1] : "fbnet";
  const std::uint64_t trials = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1000;
  const std::uint64_t seeds = count > 3 ? std::max(1ull, std::strtoull(arguments[3], nullptr, 10)) : 5;
  const std::vector<std::string> names = count > 4
                                             ? std::vector<std::string>(arguments + 4, arguments + count)
                                             : std::vector<std::string>{"auto", "nsga2", "smsemoa", "local_search"};
  const Space space = Space::load(PARETOFORGE_SOURCE_DIR "/configs/spaces/" + file + ".yaml");
  for (const std::string& name : names) run(searcher_named(name, Config::make_scalar(name)), space, seeds, trials);
}
