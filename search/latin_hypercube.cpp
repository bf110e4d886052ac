// Balanced columns, shuffled independently.
#include "search/latin_hypercube.hpp"

#include <algorithm>
#include <iterator>

namespace paretoforge {

namespace {

/// Alternatives for `count` points: one drawn in each of `count` equal parts of 0 .. levels, in random order.
std::vector<std::int32_t> column(std::size_t levels, std::size_t count, Random& random) {
  std::vector<std::int32_t> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double place = (static_cast<double>(i) + random.uniform()) / static_cast<double>(count);
    values[i] =
        static_cast<std::int32_t>(std::min(levels - 1, static_cast<std::size_t>(place * static_cast<double>(levels))));
  }
  random.shuffle(values);
  return values;
}

}  // namespace

std::vector<Architecture> latin_hypercube(const Space& space, FreshPoints& points, std::size_t count, Random& random) {
  std::vector<Architecture> design(count, Architecture(space.decisions().size()));
  for (std::size_t d = 0; d < space.decisions().size(); ++d) {
    const auto values = column(space.decisions()[d].labels.size(), count, random);
    for (std::size_t i = 0; i < count; ++i) design[i][d] = values[i];
  }
  std::vector<Architecture> taken;
  for (Architecture& point : design) {
    auto own = points.take_nearest(space.canonical(std::move(point)), random);
    if (!own) own = points.draw(random);
    if (!own) break;
    taken.push_back(std::move(*own));
  }
  return taken;
}

LatinHypercube::LatinHypercube(const SearchProblem& problem, std::size_t points)
    : space_(problem.space), points_(problem), random_(derived_seed(problem.seed, 0)), count_(points) {}

std::optional<Architecture> LatinHypercube::ask() {
  if (exhausted()) return std::nullopt;
  if (design_.empty()) {
    auto design = latin_hypercube(space_, points_, count_, random_);
    design_.assign(std::make_move_iterator(design.begin()), std::make_move_iterator(design.end()));
  }
  Architecture point = std::move(design_.front());
  design_.pop_front();
  return point;
}

}  // namespace paretoforge
