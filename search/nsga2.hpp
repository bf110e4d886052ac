// NSGA-II on decision vectors (Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective genetic
// algorithm: NSGA-II", 2002).
#pragma once

#include <vector>

#include "search/evolution.hpp"

namespace paretoforge {

/// The `count` fittest, ranked among themselves: whole layers, then the least crowded of the next; of equals the
/// earlier.
std::vector<Individual> least_crowded(std::vector<Individual> individuals, std::size_t count);

/// Survival by layer, then by crowding distance.
class Nsga2 final : public Generational {
 public:
  explicit Nsga2(const SearchProblem& problem, const EvolutionOptions& options = {}) : Generational(problem, options) {}

 private:
  std::vector<Individual> survivors(std::vector<Individual> individuals, std::size_t count) override {
    return least_crowded(std::move(individuals), count);
  }
};

}  // namespace paretoforge
