// What the recorded studies share: a table that grows row by row, and rank correlation at equal size.
#include "experiments/reports/growing_table.hpp"

#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "catch.hpp"
#include "configs/config.hpp"
#include "configs/temporary_folder.hpp"
#include "experiments/reports/equal_size.hpp"

using namespace paretoforge;

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  fs::path operator/(const std::string& name) const { return folder_.path() / name; }

 private:
  TemporaryFolder folder_;
};

std::string read(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

using Rows = std::vector<std::vector<std::string>>;

}  // namespace

TEST_CASE("A table keeps its rows from one run to the next") {
  const Folder folder;
  const fs::path file = folder / "a.csv";
  {
    GrowingTable table(file, {"name", "value"});
    CHECK(table.rows().empty());
    table.add({"one, \"quoted\"", "1"});
    CHECK(read(file) == "name,value\n\"one, \"\"quoted\"\"\",1\n");
  }
  GrowingTable table(file, {"name", "value"});
  CHECK(table.rows() == Rows{{"one, \"quoted\"", "1"}});
  table.add({"two", ""});
  CHECK(GrowingTable(file, {"name", "value"}).rows() == Rows{{"one, \"quoted\"", "1"}, {"two", ""}});
  CHECK_THROWS_AS(table.add({"three"}), std::invalid_argument);
  CHECK(table.rows().size() == 2);
}

TEST_CASE("A run killed at any byte loses at most the row that it was writing") {
  const Folder folder;
  const fs::path file = folder / "a.csv";
  GrowingTable(file, {"n", "v"}).add({"1", "10"});
  const std::string whole = read(file) + "2,20\n";
  for (std::size_t kept = 0; kept <= whole.size(); ++kept) {
    std::ofstream(file, std::ios::binary) << whole.substr(0, kept);
    GrowingTable table(file, {"n", "v"});
    const std::size_t rows = kept < 9 ? 0 : kept < whole.size() ? 1 : 2;
    CHECK(table.rows().size() == rows);
    table.add({"3", "30"});
    const Rows again = GrowingTable(file, {"n", "v"}).rows();
    REQUIRE(again.size() == rows + 1);
    CHECK(again.back() == std::vector<std::string>{"3", "30"});
  }
}

TEST_CASE("A file of other columns is refused and stays as it is") {
  const Folder folder;
  const fs::path file = folder / "a.csv";
  std::ofstream(file) << "a,b\n1,2\n";
  CHECK_THROWS_AS(GrowingTable(file, {"a", "c"}), ConfigError);
  CHECK(read(file) == "a,b\n1,2\n");
  CHECK_THROWS_AS(GrowingTable(folder / "nowhere/a.csv", {"a"}), std::runtime_error);
}

TEST_CASE("Rows from several threads stay whole; without a file the table is in memory") {
  const Folder folder;
  GrowingTable table(folder / "a.csv", {"n", "v"}), memory({}, {"n"});
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) table.add({std::to_string(t), std::to_string(i)});
      });
  }
  CHECK(GrowingTable(folder / "a.csv", {"n", "v"}).rows() == table.rows());
  CHECK(table.rows().size() == 200);
  memory.add({"1"});
  CHECK(memory.rows() == Rows{{"1"}});
}

TEST_CASE("At equal size only what a group has beyond its size counts") {
  // Size decides between the groups, and inside each the order is turned round.
  const std::vector<double> sizes = {1, 2, 3, 11, 12, 13}, accuracy = {3, 2, 1, 13, 12, 11};
  CHECK(spearman_at_equal_size(sizes, accuracy, sizes, 2) == Approx(-1));
  CHECK(spearman_at_equal_size(sizes, accuracy, sizes, 1) == Approx(1 - 6.0 * (4 + 4 + 4 + 4) / (6 * 35)));
  CHECK(spearman_at_equal_size(accuracy, accuracy, sizes, 2) == Approx(1));
  const std::vector<double> constant_first = {5, 5, 5, 1, 2, 3};  // that group has no correlation
  CHECK(spearman_at_equal_size(constant_first, accuracy, sizes, 2) == Approx(-1));
  CHECK(std::isnan(spearman_at_equal_size(sizes, accuracy, sizes, 6)));
}
