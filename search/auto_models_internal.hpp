// What the default searcher believes at present, and which candidate it would take. Private to it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

#include "search/candidate_pool.hpp"
#include "search/cost_scale.hpp"
#include "search/improvement.hpp"
#include "search/posterior_internal.hpp"
#include "search/reading_model_internal.hpp"
#include "search/wishes.hpp"

namespace paretoforge {

/// A proposal, and what came of it once it is told.
struct Proposed {
  PoolPoint point;
  std::vector<double> row;
  std::vector<double> costs = {};         ///< empty until told, and where the trial is not complete
  std::vector<ReadingRow> readings = {};  ///< by criterion, below the full budget; its row is left empty
  std::uint64_t trial = 0;                ///< its number, once told
  bool paused = false;                    ///< pruned, and may go on
};

/// A candidate, as its position in the pool, and what it is expected to add to the front.
struct Promising {
  std::size_t position;
  double gain;
};

/// Models of the criteria that only a trial tells, with the candidates they follow.
class AutoModels {
 public:
  AutoModels(const SearchProblem& problem, const CandidatePool& pool, std::size_t most_rows);

  const std::vector<std::size_t>& modelled() const { return modelled_; }

  /// Whether enough was told since the last time, or no room is left.
  bool due(std::size_t told) const;
  /// Makes models of what was told, and chooses which candidates to follow. `waiting` are the proposals not told yet.
  /// In a pool that is not complete the candidates are bred anew.
  void refresh(std::span<const Proposed> told, std::span<const Proposed> waiting, CandidatePool& pool,
               const FreshPoints& fresh);

  /// Either a candidate, as its position in the pool, or a paused trial, by its number.
  struct Choice {
    std::size_t position = 0;
    std::uint64_t trial = 0;  ///< 0: a candidate
    std::size_t place = 0;    ///< among the points followed
  };
  /// What is expected to improve the front most; nothing where nothing is expected to.
  std::optional<Choice> best(const CandidatePool& pool);
  /// Takes it out of those followed.
  void take(const Choice& choice, const CandidatePool& pool);
  /// A point that was proposed without being taken from here is no candidate any more.
  void drop(const Architecture& point, const CandidatePool& pool);
  /// A paused trial goes on or has come to something that the models should know before the next choice.
  void expire() { full_ = true; }
  /// Paused trials are candidates, too: promotions are left to the searcher.
  void weigh_paused() { weigh_paused_ = true; }
  /// The costs of a trial (empty: not complete). Trials may come in any order.
  void tell(const Architecture& point, const std::vector<double>& costs);

  /// Proposals turn out to be known networks: networks proposed before are no candidates any more.
  void skip_networks() { skip_networks_ = true, best_.reset(); }
  void note_network(std::uint64_t network) { networks_.insert(network), best_.reset(); }

 private:
  /// A proposal that the models stand in for until it is told.
  struct Waiting {
    Architecture architecture;
    std::vector<double> costs;  ///< known before the trial; NaN where modelled
    Eigen::Index place;         ///< among the points followed
    bool told = false;
    std::vector<double> told_costs = {};
  };

  void learn_readings(std::span<const Proposed> told, const CandidatePool& pool);
  void note_first_beliefs(std::span<const Proposed> told);
  void add_posterior(std::size_t m, const Encoded& rows, const Eigen::VectorXd& y, Eigen::Index room);
  /// By modelled criterion, on their standard scales: of a point followed, and how far a reading of it would move them.
  struct Beliefs {
    std::vector<double> means = {}, variances = {}, moves = {};
  };
  Beliefs beliefs(std::size_t w) const;
  std::optional<Choice> weighed(const CandidatePool& pool) const;
  double worth(const OpenBoxes& open, const PoolPoint& point, const Beliefs& beliefs, double spent) const;
  void scale(std::span<const std::size_t> rows, std::span<const Proposed> told);
  void fit(std::span<const std::size_t> rows, std::span<const Proposed> told, std::size_t room);
  /// Trials told until candidates are chosen anew, and, without readings, models made anew.
  static std::size_t gap(std::size_t told);
  bool is_candidate(const PoolPoint& point, const FreshPoints& fresh) const;
  /// Those of the pool that may be proposed; where models of so many `rows` take too long to ask about all, some of
  /// them.
  std::vector<std::size_t> candidates(const CandidatePool& pool, const FreshPoints& fresh, std::size_t rows) const;
  /// In the order of `positions`.
  std::vector<Promising> expected_gains(const OpenBoxes& open, std::span<const std::size_t> positions,
                                        const CandidatePool& pool) const;
  /// Which candidates to follow: of a pool that is the whole space, and of one that evolves.
  std::vector<std::size_t> listed_candidates(std::size_t rows, const CandidatePool& pool, const FreshPoints& fresh);
  std::vector<std::size_t> bred_candidates(std::span<const Proposed> told, std::size_t rows, CandidatePool& pool,
                                           const FreshPoints& fresh) const;
  void follow(std::vector<std::size_t> candidates, std::span<const Proposed> waiting, std::span<const Proposed> told,
              const CandidatePool& pool);
  void resolve_waiting();
  OpenBoxes boxes(bool with_waiting) const;
  Costs thinned(const Costs& points) const;
  double improvement(const OpenBoxes& boxes, const PoolPoint& point, std::span<const double> means,
                     std::span<const double> variances) const;

  SearchProblem problem_;
  Wishes wishes_;
  std::size_t most_rows_;
  std::vector<std::size_t> modelled_;
  std::vector<double> least_, greatest_;  ///< costs: of candidates where cheap, of trials where modelled
  std::vector<double> first_costs_;       ///< of the first trials, modelled criteria only, one after the other
  /// Where there are readings, by modelled criterion: what is believed of the first trials read. Those that went on are
  /// the better ones, and say less of what is bad.
  std::vector<std::vector<double>> first_beliefs_;
  std::vector<std::vector<double>> front_;
  std::vector<CostScale> scales_;
  std::vector<KernelBlock> blocks_;
  std::vector<KernelHyper> hyper_;
  std::vector<Posterior> posteriors_;
  std::vector<ReadingModel> readings_;  ///< by modelled criterion
  double rung_share_ = 0;               ///< what the first rung costs of the full budget; 0: there are none
  std::vector<Proposed> paused_;        ///< followed behind the candidates
  std::vector<std::size_t> followed_;   ///< positions in the pool, behind those waiting at the refresh
  std::vector<char> gone_;
  std::optional<std::optional<Choice>> best_;  ///< as long as nothing changes it: promote and ask want the same
  std::size_t first_followed_ = 0;
  std::deque<Waiting> waiting_;
  std::unordered_set<std::uint64_t> networks_;
  bool skip_networks_ = false, full_ = true, weigh_paused_ = false;
  std::size_t told_ = 0, tuned_at_ = 0, refreshed_at_ = 0, listed_at_ = 0;
};

}  // namespace paretoforge
