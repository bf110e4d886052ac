// Generations of NSGA-II: when it waits, what repeats cost, where it arrives.
#include "search/nsga2.hpp"

#include <algorithm>
#include <limits>

#include "catch.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

const std::vector<Criterion> two{{.name = "a"}, {.name = "b"}};

}  // namespace

TEST_CASE("a generation must be told before the next is asked for, and repeats give their place back") {
  Nsga2 searcher({.space = chain_space(6, 5), .criteria = two, .seed = 6}, {.population = 3});
  std::vector<Architecture> asked;
  for (int i = 0; i < 3; ++i) asked.push_back(searcher.ask().value());
  CHECK_FALSE(searcher.ask());
  CHECK_FALSE(searcher.exhausted());
  searcher.tell({.number = 1, .architecture = asked[0], .values = {1, 1}});
  searcher.tell({.number = 1, .architecture = asked[1], .values = {1, 1}});
  CHECK(searcher.ask());
  CHECK_FALSE(searcher.ask());
}

TEST_CASE("NSGA-II reaches the front of a known problem") {
  const Space space = chain_space(10, 12);  // 6e10 points; the front is every point with all genes 0 but the first
  const auto best_after = [&](Searcher& searcher) {
    double least = std::numeric_limits<double>::infinity();
    for (std::uint64_t n = 1; n <= 1500; ++n) {
      const Architecture point = searcher.ask().value();
      const double spoilt = value_sum(point) - point[0];
      least = std::min(least, spoilt);
      searcher.tell({.number = n, .architecture = point, .values = {point[0] + spoilt, 11.0 - point[0] + spoilt}});
    }
    return least;
  };
  const SearchProblem problem{.space = space, .criteria = two, .seed = 7};
  Nsga2 nsga2(problem, {});
  CHECK(best_after(nsga2) == 0);
}
