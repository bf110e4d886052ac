// Drawing points without replacement, from small spaces, large ones and lists.
#include "search/fresh_points.hpp"

#include <utility>

namespace paretoforge {

namespace {

constexpr std::uint64_t small_space = 1 << 16;
constexpr int draws_before_enumeration = 1000;

std::size_t differing(const Architecture& a, const Architecture& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i];
  return count;
}

}  // namespace

FreshPoints::FreshPoints(const SearchProblem& problem)
    : space_(problem.space), given_(problem.points), size_(problem.space.size().exact) {
  listed_ = given_ != nullptr || (size_ && *size_ <= small_space);
  if (given_) {
    left_ = *given_;
    allowed_.insert(given_->begin(), given_->end());
    size_ = allowed_.size();
  } else if (listed_) {
    space_.enumerate([&](const Architecture& point) { return left_.push_back(point), true; });
  }
}

bool FreshPoints::available(const Architecture& point) const {
  return !taken(point) && (!given_ || allowed_.contains(point));
}

std::optional<Architecture> FreshPoints::draw_listed(Random& random) {
  while (!left_.empty()) {
    std::swap(left_[random.below(left_.size())], left_.back());
    Architecture point = std::move(left_.back());
    left_.pop_back();
    if (taken_.insert(point).second) return point;
  }
  return std::nullopt;
}

std::optional<Architecture> FreshPoints::first_left() const {
  std::optional<Architecture> found;
  space_.enumerate([&](const Architecture& point) {
    if (!taken(point)) found = point;
    return !found;
  });
  return found;
}

std::optional<Architecture> FreshPoints::draw(Random& random) {
  if (listed_) return draw_listed(random);
  if (exhausted()) return std::nullopt;
  for (int i = 0; i < draws_before_enumeration; ++i) {
    Architecture point = space_.sample(random);
    if (taken_.insert(point).second) return point;
  }
  auto point = first_left();
  if (point) take(*point);
  return point;
}

std::optional<Architecture> FreshPoints::take_nearest(const Architecture& point, Random& random) {
  if (available(point)) return take(point), point;
  if (!given_) return std::nullopt;
  const Architecture* nearest = nullptr;
  std::size_t least = point.size() + 1, equals = 0;
  for (const Architecture& candidate : *given_) {
    const std::size_t distance = differing(candidate, point);
    if (distance > least || taken(candidate)) continue;
    equals = distance < least ? 1 : equals + 1;
    least = distance;
    if (random.below(equals) == 0) nearest = &candidate;  // each of the equals with the same chance
  }
  if (nearest == nullptr) return std::nullopt;
  take(*nearest);
  return *nearest;
}

}  // namespace paretoforge
