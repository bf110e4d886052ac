// proxy_benchmark: which networks it draws, what it measures and keeps, and against what it ranks.
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

#include "catch.hpp"
#include "configs/temporary_folder.hpp"
#include "experiments/reports/proxies/ranking.hpp"

using namespace paretoforge;

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

class Folder {
 public:
  Folder() {
    write("space.yaml",
          "input: [1, 28, 28]\nlayers:\n"
          "  - conv: {out: {choice: [2, 3, 4, 5, 6, 7, 8], name: width}, kernel: 3, stride: {choice: [3, 4], name: stride}, act: relu}\n"
          "  - pool: {kind: average, global: true}\n  - linear: {out: 10}\n");
  }
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / name) << text;
    return folder_.path() / name;
  }
  fs::path operator/(const std::string& name) const { return folder_.path() / name; }

 private:
  TemporaryFolder folder_;
};

std::string read(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string problem_text(const std::string& train = "epochs: 4", const std::string& more = "") {
  return "name: made up\nspace: space.yaml\n" + more + "train: {data: fashion-mnist, images: 128, validation: 100, batch: 32, " + train +
         "}\nestimates:\n  - {name: short, train: {epochs: 1}}\n  - {name: foretold, extrapolate: 2}\n  - {name: size, score: params}\n";
}

std::string error_of(const Folder& folder, const std::string& text) {
  try {
    Problem::load(folder.write("wrong.yaml", text));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the same networks come first however many are drawn, and only those wished for") {
  const Folder folder;
  const Problem problem = Problem::load(folder.write("problem.yaml", problem_text()));
  const std::vector<Graph> six = problem.networks(6, 1).graphs, four = problem.networks(4, 1).graphs;
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t j = 0; j < i; ++j) CHECK(network_hash(six[i]) != network_hash(six[j]));
  for (std::size_t i = 0; i < 4; ++i) CHECK(network_hash(six[i]) == network_hash(four[i]));
  CHECK(problem.networks(14, 3).graphs.size() == 14);
  CHECK_THROWS_AS(problem.networks(15, 3), ConfigError);
  const Problem narrow = Problem::load(folder.write("narrow.yaml", problem_text("epochs: 4", "only: {stride: 4}\n")));
  for (const Graph& graph : narrow.networks(7, 1).graphs) CHECK(graph.shape(1).width == 7);
  CHECK_THROWS_AS(narrow.networks(8, 1), ConfigError);
}

TEST_CASE("a wrong problem says what is wrong") {
  const Folder folder;
  CHECK(error_of(folder, problem_text("epochs: 4", "only: {strid: 4}\n")).find("no decision 'strid'") != std::string::npos);
  CHECK(error_of(folder, problem_text("epochs: 2")).find("extrapolate") != std::string::npos);
  CHECK(error_of(folder, problem_text() + "  - {name: short, score: macs}\n").find("two estimates have this name") != std::string::npos);
  CHECK(error_of(folder, problem_text() + "  - {name: other, scor: macs}\n").find("scor") != std::string::npos);
  CHECK(error_of(folder, problem_text() + "  - {name: both, ranks: [short, sizes]}\n").find("did you mean 'size'?") != std::string::npos);
  CHECK(error_of(folder, problem_text() + "  - {name: both, ranks: []}\n").find("ranks by nothing") != std::string::npos);
  CHECK(error_of(folder, problem_text() + "  - {name: both, score: params, among_others: true}\n").find("only ranks") != std::string::npos);
  CHECK(error_of(folder, "name: a\nspace: nowhere.yaml\ntrain: {}\nestimates: []\n").find("nowhere.yaml") != std::string::npos);
}

TEST_CASE("an estimate stands beside the full trainings of all other seeds") {
  const Folder folder;
  const Problem problem = Problem::load(folder.write("problem.yaml", problem_text()));
  const Networks networks = problem.networks(6, 1);
  {
    GrowingTable table(folder / "a.csv", {"network", "seed", "estimate", "key", "value", "cpu_seconds", "curve"});
    const std::vector<int> first = {1, 2, 3, 4, 5, 6}, second = {2, 1, 3, 4, 5, 6};
    const auto add = [&](std::size_t network, int seed, const Estimate& estimate, double value, const std::string& curve) {
      table.add({hex_text(network_hash(networks.graphs[network])), std::to_string(seed), estimate.name, estimate.key, std::to_string(value), "2", curve});
    };
    for (std::size_t i = 0; i < 6; ++i) {
      add(i, 1, problem.full, 80 + first[i], "50 60 70 80");
      add(i, 2, problem.full, 80 + second[i], "50 60 70 80");
      add(i, 1, problem.estimates[0], 10 - first[i], "");  // all wrong, and right about its own seed turned round
    }
    table.add({hex_text(network_hash(networks.graphs[0])), "1", "short", "of another problem", "99", "1", ""});
  }
  const Results results(problem, networks, folder / "a.csv");
  CHECK(results.find(0, 1, problem.full)->value == 81);
  CHECK(results.find(0, 1, problem.full)->curve.size() == 4);
  CHECK(results.find(0, 2, problem.estimates[0]) == nullptr);
  const auto all = rankings(problem, results, 2, 1);
  REQUIRE(all.size() == 4);
  const double swapped = 1 - 6.0 * 2 / (6 * 35);  // Spearman of two orders that differ in one pair of neighbours
  CHECK(all[0].name == "full training");
  CHECK(all[0].pairs == 12);
  CHECK(all[0].spearman == Approx(swapped));
  CHECK(all[0].kendall == Approx(1 - 2.0 / 15));
  CHECK(all[0].same_seed == Approx(1));
  CHECK(all[0].cpu_seconds == Approx(2));
  CHECK(all[1].pairs == 6);
  CHECK(all[1].spearman == Approx(-swapped));
  CHECK(all[1].same_seed == Approx(-1));
  CHECK(all[1].at_equal_size == Approx(-swapped));  // one group is all of them
  CHECK(all[2].cpu_seconds == Approx(1));            // two of four epochs
  CHECK(std::isnan(all[2].spearman));                // all curves are the same
  CHECK(all[3].pairs == 0);
  const auto held = calibrations(problem, results, 2, 1, 2);
  REQUIRE(held.size() == 1);
  CHECK(held[0].curves == 6);
  CHECK(held[0].last_error == Approx(20));
  CHECK(held[0].within_90 >= held[0].within_50);
}

TEST_CASE("where accuracies are published, estimates stand beside those, and nothing is trained fully") {
  const Folder folder;
  const std::string published = "published: {file: known.csv, column: accuracy}\n";
  const std::string text = problem_text("epochs: 4", published);
  const std::string untrained = text.substr(0, text.find("  - {name: foretold")) + "  - {name: size, score: params}\n";
  folder.write("known.csv", "stride,width,accuracy\n3,2,71\n4,3,75\n3,4,72\n4,5,77\n3,6,73\n4,7,79\n");
  const Problem problem = Problem::load(folder.write("problem.yaml", untrained));
  const Networks networks = problem.networks(6, 1);  // of 14, those that are known
  for (std::size_t i = 0; i < 6; ++i) {
    const auto width = networks.graphs[i].shape(1).channels;
    CHECK(networks.published[i] == std::map<int, double>{{2, 71}, {3, 75}, {4, 72}, {5, 77}, {6, 73}, {7, 79}}.at(width));
  }
  CHECK_THROWS_AS(problem.networks(7, 1), ConfigError);
  Results results(problem, networks, folder / "a.csv");
  results.measure(1, 1, Clock::now() + std::chrono::hours(1));
  CHECK(results.find(0, 1, problem.estimates[0]) != nullptr);
  CHECK(results.find(0, 1, problem.full) == nullptr);
  const auto all = rankings(problem, results, 1, 1);
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "short");
  CHECK(all[1].pairs == 6);
  CHECK(all[1].spearman == Approx(1 - 6.0 * 10 / (6 * 35)));  // 71 75 72 77 73 79 by width
  CHECK(std::isnan(all[1].same_seed));

  const auto refused = [&](const std::string& rows) {
    folder.write("wrong.csv", "stride,width,accuracy\n" + rows);
    return error_of(folder, problem_text("epochs: 4", "published: {file: wrong.csv, column: accuracy}\n"));
  };
  CHECK(refused("").find("has no rows") != std::string::npos);
  CHECK(refused("3,2,71\n3,3,nan\n").find("wrong.csv:3") != std::string::npos);
  CHECK(refused("3,2,71\n4,2,72\n3,2,71\n").find("stands twice") != std::string::npos);
  CHECK(error_of(folder, text).find("accuracies are published") != std::string::npos);
  CHECK(error_of(folder, problem_text("epochs: 4", "published: {file: none.csv, column: accuracy}\n")).find("none.csv") != std::string::npos);
  CHECK(error_of(folder, problem_text("epochs: 4", "published: {file: known.csv, column: acuracy}\n")).find("did you mean 'accuracy'?") != std::string::npos);
}

TEST_CASE("ranks by several estimates are those among the networks that have all") {
  const Folder folder;
  const Problem problem = Problem::load(folder.write("problem.yaml", problem_text() + "  - {name: both, ranks: [short, size]}\n  - {name: others, ranks: [short, size], among_others: true}\n"));
  const Networks networks = problem.networks(6, 1);
  {
    GrowingTable table(folder / "a.csv", {"network", "seed", "estimate", "key", "value", "cpu_seconds", "curve"});
    const auto add = [&](std::size_t network, const Estimate& estimate, double value) {
      table.add({hex_text(network_hash(networks.graphs[network])), "1", estimate.name, estimate.key, std::to_string(value), "2", "50 60 70 80"});
    };
    for (std::size_t i = 0; i < 6; ++i) {
      add(i, problem.full, std::vector{1, 2, 3, 4, 5, 9}[i]);
      add(i, problem.estimates[0], std::vector{20, 10, 30, 40, 50, 0}[i]);        // the sixth has no size
      if (i < 5) add(i, problem.estimates[2], std::vector<double>{7, 7.5, 6, 800, 900}[i]);
    }
  }
  const auto all = rankings(problem, Results(problem, networks, folder / "a.csv"), 1, 1);
  REQUIRE(all.size() == 6);
  CHECK(all[4].pairs == 5);
  CHECK(all[4].cpu_seconds == Approx(4));
  // Ranks 2 1 3 4 5 and 2 3 1 4 5 sum to 4 4 4 8 10, beside 1 2 3 4 5: three share the rank 2.
  CHECK(all[4].spearman == Approx(8 / std::sqrt(8.0 * 10)));
  // Among the other four, with what lies between: 0.25 -0.13 0.5 0.75 1.13 and 0.29 0.38 0.12 0.85 0.93. Two change places.
  CHECK(all[5].pairs == 5);
  CHECK(all[5].spearman == Approx(0.9));
}

TEST_CASE("what was measured is kept and not measured again, by any number of threads") {
  const Folder folder;
  const Problem problem = Problem::load(folder.write("problem.yaml", problem_text("epochs: 3")));
  const Networks networks = problem.networks(3, 1);
  {
    Results results(problem, networks, folder / "a.csv");
    results.measure(1, 1, Clock::now());  // no time
    CHECK(results.find(0, 1, problem.full) == nullptr);
    results.measure(1, 1, Clock::now() + std::chrono::hours(1));
    CHECK(results.find(2, 1, problem.full)->curve.size() == 3);
    CHECK(results.find(2, 1, problem.full)->value == results.find(2, 1, problem.full)->curve.back());  // nothing is tested
  }
  const std::string kept = read(folder / "a.csv");
  Results results(problem, networks, folder / "a.csv");
  results.measure(1, 2, Clock::now() + std::chrono::hours(1));
  CHECK(read(folder / "a.csv") == kept);
  Results others(problem, networks, folder / "b.csv");
  others.measure(1, 2, Clock::now() + std::chrono::hours(1));
  for (std::size_t i = 0; i < 3; ++i)
    for (const Estimate* estimate : {&problem.full, &problem.estimates[0], &problem.estimates[2]})
      CHECK(results.find(i, 1, *estimate)->value == others.find(i, 1, *estimate)->value);
  // Another full training makes all trainings new, and leaves the rows of the old ones where they are.
  const Problem changed = Problem::load(folder.write("problem.yaml", problem_text("epochs: 3, rate: 0.1")));
  CHECK(Results(changed, networks, folder / "a.csv").find(0, 1, changed.full) == nullptr);
  CHECK(Results(changed, networks, folder / "a.csv").find(0, 1, changed.estimates[2]) != nullptr);  // a score trains nothing
  CHECK(read(folder / "a.csv") == kept);
  // Other networks of the same space are other rows, wherever they stand.
  const Networks turned{{networks.graphs[2], networks.graphs[0]}, {}};
  const Results others_first(problem, turned, folder / "a.csv");
  CHECK(others_first.find(1, 1, problem.full)->curve == results.find(0, 1, problem.full)->curve);
}
