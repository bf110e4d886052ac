// Packing buffers with lifetimes into one arena: first fit over many orders, the best kept.
#include <algorithm>
#include <limits>
#include <numeric>

#include "exporters/c_plan_internal.hpp"
#include "space/random.hpp"

namespace paretoforge::internal {
namespace {

std::int64_t rounded_up(std::int64_t x, std::int64_t unit) { return (x + unit - 1) / unit * unit; }

/// What stands between two buffers that live at one time.
struct Neighbour {
  std::size_t buffer;
  bool may_overlap = false, above = false;  ///< above: the neighbour must begin at least `distance` behind
  std::int64_t distance = 0;
};

class Packer {
 public:
  Packer(const std::vector<CBuffer>& buffers, const std::vector<COverlap>& overlaps)
      : buffers_(buffers), neighbours_(buffers.size()), offsets_(buffers.size()), placed_(buffers.size()) {
    for (std::size_t a = 0; a < buffers.size(); ++a)
      for (std::size_t b = 0; b < buffers.size(); ++b)
        if (a != b && buffers[a].first <= buffers[b].last && buffers[b].first <= buffers[a].last)
          neighbours_[a].push_back({b});
    for (const COverlap& overlap : overlaps) {
      relate(static_cast<std::size_t>(overlap.out), static_cast<std::size_t>(overlap.in), true, overlap.distance);
      relate(static_cast<std::size_t>(overlap.in), static_cast<std::size_t>(overlap.out), false, overlap.distance);
    }
  }

  /// The height that placing in this order gives, or more than `limit` as soon as that is passed.
  std::int64_t place(const std::vector<std::size_t>& order, std::int64_t limit) {
    std::fill(placed_.begin(), placed_.end(), false);
    std::int64_t height = 0;
    for (const std::size_t buffer : order) {
      offsets_[buffer] = lowest(buffer);
      placed_[buffer] = true;
      height = std::max(height, offsets_[buffer] + buffers_[buffer].bytes);
      if (height >= limit) return height;
    }
    return height;
  }
  const std::vector<std::int64_t>& offsets() const { return offsets_; }

 private:
  void relate(std::size_t a, std::size_t b, bool above, std::int64_t distance) {
    for (Neighbour& neighbour : neighbours_[a])
      if (neighbour.buffer == b) neighbour = {b, true, above, distance};
  }

  bool fits(std::size_t buffer, std::int64_t offset) const {
    for (const Neighbour& other : neighbours_[buffer]) {
      if (!placed_[other.buffer]) continue;
      const std::int64_t at = offsets_[other.buffer];
      if (offset + buffers_[buffer].bytes <= at || at + buffers_[other.buffer].bytes <= offset) continue;
      if (!other.may_overlap || (other.above ? at - offset : offset - at) < other.distance) return false;
    }
    return true;
  }

  std::int64_t lowest(std::size_t buffer) const {
    const std::int64_t unit = buffers_[buffer].alignment;
    std::int64_t best = std::numeric_limits<std::int64_t>::max();
    const auto consider = [&](std::int64_t offset) {
      if (offset >= 0 && offset < best && fits(buffer, offset)) best = offset;
    };
    consider(0);
    for (const Neighbour& other : neighbours_[buffer]) {
      if (!placed_[other.buffer]) continue;
      consider(rounded_up(offsets_[other.buffer] + buffers_[other.buffer].bytes, unit));
      if (!other.may_overlap) continue;
      const std::int64_t at = offsets_[other.buffer] + (other.above ? -other.distance : other.distance);
      consider(other.above ? (at < 0 ? at : at / unit * unit) : rounded_up(at, unit));
    }
    return best;
  }

  const std::vector<CBuffer>& buffers_;
  std::vector<std::vector<Neighbour>> neighbours_;
  std::vector<std::int64_t> offsets_;
  std::vector<bool> placed_;
};

}  // namespace

std::int64_t pack(std::vector<CBuffer>& buffers, const std::vector<COverlap>& overlaps) {
  Packer packer(buffers, overlaps);
  std::vector<std::size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::int64_t best = std::numeric_limits<std::int64_t>::max();
  std::vector<std::int64_t> offsets(buffers.size());
  const auto attempt = [&](const std::vector<std::size_t>& candidate) {
    const std::int64_t height = packer.place(candidate, best);
    if (height >= best) return false;
    best = height;
    offsets = packer.offsets();
    return true;
  };
  // Chains of outputs over inputs grow downwards, so the last of them is placed first.
  std::vector<std::size_t> reversed(order.rbegin(), order.rend()), kept = order;
  for (std::vector<std::size_t> start : {order, reversed}) {
    if (attempt(start)) kept = start;
    std::stable_sort(start.begin(), start.end(), [&](std::size_t x, std::size_t y) { return buffers[x].bytes > buffers[y].bytes; });
    if (attempt(start)) kept = start;
  }
  Random random(1);
  const std::size_t turns = buffers.size() < 2 ? 0 : std::clamp<std::size_t>(400'000 / buffers.size(), 200, 20'000);
  for (std::size_t turn = 0; turn < turns; ++turn) {
    std::vector<std::size_t> candidate = kept;
    if (turn % 8 == 7) random.shuffle(candidate);
    for (std::uint64_t swaps = 1 + random.below(3); swaps > 0; --swaps)
      std::swap(candidate[random.below(candidate.size())], candidate[random.below(candidate.size())]);
    if (attempt(candidate)) kept = candidate;
  }
  for (std::size_t i = 0; i < buffers.size(); ++i) buffers[i].offset = offsets[i];
  return buffers.empty() ? 0 : best;
}

}  // namespace paretoforge::internal
