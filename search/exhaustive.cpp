// One point after the other.
#include "search/exhaustive.hpp"

#include <utility>

namespace paretoforge {

std::optional<Architecture> Exhaustive::ask() {
  if (exhausted()) return std::nullopt;
  if (given_) return (*given_)[asked_++];
  auto following = space_.next(*next_);
  return std::exchange(next_, std::move(following));
}

}  // namespace paretoforge
