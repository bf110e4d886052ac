// SMS-EMOA (Beume, Naujoks and Emmerich, "SMS-EMOA: multiobjective selection based on dominated hypervolume", 2007).
#pragma once

#include <vector>

#include "search/evolution.hpp"

namespace paretoforge {

/// Who has to go: a position in the worst layer. What breaks limits: the newest. Else the one that alone dominates the
/// least, every objective scaled to its range over the layer and the reference one range beyond the worst; with two
/// objectives the ends of the layer stay. `individuals` is not empty.
std::size_t least_contributor(std::vector<Individual>& individuals);

/// Steady state: each result joins the population, and the individual that adds the least hypervolume leaves. Parents
/// win NSGA-II's tournaments: drawn at random as in the paper, they leave the ends of a front behind where a population
/// is as small as hundreds of trials want it. The time grows with population and objectives: with four or more a
/// hypervolume is taken for each individual of a layer.
class SmsEmoa final : public Evolution {
 public:
  static constexpr std::int64_t greatest_population = 1000;

  explicit SmsEmoa(const SearchProblem& problem, const EvolutionOptions& options = {});

 private:
  bool ready() const override { return population_.size() == count_; }
  Architecture breed() override;
  void learn(Individual told) override;
  void relearn(Individual told) override;

  std::size_t count_;
  Breeder breeder_;
  std::vector<Individual> population_;
};

}  // namespace paretoforge
