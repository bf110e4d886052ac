// Test problems with known fronts, as search spaces: ZDT (Zitzler, Deb and Thiele, "Comparison of multiobjective
// evolutionary algorithms: empirical results", 2000) and DTLZ (Deb, Thiele, Laumanns and Zitzler, "Scalable test
// problems for evolutionary multiobjective optimization", 2005).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "search/pareto.hpp"
#include "space/space.hpp"

namespace paretoforge {

/// One row of the table of test problems. All objectives are minimised.
struct TestProblem {
  std::string_view name;   ///< zdt1, zdt2, zdt3, zdt4, zdt6, dtlz1, dtlz2, dtlz7
  std::size_t objectives;  ///< 2 for ZDT, always; 3 for DTLZ, which takes any number from 2
  std::size_t decisions;   ///< the paper's; any number from `objectives` works
  double optimum;          ///< of every decision after the first `objectives` - 1; the front lies there
  /// The objectives at coordinates 0 .. 1 (ZDT4 stretches those after the first to -5 .. 5).
  std::vector<double> (*values)(std::span<const double> coordinates, std::size_t objectives);
  /// The hypervolume of the whole front, by closed form. The reference is at least 1 in every coordinate, but for
  /// DTLZ7's last: at least twice the number of objectives.
  double (*front_volume)(std::span<const double> reference);
};
std::span<const TestProblem> test_problems();
/// The row of that name; throws std::invalid_argument.
const TestProblem& test_problem(std::string_view name);

/// A space of ordinal decisions x_0, x_1, ... with `levels` alternatives each (at least 2). Its networks are chains of
/// linear layers; the objectives know nothing of them.
Space test_space(std::size_t decisions, std::size_t levels);
/// Where a point of such a space lies: level / (levels - 1) in every decision.
std::vector<double> test_coordinates(const Space& space, const Architecture& point);

/// The hypervolume of the whole front (see TestProblem::front_volume); throws std::invalid_argument where the reference
/// is too near or has a number of coordinates that the problem cannot have.
double front_hypervolume(const TestProblem& problem, std::span<const double> reference);
/// Points of the front: what is not dominated among `steps` values of each of the first `objectives` - 1 decisions.
Costs front_points(const TestProblem& problem, std::size_t objectives, std::size_t steps);

}  // namespace paretoforge
