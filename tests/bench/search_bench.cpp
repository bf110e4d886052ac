// Times what a study spends outside its measurements: searchers, the store, fronts. Prints one line each.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "kernels_bench.hpp"
#include "search/nsga2.hpp"
#include "search/searcher.hpp"
#include "search/store.hpp"
#include "search/study.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void print(const std::string& what, double value, const char* unit, const char* goal) {
  std::printf("%-72s %10.3f %-4s %s\n", what.c_str(), value, unit, goal);
}

/// Per decision and alternative a cost, added up: two objectives in conflict, looked up in tables.
class TableObjectives {
 public:
  explicit TableObjectives(const Space& space) {
    Random random(1);
    for (const Decision& decision : space.decisions()) {
      latency_.emplace_back();
      error_.emplace_back();
      for (std::size_t i = 0; i < decision.labels.size(); ++i) {
        latency_.back().push_back(random.uniform());
        error_.back().push_back(1 - latency_.back().back() + 0.3 * random.uniform());
      }
    }
  }

  std::vector<std::optional<double>> operator()(const Architecture& point) const {
    double latency = 0, error = 0;
    for (std::size_t i = 0; i < point.size(); ++i) {
      if (point[i] < 0) continue;
      latency += latency_[i][static_cast<std::size_t>(point[i])];
      error += error_[i][static_cast<std::size_t>(point[i])];
    }
    return {latency, error};
  }

 private:
  std::vector<std::vector<double>> latency_, error_;
};

const std::vector<Criterion> two{{.name = "latency"}, {.name = "error"}};

void bench_searcher(const SearcherKind& kind, const std::string& space_name) {
  const Space space = Space::load(std::string(PARETOFORGE_SOURCE_DIR "/configs/spaces/") + space_name);
  const TableObjectives objectives(space);
  const auto searcher = kind.make({.space = space, .criteria = two}, std::nullopt);
  std::uint64_t pairs = 0;
  const double seconds = seconds_of([&] {
    while (pairs < 100'000) {
      const auto point = searcher->ask();
      if (!point) break;
      searcher->tell({.number = ++pairs, .architecture = *point, .values = objectives(*point)});
    }
  });
  print(std::to_string(pairs) + " ask/tell pairs, " + std::string(kind.name) + " on " + space_name, seconds, "s",
        kind.name == "nsga2" ? "(goal: under 2 s)" : "");
}

void bench_store() {
  std::string folder = (std::filesystem::temp_directory_path() / "paretoforge-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return;
  constexpr std::uint64_t commits = 500;
  double seconds = 0;
  {
    Store store = Store::open(folder, {"bench", ""});
    seconds = seconds_of([&] {
      for (std::uint64_t n = 1; n <= commits; ++n) {
        const Trial trial{.number = n, .architecture = Architecture(22, 3), .values = {1.5, 2.5, 3.5}};
        store.append({Event::Kind::ask, n, trial.architecture});
        store.save(trial);
        store.append({Event::Kind::tell, n, {}});
      }
    });
  }
  print("a trial committed to the store", 1e3 * seconds / commits, "ms", "(goal: under 5 ms)");
  const int file = ::open((folder + "/plain").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  const std::vector<char> pages(4 * 4096, 'x');
  bool written = file >= 0;
  const double plain = seconds_of([&] {
    for (std::uint64_t n = 1; written && n <= commits; ++n)
      written = ::write(file, pages.data(), pages.size()) > 0 && ::fdatasync(file) == 0;
  });
  if (written) print("  beside it: 16 KiB appended to a file and synchronised", 1e3 * plain / commits, "ms", "");
  ::close(file);
  std::filesystem::remove_all(folder);
}

/// A whole study without a store: loop, identity by network, threads.
void bench_study() {
  const Space space = Space::load(PARETOFORGE_SOURCE_DIR "/configs/spaces/nasbench201.yaml");
  const TableObjectives table(space);
  std::vector<Objective> objectives;
  for (const std::size_t k : {0, 1})
    objectives.push_back(
        {two[k], [&table, k](const Candidate& candidate) { return *table(candidate.architecture)[k]; }});
  Study study{.space = space,
              .objectives = objectives,
              .searcher = std::make_unique<Nsga2>(SearchProblem{.space = space, .criteria = two}, EvolutionOptions{}),
              .budget = {.trials = 2000},
              .threads = 2};
  std::size_t trials = 0;
  const double seconds = seconds_of([&] { trials = study.run().trials.size(); });
  print("a trial of a study on NAS-Bench-201, by network, no store", 1e6 * seconds / static_cast<double>(trials), "us",
        "");
}

}  // namespace

/// bench_search [kernels]: all of it (some minutes), or sorting and hypervolume alone, beside pagmo's where it is installed.
int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "kernels") return bench_kernels(), 0;
  for (const SearcherKind& kind : searchers()) {
    if (kind.modelled) continue;  // 100,000 asks of a model would take hours
    bench_searcher(kind, "fbnet.yaml");
    bench_searcher(kind, "ofa_mobilenetv3.yaml");
  }
  bench_store();
  bench_kernels();
  bench_study();
}
