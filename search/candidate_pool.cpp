// Filling, looking up and renewing the pool.
#include "search/candidate_pool.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <unordered_set>

#include "predictors/features.hpp"

namespace paretoforge {

namespace {

bool is_listed(const SearchProblem& problem) {
  if (problem.points) return problem.points->size() <= CandidatePool::most_listed;
  const auto size = problem.space.size().exact;
  return size && *size <= CandidatePool::most_listed;
}

std::vector<Architecture> first_points(const SearchProblem& problem, Random& random) {
  std::vector<Architecture> points;
  if (is_listed(problem)) {
    if (problem.points) return *problem.points;
    problem.space.enumerate([&](const Architecture& point) { return points.push_back(point), true; });
    return points;
  }
  std::unordered_set<Architecture, ArchitectureHash> seen;
  for (std::size_t i = 0; i < CandidatePool::sample; ++i) {
    Architecture point =
        problem.points ? (*problem.points)[random.below(problem.points->size())] : problem.space.sample(random);
    if (seen.insert(point).second) points.push_back(std::move(point));
  }
  return points;
}

/// Raw rows of a sample of the points, to find scales on.
std::vector<std::vector<double>> sampled_rows(const SearchProblem& problem, const std::vector<Architecture>& points) {
  std::vector<std::vector<double>> rows;
  const std::size_t step = points.size() / CandidatePool::sample + 1;
  for (std::size_t i = 0; i < points.size(); i += step)
    if (auto row = NetworkRow::of(problem.space, points[i])) rows.push_back(std::move(*row));
  return rows;
}

/// Where a feature of the graph stands in a NetworkRow.
std::size_t feature_column(const Space& space, std::string_view name) {
  std::size_t place = 0;
  while (feature_list()[place].name != name) ++place;
  return NetworkRow::blocks(space).back().begin + place;
}

/// Rounded, so that sums in another order are still equal.
std::uint64_t network_of(std::span<const double> graph_columns) {
  std::uint64_t result = 0x9e3779b97f4a7c15u;
  for (const double value : graph_columns)
    result = derived_seed(result, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
  return result;
}

}  // namespace

CandidatePool::CandidatePool(const SearchProblem& problem, Random& random)
    : CandidatePool(problem, first_points(problem, random)) {}

Effort::Effort(const Space& space, std::span<const std::vector<double>> sample)
    : work_(feature_column(space, "graph.work")), moved_(feature_column(space, "graph.moved")) {
  for (const auto& row : sample) {
    mean_work_ += std::expm1(row[work_]) / static_cast<double>(sample.size());
    mean_moved_ += std::expm1(row[moved_]) / static_cast<double>(sample.size());
  }
}

double Effort::operator()(std::span<const double> row) const {
  constexpr double fixed = 0.3, by_work = 0.35, by_moved = 0.35;
  const auto share = [](double value, double mean) { return mean > 0 ? value / mean : 1; };
  return fixed + by_work * share(std::expm1(row[work_]), mean_work_) +
         by_moved * share(std::expm1(row[moved_]), mean_moved_);
}

CandidatePool::CandidatePool(const SearchProblem& problem, std::vector<Architecture> points)
    : CandidatePool(problem, points, sampled_rows(problem, points)) {}

CandidatePool::CandidatePool(const SearchProblem& problem, std::vector<Architecture> points,
                             const std::vector<std::vector<double>>& rows)
    : problem_(problem),
      complete_(is_listed(problem)),
      effort_(problem.space, rows),
      scaling_(rows, NetworkRow::blocks(problem.space)) {
  for (Architecture& point : points) add(std::move(point));
  if (!complete_) seek_unbroken();
}

/// Where limits leave few of a sample, the least broken are bred until enough keep them.
void CandidatePool::seek_unbroken() {
  constexpr std::size_t enough = 64, most_turns = 20;
  const FreshPoints all(problem_);
  for (std::size_t turn = 0; turn < most_turns; ++turn) {
    std::vector<std::size_t> order(points_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return points_[a].broken < points_[b].broken; });
    if (order.size() < enough || points_[order[enough - 1]].broken == 0) return;
    std::vector<Architecture> parents;
    for (std::size_t i = 0; i < enough; ++i) parents.push_back(points_[order[i]].architecture);
    order.resize(std::min(order.size(), sample));
    breed(order, parents, sample / 4, all, ~turn);
  }
}

std::pair<PoolPoint, std::vector<double>> CandidatePool::look_up(const Architecture& point) const {
  std::pair<PoolPoint, std::vector<double>> result;
  result.first.architecture = point;
  if (const auto row = NetworkRow::of(problem_.space, point)) {
    result.first.network = network_of(std::span(*row).subspan(problem_.space.encoding_width()));
    result.second = scaling_(*row);
    result.first.effort = effort_(*row);
  } else {
    // Without a network only the decisions are known; graph columns are those of an average network.
    const std::vector<float> code = problem_.space.encode(point);
    result.second = scaling_(std::vector<double>(code.begin(), code.end()));
    result.first.network = hash(point);
  }
  measure(result.first);
  return result;
}

void CandidatePool::add(Architecture point) {
  auto [looked, row] = look_up(point);
  rows_.add(row);
  points_.push_back(std::move(looked));
}

void CandidatePool::measure(PoolPoint& point) const {
  point.costs.assign(problem_.criteria.size(), std::numeric_limits<double>::quiet_NaN());
  if (!problem_.cheap) return;
  const auto values = problem_.cheap(point.architecture);
  if (!values) {
    point.broken = std::numeric_limits<double>::infinity();
    return;
  }
  for (std::size_t i = 0; i < values->size(); ++i) {
    if (!(*values)[i]) continue;
    point.costs[i] = cost(problem_.criteria[i], *(*values)[i]);
    point.broken += excess(problem_.criteria[i], *(*values)[i]);
  }
}

Architecture CandidatePool::child_of(std::span<const Architecture> parents, Random& random) const {
  if (parents.empty() || random.chance(0.1))
    return problem_.points ? (*problem_.points)[random.below(problem_.points->size())] : problem_.space.sample(random);
  Architecture child = parents[random.below(parents.size())];
  const bool crossed = random.chance(0.5);
  if (crossed) child = problem_.space.cross(child, parents[random.below(parents.size())], random);
  if (crossed && random.chance(0.5)) return child;
  return problem_.space.mutate(child, 1.0 / static_cast<double>(std::max<std::size_t>(1, child.size())), random);
}

void CandidatePool::breed(std::span<const std::size_t> kept, std::span<const Architecture> parents,
                          std::size_t children, const FreshPoints& fresh, std::uint64_t stream) {
  std::vector<PoolPoint> points;
  Encoded rows;
  std::unordered_set<Architecture, ArchitectureHash> seen;
  for (const std::size_t i : kept) {
    if (!fresh.available(points_[i].architecture)) continue;
    seen.insert(points_[i].architecture);
    rows.add(rows_.row(i));
    points.push_back(std::move(points_[i]));
  }
  points_ = std::move(points);
  rows.columns = rows_.columns;
  rows_ = std::move(rows);
  Random random(derived_seed(derived_seed(problem_.seed, 1), stream));
  for (std::size_t i = 0; i < children; ++i) {
    Architecture child = child_of(parents, random);
    if (fresh.available(child) && seen.insert(child).second) add(std::move(child));
  }
}

}  // namespace paretoforge
