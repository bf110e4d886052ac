// Exact hypervolume by dimension: sweeps for two and three objectives, WFG above.
#include "search/hypervolume.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace paretoforge {

namespace {

/// Points of which only the first `width` coordinates count, each the distance to the reference (so that more is
/// better), in one block whose rows are `width` apart.
using Rows = std::vector<double>;

/// The area under the staircase of points in the plane, kept while points are added.
class Staircase {
 public:
  double area() const { return area_; }
  void clear() {
    steps_.clear();
    area_ = 0;
  }

  /// Steps rise in x and fall in y; a step's height holds from the step before it up to its own x.
  void add(double x, double y) {
    const auto at = std::lower_bound(steps_.begin(), steps_.end(), x, [](const Step& s, double v) { return s[0] < v; });
    if (at != steps_.end() && at->at(1) >= y) return;
    // From x leftwards over every step that is not higher than y.
    double right = x, height = at == steps_.end() ? 0 : at->at(1);
    auto first = at;
    for (; first != steps_.begin() && std::prev(first)->at(1) <= y; --first) {
      const Step& step = *std::prev(first);
      area_ += (right - step[0]) * (y - height);
      right = step[0];
      height = step[1];
    }
    area_ += (right - (first == steps_.begin() ? 0 : std::prev(first)->at(0))) * (y - height);
    const auto last = at != steps_.end() && at->at(0) == x ? std::next(at) : at;
    if (first == last) {
      steps_.insert(first, Step{x, y});
    } else {
      *first = Step{x, y};
      steps_.erase(std::next(first), last);
    }
  }

 private:
  using Step = std::array<double, 2>;
  std::vector<Step> steps_;
  double area_ = 0;
};

bool covers(const double* a, const double* b, std::size_t width) {
  for (std::size_t k = 0; k < width; ++k)
    if (a[k] < b[k]) return false;
  return true;
}

/// Appends a row to rows that do not cover each other and keeps them so. The newest are the likeliest to cover it.
void add_uncovered(Rows& rows, const double* row, std::size_t width) {
  for (std::size_t i = rows.size(); i > 0; i -= width)
    if (covers(&rows[i - width], row, width)) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); i += width) {
    if (covers(row, &rows[i], width)) continue;
    if (kept != i) std::copy_n(&rows[i], width, &rows[kept]);
    kept += width;
  }
  rows.resize(kept);
  rows.insert(rows.end(), row, row + width);
}

/// Volumes by dimension. Keeps its memory from call to call: slicing asks for thousands of small volumes.
class Volumes {
 public:
  explicit Volumes(std::size_t width) : levels_(width + 1) {}

  double of(const Rows& rows, std::size_t width) {
    if (rows.empty()) return 0;
    if (width == 1) return *std::max_element(rows.begin(), rows.end());
    if (rows.size() == width) return std::accumulate(rows.begin(), rows.end(), 1.0, std::multiplies<>());
    if (width == 2) return in_the_plane(rows);
    return width == 3 ? by_sweep(rows) : by_slices(rows, width);
  }

 private:
  double in_the_plane(const Rows& rows) {
    staircase_.clear();
    for (std::size_t i = 0; i < rows.size(); i += 2) staircase_.add(rows[i], rows[i + 1]);
    return staircase_.area();
  }

  double by_sweep(const Rows& rows) {
    triples_.clear();
    for (std::size_t i = 0; i < rows.size(); i += 3) triples_.push_back({rows[i], rows[i + 1], rows[i + 2]});
    std::sort(triples_.begin(), triples_.end(), [](const auto& a, const auto& b) { return a[2] > b[2]; });
    staircase_.clear();
    double volume = 0;
    for (std::size_t i = 0; i < triples_.size(); ++i) {
      staircase_.add(triples_[i][0], triples_[i][1]);
      volume += staircase_.area() * (triples_[i][2] - (i + 1 < triples_.size() ? triples_[i + 1][2] : 0));
    }
    return volume;
  }

  /// Slices between the points' last coordinates, least first: every later point reaches at least as far there, so
  /// what it shares with this one ends at this one's last coordinate, and what this one has alone is a prism over one
  /// dimension less.
  double by_slices(const Rows& rows, std::size_t width) {
    Level& level = levels_[width];
    sort(rows, width, level);
    double sum = 0;
    for (std::size_t rank = 0; rank < level.order.size(); ++rank) {
      const double* row = &rows[level.order[rank] * width];
      const double box = std::accumulate(row, row + width - 1, 1.0, std::multiplies<>());
      sum += row[width - 1] * (box - shared_volume(rows, width, level, rank));
    }
    return sum;
  }

  struct Level {
    std::vector<std::size_t> order;       ///< rows by rising last coordinate
    std::vector<std::size_t> rank;        ///< of each row in it
    std::vector<std::size_t> next_order;  ///< rows by falling last coordinate but one
    Rows shared, corner;
  };

  static void sort(const Rows& rows, std::size_t width, Level& level) {
    const std::size_t count = rows.size() / width;
    level.order.resize(count);
    std::iota(level.order.begin(), level.order.end(), std::size_t{0});
    level.next_order = level.order;
    const double *last = &rows[width - 1], *next = &rows[width - 2];
    std::sort(level.order.begin(), level.order.end(),
              [&](std::size_t a, std::size_t b) { return last[a * width] < last[b * width]; });
    std::sort(level.next_order.begin(), level.next_order.end(),
              [&](std::size_t a, std::size_t b) { return next[a * width] > next[b * width]; });
    level.rank.resize(count);
    for (std::size_t i = 0; i < count; ++i) level.rank[level.order[i]] = i;
  }

  /// The volume that the rows of higher rank share with the row of this rank, without the last coordinate. What two
  /// rows share reaches as far as the nearer of them, so rows in falling order of a coordinate share parts in falling
  /// order of it: they need not be sorted for every row anew.
  double shared_volume(const Rows& rows, std::size_t width, Level& level, std::size_t rank) {
    const double* row = &rows[level.order[rank] * width];
    if (width == 4) return shared_by_sweep(rows, level, rank, row);
    level.shared.clear();
    level.corner.resize(width - 1);
    for (const std::size_t other : level.next_order) {
      if (level.rank[other] <= rank) continue;
      for (std::size_t k = 0; k + 1 < width; ++k) level.corner[k] = std::min(row[k], rows[other * width + k]);
      add_uncovered(level.shared, level.corner.data(), width - 1);
    }
    return of(level.shared, width - 1);
  }

  double shared_by_sweep(const Rows& rows, const Level& level, std::size_t rank, const double* row) {
    staircase_.clear();
    double volume = 0, height = 0;
    for (const std::size_t other : level.next_order) {
      if (level.rank[other] <= rank) continue;
      const double* with = &rows[other * 4];
      const double z = std::min(row[2], with[2]);
      volume += staircase_.area() * (height - z);
      height = z;
      staircase_.add(std::min(row[0], with[0]), std::min(row[1], with[1]));
    }
    return volume + staircase_.area() * height;
  }

  std::vector<Level> levels_;  ///< by width: a volume asks for volumes of one dimension less
  std::vector<std::array<double, 3>> triples_;
  Staircase staircase_;
};

}  // namespace

double hypervolume(const Costs& points, std::span<const double> reference) {
  if (reference.size() != points.objectives()) throw std::invalid_argument("the reference point has another dimension");
  const std::size_t width = points.objectives();
  Rows rows;
  std::vector<double> reach(width);
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t k = 0; k < width; ++k) reach[k] = reference[k] - points[i][k];
    if (!std::all_of(reach.begin(), reach.end(), [](double r) { return r > 0; })) continue;
    // Slices cost more than a filter, sweeps less.
    if (width > 3)
      add_uncovered(rows, reach.data(), width);
    else
      rows.insert(rows.end(), reach.begin(), reach.end());
  }
  return width == 0 ? 0 : Volumes(width).of(rows, width);
}

}  // namespace paretoforge
