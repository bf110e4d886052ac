// The loop that evolutionary searchers share: a random start, then children that are new.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "search/breeding.hpp"
#include "search/fresh_points.hpp"
#include "search/population.hpp"
#include "search/searcher.hpp"
#include "search/wishes.hpp"

namespace paretoforge {

struct EvolutionOptions {
  /// Individuals that live. The papers' 100 or more suit tens of thousands of evaluations; with hundreds, more
  /// generations of fewer pay.
  std::size_t population = 20;
  BreedingRates rates = {};

  /// The keys population (2 to `most`), crossover and mutation (0 to 1) of the `search:` map.
  static EvolutionOptions read(const Config& search, std::int64_t most = 100'000);
};

/// Draws `start` points at random, then asks the algorithm for children. No point is proposed twice: a child that was
/// proposed before is bred again, and where that fails often the nearest point of a given list or a random new one
/// takes its place. A proposal that turns out to be a known network is forgotten.
class Evolution : public Searcher {
 public:
  std::optional<Architecture> ask() final;
  void tell(const Trial& trial) final;
  void update(const Trial& trial) final;
  bool exhausted() const final { return points_.exhausted(); }

 protected:
  Evolution(const SearchProblem& problem, std::size_t start);

  /// Whether a child may be bred from what was told so far; asked once the start was proposed.
  virtual bool ready() const = 0;
  /// One child, canonical; it need not be new.
  virtual Architecture breed() = 0;
  /// Takes what came of a proposal, the start's included, with its miss; never of a repeat.
  virtual void learn(Individual told) = 0;
  /// What became of one that was learnt at a lower rung: it takes its own place, or, where it does not live any more,
  /// competes again.
  virtual void relearn(Individual told) = 0;

  /// Gives them their misses of the wishes as of now: what aspirations are measured by moves with the front.
  void wish(std::vector<Individual>& individuals) const;
  /// Proposals that were not told yet.
  std::size_t waiting() const { return waiting_.size(); }
  /// How many were proposed so far, repeats included: the number that the next child will carry.
  std::uint64_t proposals() const { return proposals_; }
  const Space& space() const { return space_; }
  Random& random() { return random_; }

 private:
  std::optional<Architecture> new_child();
  Individual remembered(const Trial& trial);
  void note_miss(Individual& individual) const;

  Space space_;
  std::vector<Criterion> criteria_;
  WishesByRung wishes_;
  std::size_t start_;
  FreshPoints points_;
  Random random_;
  std::unordered_map<Architecture, std::uint64_t, ArchitectureHash> waiting_;  ///< with the number of the proposal
  std::unordered_map<Architecture, std::uint64_t, ArchitectureHash> paused_;   ///< the same of pruned trials
  std::uint64_t proposals_ = 0;
  std::uint64_t told_ = 0;    ///< repeats not counted
  std::uint64_t newest_ = 0;  ///< the greatest number of a trial told
};

/// Forgets the individual of that point, where there is one.
void forget(std::vector<Individual>& individuals, const Architecture& point);

/// Generations of as many children as live: all are told before the next generation is bred. Parents win binary
/// tournaments; algorithms differ in who survives.
class Generational : public Evolution {
 protected:
  Generational(const SearchProblem& problem, const EvolutionOptions& options);

  /// At most `count` of them, with their layers and crowding among themselves. They come in the order in which they
  /// were told, survivors of earlier generations first.
  virtual std::vector<Individual> survivors(std::vector<Individual> individuals, std::size_t count) = 0;
  virtual const Individual& parent(const std::vector<Individual>& population, Random& random) const;

  bool ready() const final { return !population_.empty() && children_.size() + waiting() < count_; }
  Architecture breed() final;
  void learn(Individual told) final;
  void relearn(Individual told) final;

 private:
  void select();

  std::size_t count_;
  Breeder breeder_;
  std::vector<Individual> population_;
  std::vector<Individual> children_;
};

}  // namespace paretoforge
