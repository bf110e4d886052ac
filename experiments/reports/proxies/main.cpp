// proxy_benchmark: estimates of accuracy beside full trainings of the same networks; README.md says how to run it.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>

#include "experiments/reports/proxies/ranking.hpp"
#include "trainers/trainer.hpp"

using namespace paretoforge;

namespace {

constexpr double most_minutes = 1e6;  // a clock counts nanoseconds in 64 bits

struct Wish {
  std::filesystem::path problem, out;
  std::size_t networks = 32, groups = 4;
  std::uint64_t seeds = 3, draw = 1;
  unsigned threads = 1;
  double minutes = most_minutes;
};

std::string text(double value) {
  if (!std::isfinite(value)) return "-";
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.3f", value);
  return digits;
}

std::string share(double value) {
  if (!std::isfinite(value)) return "-";
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.2f %%", 100 * value);
  return digits;
}

void print(const Problem& problem, const Wish& wish, const std::vector<Ranking>& all) {
  std::printf("%s: %zu networks drawn with seed %llu, %llu seeds\n\n", problem.name.c_str(), wish.networks,
              static_cast<unsigned long long>(wish.draw), static_cast<unsigned long long>(wish.seeds));
  std::printf("| estimate | of | Spearman | Kendall | Spearman at equal size | with its own seed | CPU s a network | share |\n");
  std::printf("|---|---|---|---|---|---|---|---|\n");
  const double whole = problem.full.measured() ? all.front().cpu_seconds : std::nan("");
  for (const Ranking& one : all)
    std::printf("| %s | %zu | %s | %s | %s | %s | %s | %s |\n", one.name.c_str(), one.pairs, text(one.spearman).c_str(),
                text(one.kendall).c_str(), text(one.at_equal_size).c_str(), text(one.same_seed).c_str(),
                text(one.cpu_seconds).c_str(), share(one.cpu_seconds / whole).c_str());
}

void print(const char* which, const std::vector<Calibration>& all) {
  if (all.empty()) return;
  std::printf("\n| %s: epochs known | curves | mean error, points | of the last value | deviation foretold | inside 50 %% | inside 90 %% |\n", which);
  std::printf("|---|---|---|---|---|---|---|\n");
  for (const Calibration& one : all)
    if (one.curves > 0) std::printf("| %zu | %zu | %.2f | %.2f | %.2f | %.0f | %.0f |\n", one.epochs, one.curves, one.error, one.last_error,
                one.deviation, one.within_50, one.within_90);
}

void run(const Wish& wish) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                                            std::chrono::duration<double>(60 * wish.minutes));
  const Problem problem = Problem::load(wish.problem);
  const Networks networks = problem.networks(wish.networks, wish.draw);
  Results results(problem, networks, wish.out.empty() ? std::filesystem::path(wish.problem).replace_extension(".csv") : wish.out);
  results.measure(wish.seeds, wish.threads, until);
  print(problem, wish, rankings(problem, results, wish.seeds, wish.groups));
  print("Even networks", calibrations(problem, results, wish.seeds, 0, 2));
  print("Odd networks", calibrations(problem, results, wish.seeds, 1, 2));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Rank correlation of estimates of accuracy with full trainings");
  Wish wish;
  app.add_option("problem", wish.problem, "YAML: space, full training, estimates")->required()->check(CLI::ExistingFile);
  app.add_option("--out", wish.out, "CSV that the results are added to and taken from (default: beside the problem)");
  app.add_option("--networks", wish.networks, "how many are drawn")->capture_default_str()->check(CLI::Range(5, 100000));
  app.add_option("--seeds", wish.seeds, "trainings of each, with seeds from 1 on")->capture_default_str()->check(CLI::Range(1, 1000));
  app.add_option("--draw", wish.draw, "seed that the networks are drawn with")->capture_default_str();
  app.add_option("--groups", wish.groups, "of equal size")->capture_default_str()->check(CLI::Range(1, 1000));
  app.add_option("--threads", wish.threads, "trainings side by side")->capture_default_str()->check(CLI::Range(1, 256));
  app.add_option("--limit", wish.minutes, "minutes after which nothing more is begun; 0 only prints")->check(CLI::Range(0.0, most_minutes));
  CLI11_PARSE(app, argc, argv);
  try {
    tune_process();
    run(wish);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
