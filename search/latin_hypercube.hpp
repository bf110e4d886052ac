// Latin hypercubes (McKay, Beckman and Conover, "A comparison of three methods for selecting values of input variables
// in the analysis of output from a computer code", 1979) over decisions: designs for a start.
#pragma once

#include <deque>

#include "search/fresh_points.hpp"
#include "search/searcher.hpp"

namespace paretoforge {

/// Takes `count` new points, fewer where fewer are left. Each decision is balanced: of k alternatives each comes up
/// count/k times, rounded up or down (in its own order of the points; where a decision is inactive its turn is lost).
/// A point that may not be proposed is replaced: by the nearest of a given list, else by a random new one.
std::vector<Architecture> latin_hypercube(const Space& space, FreshPoints& points, std::size_t count, Random& random);

/// One design of `points` points after the other; learns nothing.
class LatinHypercube final : public Searcher {
 public:
  /// The option `points` of a `search:` map is 1 to 100,000.
  explicit LatinHypercube(const SearchProblem& problem, std::size_t points = 20);

  std::optional<Architecture> ask() override;
  void tell(const Trial&) override {}
  bool exhausted() const override { return design_.empty() && points_.exhausted(); }

 private:
  Space space_;
  FreshPoints points_;
  Random random_;
  std::size_t count_;
  std::deque<Architecture> design_;  ///< what is left of the present one
};

}  // namespace paretoforge
