// The points of a space that were not handed out yet: what keeps every searcher from proposing a point twice.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "search/searcher.hpp"
#include "space/space.hpp"

namespace paretoforge {

struct ArchitectureHash {
  std::size_t operator()(const Architecture& point) const { return static_cast<std::size_t>(hash(point)); }
};

/// Draws points without replacement and remembers those taken. Where the allowed points are a list, or the
/// space has at most 65,536 points, draws are exactly uniform over what is left. In larger spaces each draw is
/// Space::sample (uniform by decision) until it is new; where that fails 1,000 times, nearly everything is taken
/// and the first point left in lexicographic order is.
class FreshPoints {
 public:
  explicit FreshPoints(const SearchProblem& problem);

  bool taken(const Architecture& point) const { return taken_.contains(point); }
  /// Whether the point may be proposed: one of the allowed points, and not taken.
  bool available(const Architecture& point) const;
  /// Takes a point that is available.
  void take(const Architecture& point) { taken_.insert(point); }
  /// Takes a random point; nothing where none is left.
  std::optional<Architecture> draw(Random& random);
  /// Takes the point itself where it is available. Else, where the allowed points are a list given from
  /// outside, the nearest one available in number of decisions that differ (of equals one at random). Else nothing.
  std::optional<Architecture> take_nearest(const Architecture& point, Random& random);
  bool exhausted() const { return size_ && taken_.size() >= *size_; }

 private:
  std::optional<Architecture> draw_listed(Random& random);
  std::optional<Architecture> first_left() const;

  Space space_;
  std::shared_ptr<const std::vector<Architecture>> given_;
  std::unordered_set<Architecture, ArchitectureHash> allowed_;  ///< the given points, for look-up
  std::unordered_set<Architecture, ArchitectureHash> taken_;
  bool listed_;  ///< left_ holds everything not drawn (some of it taken since)
  std::vector<Architecture> left_;
  std::optional<std::uint64_t> size_;
};

}  // namespace paretoforge
