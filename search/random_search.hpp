// Random search: the baseline that everything has to beat.
#pragma once

#include "search/fresh_points.hpp"
#include "search/searcher.hpp"

namespace paretoforge {

/// Draws points without replacement (see FreshPoints) and learns nothing.
class RandomSearch final : public Searcher {
 public:
  explicit RandomSearch(const SearchProblem& problem) : points_(problem), random_(derived_seed(problem.seed, 0)) {}

  std::optional<Architecture> ask() override { return points_.draw(random_); }
  void tell(const Trial&) override {}
  bool exhausted() const override { return points_.exhausted(); }

 private:
  FreshPoints points_;
  Random random_;
};

}  // namespace paretoforge
