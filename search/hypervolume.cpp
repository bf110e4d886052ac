// Exact hypervolume by dimension: sweeps for two and three objectives, WFG above.
#include "search/hypervolume.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

namespace paretoforge {

namespace {

/// Points of which only the first `width` coordinates count, each the distance to the reference (so that more is
/// better), in one block whose rows are `width` apart.
using Rows = std::vector<double>;

std::size_t row_count(const Rows& rows, std::size_t width) { return rows.size() / width; }

template <class Better>
void sort_rows(Rows& rows, std::size_t width, const Better& better) {
  std::vector<std::size_t> order(row_count(rows, width));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return better(&rows[a * width], &rows[b * width]); });
  Rows sorted;
  sorted.reserve(rows.size());
  for (const std::size_t i : order) sorted.insert(sorted.end(), &rows[i * width], &rows[i * width] + width);
  rows = std::move(sorted);
}

/// The area under the staircase of points in the plane, kept while points are added.
class Staircase {
 public:
  double area() const { return area_; }

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
    steps_.insert(steps_.erase(first, last), Step{x, y});
  }

 private:
  using Step = std::array<double, 2>;
  std::vector<Step> steps_;
  double area_ = 0;
};

double volume_2(Rows& rows) {
  Staircase staircase;
  for (std::size_t i = 0; i < rows.size(); i += 2) staircase.add(rows[i], rows[i + 1]);
  return staircase.area();
}

double volume_3(Rows& rows) {
  sort_rows(rows, 3, [](const double* a, const double* b) { return a[2] > b[2]; });
  Staircase staircase;
  double volume = 0;
  for (std::size_t i = 0; i < rows.size(); i += 3) {
    staircase.add(rows[i], rows[i + 1]);
    volume += staircase.area() * (rows[i + 2] - (i + 3 < rows.size() ? rows[i + 5] : 0));
  }
  return volume;
}

bool covers(const double* a, const double* b, std::size_t width) {
  for (std::size_t k = 0; k < width; ++k)
    if (a[k] < b[k]) return false;
  return true;
}

/// Appends a row to rows that do not cover each other and keeps them so.
void add_uncovered(Rows& rows, const double* row, std::size_t width) {
  for (std::size_t i = 0; i < rows.size(); i += width)
    if (covers(&rows[i], row, width)) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); i += width) {
    if (covers(row, &rows[i], width)) continue;
    if (kept != i) std::copy_n(&rows[i], width, &rows[kept]);
    kept += width;
  }
  rows.resize(kept);
  rows.insert(rows.end(), row, row + width);
}

double volume(Rows& rows, std::size_t width) {
  if (rows.empty()) return 0;
  if (width == 1) return *std::max_element(rows.begin(), rows.end());
  if (width == 2) return volume_2(rows);
  if (width == 3) return volume_3(rows);
  // Least in the last coordinate first: every later row reaches at least as far there, so what it shares with
  // this one ends at this one's last coordinate, and the exclusive part is a prism over one dimension less.
  sort_rows(rows, width, [width](const double* a, const double* b) { return a[width - 1] < b[width - 1]; });
  double sum = 0;
  Rows shared;
  std::vector<double> corner(width - 1);
  for (std::size_t i = 0; i < rows.size(); i += width) {
    double box = 1;
    for (std::size_t k = 0; k + 1 < width; ++k) box *= rows[i + k];
    shared.clear();
    for (std::size_t j = i + width; j < rows.size(); j += width) {
      for (std::size_t k = 0; k + 1 < width; ++k) corner[k] = std::min(rows[i + k], rows[j + k]);
      add_uncovered(shared, corner.data(), width - 1);
    }
    sum += rows[i + width - 1] * (box - volume(shared, width - 1));
  }
  return sum;
}

}  // namespace

double hypervolume(const Costs& points, std::span<const double> reference) {
  if (reference.size() != points.objectives()) throw std::invalid_argument("the reference point has another dimension");
  const std::size_t width = points.objectives();
  Rows rows;
  std::vector<double> reach(width);
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t k = 0; k < width; ++k) reach[k] = reference[k] - points[i][k];
    if (std::all_of(reach.begin(), reach.end(), [](double r) { return r > 0; }))
      rows.insert(rows.end(), reach.begin(), reach.end());
  }
  return width == 0 ? 0 : volume(rows, width);
}

}  // namespace paretoforge
