// Dominance among points: who is better in everything, in which layer a point lies, how crowded it is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace paretoforge {

/// Points in objective space, one row each, all coordinates to be minimised; no NaN, infinities allowed.
class Costs {
 public:
  explicit Costs(std::size_t objectives) : objectives_(objectives) {}
  void add(std::span<const double> row) { values_.insert(values_.end(), row.begin(), row.end()); }
  std::size_t size() const { return objectives_ == 0 ? 0 : values_.size() / objectives_; }
  std::size_t objectives() const { return objectives_; }
  std::span<const double> operator[](std::size_t row) const {
    return {values_.data() + row * objectives_, objectives_};
  }

 private:
  std::size_t objectives_;
  std::vector<double> values_;
};

/// Whether `a` is nowhere worse than `b` and somewhere better.
bool dominates(std::span<const double> a, std::span<const double> b);

/// The layer of each point: 0 for what nothing dominates, 1 for what is left when those are taken away, ...
/// Equal points share a layer. Best order sorting with binary search over the layers (Zhang, Tian, Cheng and
/// Jin, "An efficient approach to nondominated sorting", 2015); with two objectives a layer is known by its
/// least second coordinate, with three by its staircase, so those cost O(n log n) comparisons.
std::vector<std::int32_t> nondominated_layers(const Costs& points);

/// The crowding distance of each of `members` among themselves (Deb et al. 2002): the sum over objectives of
/// the gap between its two neighbours, relative to the range; infinite at either end. An objective that is
/// constant adds nothing.
std::vector<double> crowding_distances(const Costs& points, std::span<const std::size_t> members);

}  // namespace paretoforge
