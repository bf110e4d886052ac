// search_benchmark: runs searchers on published tables, keeps what came of it in results.csv, prints a table.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>

#include "experiments/reports/search_benchmark/contestant.hpp"
#include "experiments/reports/search_benchmark/page.hpp"
#include "experiments/reports/search_benchmark/results.hpp"

using namespace paretoforge;
using namespace paretoforge::benchmark;

namespace {

struct Wish {
  std::filesystem::path data = std::getenv("PARETOFORGE_DATA") ? std::getenv("PARETOFORGE_DATA") : "";
  std::filesystem::path out = "results.csv", page;
  std::vector<std::string> searchers, problems, options;
  std::uint64_t seeds = 20, first_seed = 1, trials = most_trials;
  bool only_print = false;
};

void read_arguments(CLI::App& app, Wish& wish) {
  app.add_option("--searcher", wish.searchers, "only these (default: every one)")->delimiter(',');
  app.add_option("--problem", wish.problems, "only these (default: every one)")->delimiter(',');
  app.add_option("--option", wish.options, "KEY=VALUE of `search:`, for every searcher named");
  app.add_option("--seeds", wish.seeds, "how many")->capture_default_str();
  app.add_option("--first-seed", wish.first_seed, "the least of them")->capture_default_str();
  app.add_option("--trials", wish.trials, "10 to 500")
      ->capture_default_str()
      ->check(CLI::Range(trials_per_column, most_trials));
  app.add_option("--data", wish.data, "folder of the tables (default: PARETOFORGE_DATA)");
  app.add_option("--out", wish.out, "where results are kept; what is there is not run again")->capture_default_str();
  app.add_option("--page", wish.page, "run nothing, write the tables and curves of complete results into this folder");
  app.add_flag("--print", wish.only_print, "run nothing, print what is there");
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The options as a study's `search:` map would hold them; nothing where there are none.
std::optional<Config> search_map(const std::vector<std::string>& options) {
  if (options.empty()) return std::nullopt;
  std::string text;
  for (const std::string& option : options) {
    const std::size_t equals = option.find('=');
    if (equals == std::string::npos) throw ConfigError("error: --option wants KEY=VALUE, not '" + option + "'");
    text += option.substr(0, equals) + ": " + option.substr(equals + 1) + "\n";
  }
  return Config::parse(text, "--option");
}

/// Those whose names are wished for, all where none is named.
template <class Named>
std::vector<Named> chosen(std::vector<Named> all, const std::vector<std::string>& names) {
  std::string known;
  for (const Named& one : all) known += " " + std::string(one.name);
  for (const std::string& name : names)
    if (std::none_of(all.begin(), all.end(), [&](const Named& one) { return one.name == name; }))
      throw ConfigError("error: nothing is called '" + name + "'; there is" + known);
  std::erase_if(all, [&](const Named& one) { return !names.empty() && !contains(names, one.name); });
  return all;
}

/// What is there of one contestant on one problem with one set of options, complete or not.
void print_runs(const std::vector<const Row*>& runs) {
  std::uint64_t repeats = 0;
  double seconds = 0;
  for (const Row* run : runs) {
    repeats += run->repeats;
    seconds += run->searcher_seconds;
  }
  const RunKey& key = runs[0]->key;
  const std::string name = key.searcher + (key.options.empty() ? "" : " " + key.options);
  std::printf("%-20s %-12s %5zu ", name.c_str(), key.problem.c_str(), runs.size());
  for (const std::uint64_t trials : {100, 200, 500}) {
    std::vector<double> shares;
    for (const Row* run : runs)
      if (run->trials >= trials) shares.push_back(run->shares.at(trials / trials_per_column - 1));
    const Spread at = spread(shares);
    std::printf(at.count > 0 ? "  %.4f +- %.4f" : "                -", at.mean, at.deviation);
  }
  std::printf(" %8llu %10.3f\n", static_cast<unsigned long long>(repeats), seconds / static_cast<double>(runs.size()));
}

void print(const Results& results, const Wish& wish) {
  std::printf("%-20s %-12s %5s  %16s %16s %16s %8s %10s\n", "searcher", "problem", "seeds", "100 trials", "200", "500",
              "repeats", "s a run");
  std::vector<std::vector<const Row*>> groups;
  for (const Row& row : results.rows()) {
    if (!wish.searchers.empty() && !contains(wish.searchers, row.key.searcher)) continue;
    if (!wish.problems.empty() && !contains(wish.problems, row.key.problem)) continue;
    const auto same = [&](const auto& group) {
      RunKey key = group[0]->key;
      key.seed = row.key.seed;
      return key == row.key;
    };
    const auto group = std::find_if(groups.begin(), groups.end(), same);
    (group == groups.end() ? groups.emplace_back() : *group).push_back(&row);
  }
  for (const auto& group : groups) print_runs(group);
}

class Benchmark {
 public:
  Benchmark(Results& results, const Wish& wish) : results_(results), wish_(wish) {}

  /// The quick first, as their first run says, so that what is there is useful before all is done.
  void run() {
    std::vector<Contestant> contestants = our_searchers(search_map(wish_.options));
    if (wish_.options.empty())
      for (Contestant& peer : peers()) contestants.push_back(std::move(peer));
    contestants = chosen(std::move(contestants), wish_.searchers);
    const auto problems = chosen(std::vector(problem_kinds().begin(), problem_kinds().end()), wish_.problems);
    std::vector<std::pair<double, const Contestant*>> order;
    for (const Contestant& contestant : contestants)
      order.emplace_back(run(problems[0], contestant, wish_.first_seed), &contestant);
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [seconds, contestant] : order)
      for (const ProblemKind& kind : problems) {
        for (std::uint64_t i = 0; i < wish_.seeds; ++i) run(kind, *contestant, wish_.first_seed + i);
        std::fprintf(stderr, "%s on %s\n", contestant->name.c_str(), std::string(kind.name).c_str());
      }
  }

 private:
  const Problem& problem(const ProblemKind& kind) {
    std::unique_ptr<Problem>& place = problems_[kind.name];
    if (!place) place = std::make_unique<Problem>(kind, wish_.data);
    return *place;
  }

  /// Where there is no such run yet; the searcher's seconds.
  double run(const ProblemKind& kind, const Contestant& contestant, std::uint64_t seed) {
    const RunKey key{std::string(kind.name), contestant.name, joined(wish_.options), seed};
    if (const Row* row = results_.find(key, wish_.trials)) return row->searcher_seconds;
    if (contestant.whole_spaces_only && problem(kind).points()) return 0;
    const Outcome outcome = contestant.run(problem(kind), seed, wish_.trials);
    Row row{key, outcome.shares.size(), outcome.repeats, outcome.searcher_seconds, {}};
    for (std::size_t t = trials_per_column; t <= outcome.shares.size(); t += trials_per_column)
      row.shares.push_back(outcome.shares[t - 1]);
    results_.add(std::move(row));
    return outcome.searcher_seconds;
  }

  Results& results_;
  const Wish& wish_;
  std::map<std::string_view, std::unique_ptr<Problem>> problems_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Searchers on published tables: share of the true hypervolume after so many trials"};
  Wish wish;
  read_arguments(app, wish);
  CLI11_PARSE(app, argc, argv);
  try {
    if (!wish.page.empty()) return write_page(Results(wish.out), wish.page), 0;
    if (wish.data.empty() && !wish.only_print)
      throw ConfigError("error: --data or PARETOFORGE_DATA must name the folder of the tables");
    Results results(wish.out);
    if (!wish.only_print) Benchmark(results, wish).run();
    print(results, wish);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
