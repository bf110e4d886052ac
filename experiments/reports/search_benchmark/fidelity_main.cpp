// fidelity_benchmark: what low budgets save. On NAS-Bench-201, `auto` that trains every network for 200 epochs, beside
// `auto` that may train for 12 epochs first (validation accuracy) and promotes: shares of the true hypervolume over
// simulated training time, which the table has.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "configs/table.hpp"
#include "experiments/reports/search_benchmark/losses.hpp"
#include "experiments/reports/search_benchmark/problem.hpp"
#include "experiments/reports/search_benchmark/results.hpp"
#include "search/comparison.hpp"
#include "search/study.hpp"
#include "space/table_points.hpp"

using namespace paretoforge;
using namespace paretoforge::benchmark;

namespace {

constexpr double low_share = 12.0 / 200;

/// What 12 epochs say of a network, and how long they take.
struct Low {
  double accuracy_pct, seconds;
};
using LowRows = std::unordered_map<Architecture, Low, ArchitectureHash>;

struct Wish {
  std::filesystem::path data = std::getenv("PARETOFORGE_DATA") ? std::getenv("PARETOFORGE_DATA") : "";
  std::vector<std::string> problems{"1080ti_1", "2080ti_32", "titanx_256", "pixel3", "gold_6240", "silver_4114"};
  std::uint64_t seeds = 20, first_seed = 1, trials = 100;
  double share = 1.0 / 3;
  std::string algorithm = "auto", fidelity;
  bool losses = false;
};

LowRows low_rows(const Space& space, const std::filesystem::path& data) {
  const Table table = Table::load(data / "nasbench201/accuracy_cifar10_by_epochs.csv");
  const std::vector<Architecture> points = points_of(space, table);
  const std::vector<double> accuracies = table.numbers("validation_accuracy_12_epochs_pct");
  const std::vector<double> seconds = table.numbers("train_time_12_epochs_s");
  LowRows rows;
  for (std::size_t i = 0; i < points.size(); ++i) rows.emplace(points[i], Low{accuracies[i], seconds[i]});
  return rows;
}

/// A share and the simulated seconds at which it was reached, over a run.
struct Curve {
  std::vector<std::pair<double, double>> points;        ///< seconds, share; both rise
  std::vector<Architecture> begun = {}, complete = {};  ///< until the time was up

  double share_at(double seconds) const {
    double share = 0;
    for (const auto& [at, value] : points)
      if (at <= seconds) share = value;
    return share;
  }
  double seconds() const { return points.empty() ? 0 : points.back().first; }
};

/// Runs `auto` until so many simulated seconds are over (or trials told, where it is not given).
Curve run(const Problem& problem, std::shared_ptr<const LowRows> low, const std::string& search, std::uint64_t seed,
          bool rungs, double seconds, std::uint64_t trials) {
  std::vector<Objective> objectives = problem.objectives();
  if (rungs) {
    objectives[1].rungs = {low_share};
    objectives[1].measure = [low, full = objectives[1].measure](const Candidate& candidate) {
      return candidate.rung == 0 ? low->at(candidate.architecture).accuracy_pct : full(candidate);
    };
  }
  const SearchSettings settings = SearchSettings::read(Config::parse(search, "--fidelity"));
  Curve curve;
  std::atomic<bool> stop = false;
  double spent = 0;
  const auto told = [&](const StudyState& state, bool) {
    const Trial& trial = state.trials[state.newest - 1];
    const double own = low->at(trial.architecture).seconds;
    const bool complete = trial.state == TrialState::complete;
    spent += !complete ? own : own / low_share - (trial.readings.empty() ? 0 : own);
    if (seconds > 0 && spent > seconds) stop = true;
    if (stop) return;
    curve.points.emplace_back(spent, problem.share(state.front));
    if (trial.readings.empty() || !complete) curve.begun.push_back(trial.architecture);
    if (complete) curve.complete.push_back(trial.architecture);
  };
  Study study{.space = problem.space(),
              .objectives = objectives,
              .searcher = settings.make({.space = problem.space(),
                                         .criteria = criteria(objectives),
                                         .seed = seed,
                                         .points = problem.points(),
                                         .cheap = problem.cheap()}),
              .budget = {.trials = trials},
              .window = settings.window,
              .identity = Identity::decisions,
              .seed = seed,
              .fidelity = settings.fidelity,
              .stop = &stop,
              .on_told = told};
  study.run();
  return curve;
}

/// What knowing every network's reading for nothing would give: layer by layer of cost and reading, the best readings
/// first, networks are trained fully while so many seconds last. The share, and how many were trained.
std::pair<double, std::uint64_t> all_readings_known(const Problem& problem, const LowRows& low, double seconds) {
  std::vector<Architecture> left;
  problem.space().enumerate([&](const Architecture& point) { return left.push_back(point), true; });
  std::sort(left.begin(), left.end(), [&](const Architecture& a, const Architecture& b) {
    const double first = problem.values(a).first, second = problem.values(b).first;
    return first != second ? first < second : low.at(a).accuracy_pct > low.at(b).accuracy_pct;
  });
  std::vector<Architecture> trained;
  while (!left.empty()) {
    std::vector<Architecture> layer, rest;
    for (const Architecture& point : left) {
      const bool better = layer.empty() || low.at(point).accuracy_pct > low.at(layer.back()).accuracy_pct;
      (better ? layer : rest).push_back(point);
    }
    for (auto point = layer.rbegin(); point != layer.rend(); ++point) {
      seconds -= low.at(*point).seconds / low_share;
      if (seconds < 0) return {share_of(problem, trained), trained.size()};
      trained.push_back(*point);
    }
    left = std::move(rest);
  }
  return {share_of(problem, trained), trained.size()};
}

/// Adds to a mean over so many seeds.
void add(Losses& mean, const Losses& losses, std::uint64_t seeds) {
  mean.luck += losses.luck / static_cast<double>(seeds);
  mean.untrained += losses.untrained / static_cast<double>(seeds);
  mean.unseen += losses.unseen / static_cast<double>(seeds);
}

void print_losses(const std::string& name, const char* what, const Losses& losses) {
  std::printf("%-12s %-10s  lost: %.4f networks not begun, %.4f begun and not trained, %.4f luck among twins\n",
              name.c_str(), what, losses.unseen, losses.untrained, losses.luck);
}

/// What each pair of runs came to, one pair for each device and seed: full budgets in all of the time, rungs in their
/// share of it.
struct Ends {
  std::vector<double> full, rungs;
};

/// Whether the two differ by more than luck: the mean difference with its standard error, and Wilcoxon's test.
void print_difference(const Ends& ends) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < ends.full.size(); ++i) differences.push_back(ends.rungs[i] - ends.full[i]);
  const Spread all = spread(differences);
  std::printf("with rungs, in their share of the time, less without, in all of it: %+.4f", all.mean);
  if (all.count > 1) std::printf(" +- %.4f", all.deviation / std::sqrt(static_cast<double>(all.count)));
  const auto better = std::count_if(differences.begin(), differences.end(), [](double gain) { return gain > 0; });
  std::printf(" (mean and standard error of %zu runs; better in %td; signed-rank test: p = %.2f)\n", differences.size(), better,
              wilcoxon_signed_rank(ends.rungs, ends.full).p_value);
}

void compare(const std::string& name, const Wish& wish, Ends& ends) {
  const auto kinds = problem_kinds();
  const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const ProblemKind& k) { return k.name == name; });
  if (kind == kinds.end() || kind->space != "nasbench201.yaml") throw ConfigError("error: no such problem: " + name);
  const Problem problem(*kind, wish.data);
  const auto low = std::make_shared<const LowRows>(low_rows(problem.space(), wish.data));
  constexpr std::array parts{0.1, 0.2, 0.25, 1.0 / 3, 0.4, 0.5, 2.0 / 3, 1.0};
  std::array<double, parts.size()> full_mean{}, rungs_mean{};
  double begun = 0, complete = 0, full_seconds = 0;
  std::optional<LossSplit> split;
  if (wish.losses) split.emplace(problem);
  Losses full_losses, rungs_losses;
  for (std::uint64_t i = 0; i < wish.seeds; ++i) {
    const std::uint64_t seed = wish.first_seed + i;
    const Curve full = run(problem, low, "{algorithm: " + wish.algorithm + ", trials: 1}", seed, false, 0, wish.trials);
    const std::string fidelity = wish.fidelity.empty() ? "" : ", fidelity: " + wish.fidelity;
    const Curve rungs = run(problem, low, "{algorithm: " + wish.algorithm + ", trials: 1" + fidelity + "}", seed, true,
                            wish.share * full.seconds(), 100'000);
    for (std::size_t p = 0; p < parts.size(); ++p) {
      full_mean[p] += full.share_at(parts[p] * full.seconds()) / static_cast<double>(wish.seeds);
      rungs_mean[p] += rungs.share_at(parts[p] * full.seconds()) / static_cast<double>(wish.seeds);
    }
    ends.full.push_back(full.share_at(full.seconds()));
    ends.rungs.push_back(rungs.share_at(wish.share * full.seconds()));
    full_seconds += full.seconds() / static_cast<double>(wish.seeds);
    begun += static_cast<double>(rungs.begun.size()) / static_cast<double>(wish.seeds);
    complete += static_cast<double>(rungs.complete.size()) / static_cast<double>(wish.seeds);
    if (!split) continue;
    add(full_losses, (*split)(full.begun, full.complete), wish.seeds);
    add(rungs_losses, (*split)(rungs.begun, rungs.complete), wish.seeds);
  }
  const auto line = [&](const char* what, const auto& shares, double most) {
    std::printf("%-12s %-10s", name.c_str(), what);
    for (std::size_t p = 0; p < parts.size(); ++p)
      parts[p] <= most + 1e-9 ? std::printf("  %.4f", shares[p]) : std::printf("       -");
    std::printf("\n");
  };
  line("full", full_mean, 1);
  line("rungs", rungs_mean, wish.share);
  std::printf("%-12s %-10s  %.1f trials begun, %.1f trained fully\n", name.c_str(), "", begun, complete);
  const auto [share, trained] = all_readings_known(problem, *low, wish.share * full_seconds);
  std::printf("%-12s %-10s  %.4f with the readings of all known for nothing, %llu trained fully\n", name.c_str(), "",
              share, static_cast<unsigned long long>(trained));
  if (split) print_losses(name, "full", full_losses), print_losses(name, "rungs", rungs_losses);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Shares of the true hypervolume over simulated training time, with 12 epochs as a low budget and without"};
  Wish wish;
  app.add_option("--problem", wish.problems, "only these devices")->delimiter(',');
  app.add_option("--seeds", wish.seeds, "how many")->capture_default_str();
  app.add_option("--first-seed", wish.first_seed, "the least of them")->capture_default_str();
  app.add_option("--trials", wish.trials, "of the full-fidelity search; the time they take is 1")
      ->capture_default_str();
  app.add_option("--share", wish.share, "of that time that the search with rungs may take")->capture_default_str();
  app.add_option("--algorithm", wish.algorithm, "of both searches")->capture_default_str();
  app.add_option("--fidelity", wish.fidelity, "as in `search:`; the algorithm's default where it is absent");
  app.add_flag("--losses", wish.losses,
               "also what the fronts lack: networks not begun, begun and not trained, isomorphic to one that was");
  app.add_option("--data", wish.data, "folder of the tables (default: PARETOFORGE_DATA)");
  CLI11_PARSE(app, argc, argv);
  try {
    if (wish.data.empty()) throw ConfigError("error: --data or PARETOFORGE_DATA must name the folder of the tables");
    std::printf(
        "%-23s    0.10    0.20    0.25    0.33    0.40    0.50    0.67    1.00  of the time of %llu full trials\n", "",
        static_cast<unsigned long long>(wish.trials));
    Ends ends;
    for (const std::string& problem : wish.problems) compare(problem, wish, ends);
    print_difference(ends);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
