// Rows of networks: equal parts for isomorphic cells, counts by hand, scales.
#include "search/network_row.hpp"

#include <algorithm>

#include "catch.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

/// The columns of one block of a point's row: 0 decisions, 1 counts of layers, 2 costs.
std::vector<double> part(const Space& space, const Architecture& point, std::size_t block) {
  const auto row = NetworkRow::of(space, point).value();
  const auto blocks = NetworkRow::blocks(space);
  return {row.begin() + static_cast<std::ptrdiff_t>(blocks[block].begin),
          row.begin() + static_cast<std::ptrdiff_t>(blocks[block].end)};
}

/// A cell of NAS-Bench-201: none 0, skip 1, 1x1 2, 3x3 3, pool 4, on edges 01, 02, 12, 03, 13, 23.
Architecture cell(std::initializer_list<std::int32_t> ops) { return ops; }

}  // namespace

TEST_CASE("layers are counted by kind, then with what they read") {
  const Space space(Config::parse(R"(
input: [4, 8, 8]
layers:
  - conv: {out: 8, kernel: 3, act: relu}
  - conv: {out: 4, kernel: 3, act: relu}
  - conv: {out: 4, kernel: 1}
)",
                                  "three.yaml"));
  const std::vector<double> counts = layer_counts(pruned(space.decode({})));
  REQUIRE(counts.size() == layer_count_levels * layer_count_buckets);
  const auto level = [&](std::size_t l) {
    std::vector<double> found;
    for (std::size_t i = 0; i < layer_count_buckets; ++i)
      if (counts[l * layer_count_buckets + i] > 0) found.push_back(counts[l * layer_count_buckets + i]);
    std::sort(found.begin(), found.end());
    return found;
  };
  CHECK(level(0) == std::vector<double>{1, 1, 2});     // input, the 1x1, two 3x3 of whatever width
  CHECK(level(1) == std::vector<double>{1, 1, 1, 1});  // one 3x3 reads the input, one reads a 3x3
}

TEST_CASE("isomorphic cells have equal counts and costs; other cells do not") {
  const Space space = cell_space();
  // The same two-layer path over node 1 or over node 2, all else none.
  const Architecture over_1 = cell({3, 0, 0, 0, 2, 0}), over_2 = cell({0, 3, 0, 0, 0, 2});
  CHECK(part(space, over_1, 1) == part(space, over_2, 1));
  CHECK(part(space, over_1, 2) == part(space, over_2, 2));
  CHECK(part(space, over_1, 0) != part(space, over_2, 0));
  // A dead branch changes nothing.
  CHECK(part(space, cell({3, 3, 0, 0, 2, 0}), 1) == part(space, over_1, 1));
  // Order along the path does not change the counts of single layers, but that of pairs.
  const auto there = part(space, over_1, 1), back = part(space, cell({2, 0, 0, 0, 3, 0}), 1);
  CHECK(std::equal(there.begin(), there.begin() + layer_count_buckets, back.begin()));
  CHECK(there != back);
}

TEST_CASE("scaling keeps decisions as they are, drops columns that say nothing and centres the others") {
  const std::vector<KernelBlock> blocks{{0, 1}, {1, 4}, {4, 5}};
  const std::vector<std::vector<double>> sample{{0, 1, 2, 5, 3}, {1, 3, 6, 5, 3}};
  const RowScaling scaling(sample, blocks);
  // Column 2 is twice column 1, column 3 and the last block are constant.
  REQUIRE(scaling.blocks().size() == 2);
  CHECK(scaling.blocks()[1].begin == 1);
  CHECK(scaling.blocks()[1].end == 2);
  CHECK(scaling(sample[0]) == std::vector<double>{0, -1});
  CHECK(scaling(sample[1]) == std::vector<double>{1, 1});
  CHECK(RowScaling(std::vector<std::vector<double>>{{7, 7}}, std::vector<KernelBlock>{{0, 2}}).blocks().size() == 1);
}
