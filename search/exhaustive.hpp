// Exhaustive search: everything, one after the other.
#pragma once

#include "search/searcher.hpp"

namespace paretoforge {

/// Every allowed point once, in lexicographic order (a given list in its own), and learns nothing.
class Exhaustive final : public Searcher {
 public:
  explicit Exhaustive(const SearchProblem& problem)
      : space_(problem.space), given_(problem.points), next_(given_ ? std::nullopt : std::optional(space_.first())) {}

  std::optional<Architecture> ask() override;
  void tell(const Trial&) override {}
  bool exhausted() const override { return given_ ? asked_ == given_->size() : !next_; }

 private:
  Space space_;
  std::shared_ptr<const std::vector<Architecture>> given_;
  std::size_t asked_ = 0;  ///< of the given ones
  std::optional<Architecture> next_;
};

}  // namespace paretoforge
