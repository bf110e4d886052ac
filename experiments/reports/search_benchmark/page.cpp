// Tables in Markdown, a summary in CSV, curves beside them.
#include "experiments/reports/search_benchmark/page.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

#include "configs/table.hpp"
#include "experiments/reports/search_benchmark/curves.hpp"
#include "experiments/reports/search_benchmark/problem.hpp"
#include "search/comparison.hpp"

namespace paretoforge::benchmark {

namespace {

constexpr std::string_view begin_mark = "<!-- results -->\n", end_mark = "<!-- end of results -->\n";
constexpr std::array<std::uint64_t, 3> counts{100, 200, 500};
constexpr double level = 0.05;

std::string format(const char* form, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, form, value);
  return buffer;
}

/// Complete results by contestant and problem; the contestants from the best to the worst after 200 trials.
class Board {
 public:
  explicit Board(const Results& results) {
    for (const Row& row : results.rows())
      if (row.key.options.empty() && !contains(row.key.searcher)) add(results, row.key.searcher);
    std::stable_sort(names_.begin(), names_.end(), [&](const auto& a, const auto& b) { return mean(a) > mean(b); });
  }

  const std::vector<std::string>& names() const { return names_; }
  const Complete& runs(const std::string& name, std::string_view problem) const {
    return runs_.at({name, std::string(problem)});
  }
  /// The one that all others are compared with: the default, else the evolution that its peers have too, else the best.
  std::string reference() const {
    for (const char* name : {"auto", "nsga2"})
      if (contains(name) && !device_means(name, counts.front()).empty()) return name;
    return names_.front();
  }

  /// Over the devices whose latency is in the table of NAS-Bench-201; empty where one is missing.
  std::vector<double> device_means(const std::string& name, std::uint64_t trials) const {
    std::vector<double> means;
    for (const ProblemKind& kind : problem_kinds().first(6)) {
      if (runs(name, kind.name).shares(trials).empty()) return {};
      means.push_back(spread(runs(name, kind.name).shares(trials)).mean);
    }
    return means;
  }

 private:
  bool contains(const std::string& name) const { return std::find(names_.begin(), names_.end(), name) != names_.end(); }
  void add(const Results& results, const std::string& name) {
    bool any = false;
    for (const ProblemKind& kind : problem_kinds()) {
      Complete complete(results.rows(), std::string(kind.name), name, seeds_of_a_page);
      any |= !complete.empty();
      runs_.insert_or_assign({name, std::string(kind.name)}, std::move(complete));
    }
    if (any) names_.push_back(name);
  }
  double mean(const std::string& name) const { return spread(device_means(name, 200)).mean; }

  std::vector<std::string> names_;
  std::map<std::pair<std::string, std::string>, Complete> runs_;
};

std::string share_table(const Board& board, std::uint64_t trials) {
  std::string text = "\nAfter " + std::to_string(trials) + " trials\n\n| |";
  std::string rule = "|---|";
  for (const ProblemKind& kind : problem_kinds()) {
    text += " " + std::string(kind.name) + " |";
    rule += "---|";
  }
  text += " mean of the six devices |\n" + rule + "---|\n";
  for (const std::string& name : board.names()) {
    text += "| " + name + " |";
    for (const ProblemKind& kind : problem_kinds()) {
      const Spread at = spread(board.runs(name, kind.name).shares(trials));
      text += at.count == 0 ? " |" : " " + format("%.3f", at.mean) + " ± " + format("%.3f", at.deviation) + " |";
    }
    const std::vector<double> means = board.device_means(name, trials);
    text += means.empty() ? " |\n" : " **" + format("%.4f", spread(means).mean) + "** |\n";
  }
  return text;
}

/// A contestant against the reference after so many trials: on one problem, or on all that both finished, by the mean
/// share of each seed.
struct Test {
  std::string name;
  std::uint64_t trials;
  bool all_problems;
  double difference = 0, p_value = 1;
};

class Tests {
 public:
  explicit Tests(const Board& board) : board_(board) {
    for (const std::string& name : board.names())
      for (const std::uint64_t trials : counts)
        if (name != board.reference()) add(name, trials);
    std::vector<double> p_values;
    for (const Test& test : tests_) p_values.push_back(test.p_value);
    const std::vector<double> adjusted = holm_adjusted(p_values);
    for (std::size_t i = 0; i < tests_.size(); ++i) tests_[i].p_value = adjusted[i];
  }

  std::size_t count() const { return tests_.size(); }
  std::string cell(const std::string& name, std::uint64_t trials) const {
    int better = 0, even = 0, worse = 0;
    std::string together;
    for (const Test& test : tests_) {
      if (test.name != name || test.trials != trials) continue;
      const bool apart = test.p_value < level;
      if (test.all_problems)
        together = format(apart ? "**%+.4f**" : "%+.4f", test.difference);
      else
        ++(!apart ? even : test.difference > 0 ? better : worse);
    }
    if (together.empty()) return "";
    return " " + std::to_string(better) + " / " + std::to_string(even) + " / " + std::to_string(worse) + ", " +
           together;
  }

 private:
  void add(const std::string& name, std::uint64_t trials) {
    std::vector<double> ours(seeds_of_a_page, 0.0), theirs = ours;
    for (const ProblemKind& kind : problem_kinds()) {
      const auto a_shares = board_.runs(name, kind.name).shares(trials);
      const auto b_shares = board_.runs(board_.reference(), kind.name).shares(trials);
      if (a_shares.empty() || b_shares.empty()) continue;
      add({name, trials, false}, a_shares, b_shares, 1);
      for (std::size_t i = 0; i < ours.size(); ++i) {
        ours[i] += a_shares[i];
        theirs[i] += b_shares[i];
      }
    }
    const auto shared = std::count_if(tests_.begin(), tests_.end(), [&](const Test& test) {
      return test.name == name && test.trials == trials && !test.all_problems;
    });
    if (shared > 0) add({name, trials, true}, ours, theirs, static_cast<double>(shared));
  }
  void add(Test test, const std::vector<double>& a, const std::vector<double>& b, double problems) {
    test.difference = (spread(a).mean - spread(b).mean) / problems;
    test.p_value = wilcoxon_signed_rank(a, b).p_value;
    tests_.push_back(std::move(test));
  }

  const Board& board_;
  std::vector<Test> tests_;
};

std::string comparison_table(const Board& board) {
  const Tests tests(board);
  std::string text =
      "\nAgainst " + board.reference() +
      ": on how many problems a contestant is better / not to be told apart / worse, and by how much its "
      "mean share over all problems differs, bold where that is no luck (Wilcoxon's signed-rank test over "
      "the " +
      std::to_string(seeds_of_a_page) + " seeds, two-sided, level " + format("%g", level) +
      ", Holm's correction over all " + std::to_string(tests.count()) +
      " tests of this table)\n\n| | 100 trials | 200 | 500 |\n|---|---|---|---|\n";
  for (const std::string& name : board.names()) {
    if (name == board.reference()) continue;
    text += "| " + name + " |";
    for (const std::uint64_t trials : counts) text += tests.cell(name, trials) + " |";
    text += "\n";
  }
  return text;
}

std::string cost_table(const Board& board) {
  std::string text =
      "\nPoints proposed twice, in all runs, and the searcher's own milliseconds for a trial\n\n| | repeats | ms |\n"
      "|---|---|---|\n";
  for (const std::string& name : board.names()) {
    std::uint64_t repeats = 0;
    std::vector<double> seconds;
    for (const ProblemKind& kind : problem_kinds()) {
      const Complete& runs = board.runs(name, kind.name);
      repeats += runs.repeats();
      if (!runs.empty()) seconds.push_back(runs.seconds_a_run() / static_cast<double>(runs.trials()));
    }
    const double mean = spread(seconds).mean;
    text +=
        "| " + name + " | " + std::to_string(repeats) + " | " + (mean > 0 ? format("%.3g", 1e3 * mean) : "") + " |\n";
  }
  return text;
}

std::string summary_csv(const Board& board) {
  std::string text = "contestant,problem,trials,seeds,mean_share,deviation\n";
  for (const std::string& name : board.names())
    for (const ProblemKind& kind : problem_kinds())
      for (std::uint64_t t = trials_per_column; t <= board.runs(name, kind.name).trials(); t += trials_per_column) {
        const Spread at = spread(board.runs(name, kind.name).shares(t));
        text += name + "," + std::string(kind.name) + "," + std::to_string(t) + "," + std::to_string(at.count) + "," +
                format("%.5f", at.mean) + "," + format("%.5f", at.deviation) + "\n";
      }
  return text;
}

std::string read(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error("error: cannot read " + file.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream stream(file, std::ios::binary);
  stream << text << std::flush;
  if (!stream) throw std::runtime_error("error: cannot write " + file.string());
}

}  // namespace

void write_page(const Results& results, const std::filesystem::path& folder) {
  const Board board(results);
  if (board.names().empty()) throw std::runtime_error("error: no result is complete: nothing to write");
  std::string page = read(folder / "README.md");
  const std::size_t begin = page.find(begin_mark), end = page.find(end_mark);
  if (begin == std::string::npos || end == std::string::npos || end < begin)
    throw std::runtime_error("error: " + (folder / "README.md").string() + " has no marks to write between");

  std::string text;
  for (const std::uint64_t trials : counts) text += share_table(board, trials);
  text += comparison_table(board) + cost_table(board) + "\n";
  for (const ProblemKind& kind : problem_kinds()) {
    std::vector<std::pair<std::string, Complete>> contestants;
    for (const std::string& name : board.names())
      if (!board.runs(name, kind.name).empty()) contestants.emplace_back(name, board.runs(name, kind.name));
    if (contestants.empty()) continue;
    const std::string file = "curves_" + std::string(kind.name) + ".svg";
    write(folder / file, curves_svg(std::string(kind.name) + ": share of the true hypervolume, mean of " +
                                        std::to_string(seeds_of_a_page) + " seeds and one standard deviation",
                                    contestants));
    text += "![share of the true hypervolume over trials on " + std::string(kind.name) + "](" + file + ")\n";
  }
  write(folder / "summary.csv", summary_csv(board));
  const std::size_t from = begin + begin_mark.size();
  write(folder / "README.md", page.replace(from, end - from, text));
}

}  // namespace paretoforge::benchmark
