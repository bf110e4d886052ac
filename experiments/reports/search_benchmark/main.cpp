// search_benchmark: runs searchers on published tables, keeps what came of it in results.csv, prints a table.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "experiments/reports/search_benchmark/results.hpp"
#include "experiments/reports/search_benchmark/run.hpp"

using namespace paretoforge;
using namespace paretoforge::benchmark;

namespace {

struct Wish {
  std::filesystem::path data = std::getenv("PARETOFORGE_DATA") ? std::getenv("PARETOFORGE_DATA") : "";
  std::filesystem::path out = "results.csv";
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
  app.add_option("--trials", wish.trials, "10 to 500, a multiple of 10")
      ->capture_default_str()
      ->check(CLI::Range(trials_per_column, most_trials));
  app.add_option("--data", wish.data, "folder of the tables (default: PARETOFORGE_DATA)");
  app.add_option("--out", wish.out, "where results are kept; what is there is not run again")->capture_default_str();
  app.add_flag("--print", wish.only_print, "run nothing, print what is there");
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
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

/// The rows of a table whose names are wished for, all where none is named.
template <class Kind>
std::vector<const Kind*> chosen(std::span<const Kind> kinds, const std::vector<std::string>& names) {
  std::vector<const Kind*> result;
  std::vector<std::string> known;
  for (const Kind& kind : kinds) {
    known.emplace_back(kind.name);
    if (names.empty() || std::find(names.begin(), names.end(), kind.name) != names.end()) result.push_back(&kind);
  }
  for (const std::string& name : names)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw ConfigError("error: nothing is called '" + name + "'; there is " + joined(known));
  return result;
}

void print(const Results& results, const Wish& wish) {
  std::printf("%-18s %-12s %5s  %16s %16s %16s %8s %9s\n", "searcher", "problem", "seeds", "100 trials", "200", "500",
              "repeats", "seconds");
  std::vector<RunKey> seen;
  for (const Row& row : results.rows()) {
    RunKey key = row.key;
    key.seed = 0;
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
    seen.push_back(key);
    if (!wish.searchers.empty() &&
        std::find(wish.searchers.begin(), wish.searchers.end(), key.searcher) == wish.searchers.end())
      continue;
    std::uint64_t repeats = 0;
    double seconds = 0;
    for (const Row& other : results.rows())
      if (RunKey{other.key.problem, other.key.searcher, other.key.options, 0} == key)
        repeats += other.repeats, seconds += other.searcher_seconds;
    std::printf("%-18s %-12s %5zu ", (key.searcher + (key.options.empty() ? "" : " " + key.options)).c_str(),
                key.problem.c_str(), cell(results.rows(), key, trials_per_column).runs);
    for (const std::uint64_t trials : {100, 200, 500}) {
      const Cell at = cell(results.rows(), key, trials);
      std::printf(at.runs > 0 ? "  %.4f +- %.4f" : "                -", at.mean, at.deviation);
    }
    std::printf(" %8llu %9.2f\n", static_cast<unsigned long long>(repeats), seconds);
  }
}

void run_all(Results& results, const Wish& wish) {
  const auto problems = chosen(problem_kinds(), wish.problems);
  const auto kinds = chosen(searchers(), wish.searchers);
  const std::optional<Config> search = search_map(wish.options);
  for (const SearcherKind* kind : kinds) {
    for (const ProblemKind* of : problems) {
      std::optional<Problem> problem;
      for (std::uint64_t seed = wish.first_seed; seed < wish.first_seed + wish.seeds; ++seed) {
        const RunKey key{std::string(of->name), std::string(kind->name), joined(wish.options), seed};
        if (results.find(key, wish.trials)) continue;
        if (!problem) problem.emplace(*of, wish.data);
        const Outcome outcome = run(*problem, *kind, search, seed, wish.trials);
        Row row{key, outcome.shares.size(), outcome.repeats, outcome.searcher_seconds, {}};
        for (std::size_t t = trials_per_column; t <= outcome.shares.size(); t += trials_per_column)
          row.shares.push_back(outcome.shares[t - 1]);
        results.add(std::move(row));
      }
      std::fprintf(stderr, "%s on %s\n", std::string(kind->name).c_str(), std::string(of->name).c_str());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Searchers on published tables: share of the true hypervolume after so many trials"};
  Wish wish;
  read_arguments(app, wish);
  CLI11_PARSE(app, argc, argv);
  try {
    if (wish.data.empty()) throw ConfigError("error: --data or PARETOFORGE_DATA must name the folder of the tables");
    Results results(wish.out);
    if (!wish.only_print) run_all(results, wish);
    print(results, wish);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
