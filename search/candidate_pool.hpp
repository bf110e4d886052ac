// The points that a model-based searcher weighs: with their rows and what their cheap objectives cost.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "search/fresh_points.hpp"
#include "search/network_row.hpp"
#include "search/searcher.hpp"

namespace paretoforge {

struct PoolPoint {
  Architecture architecture;
  std::vector<double> costs;  ///< one per criterion; NaN where only a trial tells
  double broken = 0;          ///< by how much cheap limits are missed; infinite where a trial is known to fail
  std::uint64_t network = 0;  ///< equal for isomorphic networks
  double effort = 1;          ///< what its training costs beside that of an average network, as far as layers tell
};

/// What a training costs, relative to that of an average network: a part that all have, one that goes with
/// multiply-accumulates and one with the elements that layers read and write. No measured time, which would be another
/// each time and end all repeatability.
class Effort {
 public:
  /// Of a sample of rows (NetworkRow).
  Effort(const Space& space, std::span<const std::vector<double>> sample);
  double operator()(std::span<const double> row) const;

 private:
  std::size_t work_, moved_;  ///< columns
  double mean_work_ = 0, mean_moved_ = 0;
};

/// Where the points that may be proposed are at most `most_listed`, all of them; else a sample that `breed` renews.
class CandidatePool {
 public:
  static constexpr std::size_t most_listed = 32768, sample = 512;

  CandidatePool(const SearchProblem& problem, Random& random);

  bool complete() const { return complete_; }
  std::size_t size() const { return points_.size(); }
  const PoolPoint& operator[](std::size_t i) const { return points_[i]; }
  const Encoded& rows() const { return rows_; }
  const std::vector<KernelBlock>& blocks() const { return scaling_.blocks(); }
  /// A point that need not be of the pool, and its row.
  std::pair<PoolPoint, std::vector<double>> look_up(const Architecture& point) const;

  /// Replaces the points by those at `kept` and children of `parents` (mutation and uniform crossover) that are
  /// available and new to the pool.
  void breed(std::span<const std::size_t> kept, std::span<const Architecture> parents, std::size_t children,
             const FreshPoints& fresh, std::uint64_t stream);

 private:
  CandidatePool(const SearchProblem& problem, std::vector<Architecture> points);
  CandidatePool(const SearchProblem& problem, std::vector<Architecture> points,
                const std::vector<std::vector<double>>& sample);
  void measure(PoolPoint& point) const;
  Architecture child_of(std::span<const Architecture> parents, Random& random) const;
  void seek_unbroken();
  void add(Architecture point);

  SearchProblem problem_;
  bool complete_;
  Effort effort_;
  RowScaling scaling_;
  std::vector<PoolPoint> points_;
  Encoded rows_;
};

}  // namespace paretoforge
