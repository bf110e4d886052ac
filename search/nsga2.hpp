// NSGA-II on decision vectors (Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective genetic
// algorithm: NSGA-II", 2002).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "search/fresh_points.hpp"
#include "search/pareto.hpp"
#include "search/searcher.hpp"

namespace paretoforge {

/// What the searcher remembers of a trial: whether it may live is decided by rank, then crowding.
struct Individual {
  Architecture architecture = {};
  std::vector<double> costs = {};  ///< one per criterion; empty where the trial is not complete
  double violation = 0;            ///< of the limits; infinite where the trial failed
  std::int32_t layer = 0;
  double crowding = 0;
};

/// Gives every individual its layer and crowding distance under constrained domination (Deb's section VI): what
/// breaks no limit comes before what breaks one, the less broken the better, and only among the unbroken does
/// Pareto dominance decide.
void rank(std::vector<Individual>& individuals);
/// Lower layer, or equal layer and less crowded.
bool fitter(const Individual& a, const Individual& b);
/// The fitter of two drawn at random; of equals the first drawn.
const Individual& binary_tournament(std::span<const Individual> individuals, Random& random);
/// The `count` fittest, ranked among themselves: whole layers, then the least crowded of the next; of equals the
/// earlier.
std::vector<Individual> survivors(std::vector<Individual> individuals, std::size_t count);

struct Nsga2Options {
  /// Individuals that live from one generation to the next, and children per generation. The paper's 100 suits
  /// tens of thousands of evaluations; with hundreds, more generations of fewer pay.
  std::size_t population = 20;
  /// Probability that a child has two parents (uniform crossover); the paper's 0.9.
  double crossover = 0.9;
  /// Probability of each active decision to change; empty: one over their number, as in the paper.
  std::optional<double> mutation = {};

  /// The keys population (2 to 100,000), crossover and mutation (0 to 1) of the `search:` map.
  static Nsga2Options read(const Config& search);
};

/// Generational: a first population is drawn at random, then each generation's children are all told before
/// the next is bred. No point is proposed twice: a child that was proposed before is bred again, and where that
/// fails often a random new point takes its place.
class Nsga2 final : public Searcher {
 public:
  Nsga2(const SearchProblem& problem, const Nsga2Options& options);

  std::optional<Architecture> ask() override;
  void tell(const Trial& trial) override;
  bool exhausted() const override { return points_.exhausted(); }

  /// One child of the present population, not yet checked for being new.
  Architecture breed();

 private:
  std::optional<Architecture> new_child();
  void next_generation();

  Space space_;
  std::vector<Criterion> criteria_;
  Nsga2Options options_;
  FreshPoints points_;
  Random random_;
  std::vector<Individual> population_;
  std::vector<Individual> children_;
  std::size_t asked_ = 0, told_ = 0;  ///< of this generation
  std::uint64_t newest_ = 0;          ///< the greatest number of a trial told
};

}  // namespace paretoforge
