// Times the default searcher: an ask after many trials, the start, the memory it takes. Prints one line each. Processor
// time, which is the time that passes where nothing else runs: it has one thread.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "search/auto_search.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

double milliseconds_since(std::clock_t begin) {
  return 1e3 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

/// Per decision and alternative a cost, added up with a little of their products: two objectives in conflict.
std::vector<std::optional<double>> values_of(const Architecture& point) {
  double latency = 0, quality = 0;
  for (std::size_t i = 0; i < point.size(); ++i) {
    Random random(derived_seed(i, static_cast<std::uint64_t>(point[i] + 1)));
    const double size = random.uniform();
    latency += size;
    quality += size + 0.3 * random.uniform() - 0.05 * size * latency;
  }
  return {latency, -quality};
}

SearchProblem problem_in(const std::string& space_name, const std::vector<double>& rungs) {
  return {.space = Space::load(PARETOFORGE_SOURCE_DIR "/configs/spaces/" + space_name),
          .criteria = {{.name = "latency"}, {.name = "quality", .expensive = true, .rungs = rungs}},
          .cheap = [](const Architecture& point) -> std::optional<std::vector<std::optional<double>>> {
            return {{values_of(point)[0], std::nullopt}};
          }};
}

/// Asks and tells, `start` of the trials before a model is made; times asks once `from` trials were told.
void bench(const std::string& space_name, std::size_t start, std::uint64_t from, std::uint64_t trials,
           const char* goal) {
  const SearchProblem problem = problem_in(space_name, {});
  const std::clock_t begin = std::clock();
  AutoSearch searcher(problem, {.start = start});
  const double construction = milliseconds_since(begin);
  double total = 0, most = 0;
  for (std::uint64_t told = 0; told < trials; ++told) {
    const std::clock_t ask = std::clock();
    const auto point = searcher.ask();
    if (!point) break;
    const double passed = milliseconds_since(ask);
    if (told >= from) total += passed, most = std::max(most, passed);
    searcher.tell({.number = told + 1, .architecture = *point, .values = values_of(*point)});
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("auto on %-18s made in %8.1f ms; asks %llu to %llu: mean %8.2f ms %s, most %8.1f ms; memory %ld MiB\n",
              space_name.c_str(), construction, static_cast<unsigned long long>(from + 1),
              static_cast<unsigned long long>(trials), total / static_cast<double>(trials - from), goal, most,
              usage.ru_maxrss / 1024);
  std::fflush(stdout);
}

/// The same with a rung at a twentieth of the budget, which reads quality with noise: all that searchers are asked from
/// one trial to the next, proposals and promotions together.
void bench_rungs(const std::string& space_name, std::uint64_t trials) {
  const SearchProblem problem = problem_in(space_name, {0.05});
  AutoSearch searcher(problem, {});
  std::vector<Trial> begun;
  double total = 0, most = 0;
  std::uint64_t complete = 0;
  while (begun.size() < trials) {
    const std::clock_t begin = std::clock();
    const auto promoted = searcher.promote();
    const auto point = promoted ? std::nullopt : searcher.ask();
    const double passed = milliseconds_since(begin);
    total += passed, most = std::max(most, passed);
    if (promoted) {
      Trial& trial = begun[*promoted - 1];
      trial.state = TrialState::complete, trial.rung = 1, trial.values = values_of(trial.architecture), ++complete;
      searcher.update(trial);
      continue;
    }
    if (!point) break;
    Random random(derived_seed(2, begun.size()));
    const auto values = values_of(*point);
    const double reading = *values[1] + 0.3 * random.normal();
    begun.push_back({.number = begun.size() + 1,
                     .architecture = *point,
                     .state = TrialState::pruned,
                     .values = {values[0], reading},
                     .readings = {{0, 1, reading}}});
    searcher.tell(begun.back());
  }
  std::printf(
      "auto on %-18s with a rung: %llu trials: %8.2f ms for each, promotions included; most %8.1f ms; %llu went on\n",
      space_name.c_str(), static_cast<unsigned long long>(trials), total / static_cast<double>(trials), most,
      static_cast<unsigned long long>(complete));
  std::fflush(stdout);
}

}  // namespace

int main() {
  bench("nasbench201.yaml", 10, 0, 1000, "(goal: under 50)");
  bench("nasbench201.yaml", 1000, 1000, 1200, "(goal: under 50)");
  bench("fbnet.yaml", 10, 0, 1000, "(goal: under 50)");
  bench("nasbench201.yaml", 10000, 10000, 10200, "(goal: under 1000; memory under 1024)");
  for (const char* space : {"nasbench201.yaml", "fbnet.yaml"}) bench_rungs(space, 200);
}
