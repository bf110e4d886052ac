#include "experiments/reports/proxies/results.hpp"

#include <atomic>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <sstream>
#include <thread>

#include "configs/table.hpp"

namespace paretoforge {
namespace {

double thread_seconds() {
  std::timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

Measured trained(std::shared_ptr<const Dataset> data, const TrainSettings& settings, const Graph& graph, std::uint64_t seed) {
  TrainBudget budget = settings.budget;
  budget.seed = budget.split_seed = seed;
  if (settings.extrapolate > 0) budget.until = settings.extrapolate, budget.curve = true;
  const TrainResult result = make_trainer(std::move(data), settings)->train(graph, budget);
  Measured measured{budget.test ? result.test.accuracy_pct : result.validation.accuracy_pct, result.cpu_seconds, {}};
  for (const Evaluation& epoch : result.curve) measured.curve.push_back(epoch.accuracy_pct);
  return measured;
}

/// One scorer for each estimate and seed, made when it is first asked for.
class Scorers {
 public:
  explicit Scorers(const Space& space) : space_(space) {}
  Measured scored(const Estimate& estimate, const Graph& graph, std::uint64_t seed) {
    const Scorer& scorer = of(estimate, seed);
    const double begin = thread_seconds();
    const double value = scorer.score(graph);
    return {value, thread_seconds() - begin, {}};
  }

 private:
  const Scorer& of(const Estimate& estimate, std::uint64_t seed) {
    const std::lock_guard lock(mutex_);
    auto& scorer = scorers_[{estimate.key, seed}];
    if (!scorer) {
      ScoreSettings settings = *estimate.score;
      settings.seed = seed;
      scorer = std::make_unique<Scorer>(settings, &space_);
    }
    return *scorer;
  }

  const Space& space_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::uint64_t>, std::unique_ptr<Scorer>> scorers_;
};

std::string joined(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : " ") + number_text(value);
  return text;
}

}  // namespace

Results::Results(const Problem& problem, const Networks& networks, const std::filesystem::path& csv)
    : problem_(problem), networks_(networks), table_(csv, {"network", "seed", "estimate", "key", "value", "cpu_seconds", "curve"}) {
  for (const Graph& graph : networks.graphs) hashes_.push_back(hex_text(network_hash(graph)));
  for (const auto& row : table_.rows()) index(row);
}

void Results::index(const std::vector<std::string>& row) {
  try {
    Measured measured{std::stod(row[4]), std::stod(row[5]), {}};
    std::istringstream curve(row[6]);
    for (double value; curve >> value;) measured.curve.push_back(value);
    known_[{row[0], std::stoul(row[1]), row[3]}] = std::move(measured);
  } catch (const std::logic_error&) {
    throw ConfigError("error: a row of the results is not one of numbers: network " + row[0] + ", seed " + row[1] + ", " + row[2]);
  }
}

void Results::add(const Task& task, const Measured& measured) {
  table_.add({hashes_[task.network], std::to_string(task.seed), task.estimate->name, task.estimate->key,
              number_text(measured.value), number_text(measured.cpu_seconds), joined(measured.curve)});
}

const Measured* Results::find(std::size_t network, std::uint64_t seed, const Estimate& estimate) const {
  const auto found = known_.find({hashes_.at(network), seed, estimate.key});
  return found == known_.end() ? nullptr : &found->second;
}

std::vector<Results::Task> Results::missing(std::uint64_t seeds) const {
  std::vector<Task> tasks;
  const auto want = [&](std::size_t network, std::uint64_t seed, const Estimate& estimate) {
    if (!find(network, seed, estimate)) tasks.push_back({network, seed, &estimate});
  };
  for (std::uint64_t seed = 1; seed <= seeds; ++seed)
    for (std::size_t network = 0; network < networks_.graphs.size(); ++network) {
      for (const Estimate& estimate : problem_.estimates)
        if (estimate.measured()) want(network, seed, estimate);
      if (problem_.full.measured()) want(network, seed, problem_.full);
    }
  return tasks;
}

void Results::measure(std::uint64_t seeds, unsigned threads, std::chrono::steady_clock::time_point until) {
  const std::vector<Task> tasks = missing(seeds);
  if (tasks.empty() || std::chrono::steady_clock::now() >= until) return;
  const auto data = std::make_shared<const Dataset>(load_dataset(*problem_.train.data));
  Scorers scorers(problem_.space);
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i; std::chrono::steady_clock::now() < until && (i = next++) < tasks.size();) try {
        const Task& task = tasks[i];
        const Graph& graph = networks_.graphs[task.network];
        add(task, task.estimate->score ? scorers.scored(*task.estimate, graph, task.seed)
                                       : trained(data, *task.estimate->train, graph, task.seed));
        std::fprintf(stderr, "%zu of %zu: network %zu, seed %llu, %s\n", i + 1, tasks.size(), task.network,
                     static_cast<unsigned long long>(task.seed), task.estimate->name.c_str());
      } catch (const std::exception& error) {
        std::fprintf(stderr, "network %zu, %s: %s\n", tasks[i].network, tasks[i].estimate->name.c_str(), error.what());
      }
  };
  {
    std::vector<std::jthread> pool;
    for (unsigned i = 0; i < threads; ++i) pool.emplace_back(work);
  }
  known_.clear();
  for (const auto& row : table_.rows()) index(row);
}

}  // namespace paretoforge
