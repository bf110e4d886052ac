// What to try next: searchers behind ask() and tell(), the table of them, and the `search:` part of a study.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "configs/config.hpp"
#include "search/fidelity.hpp"
#include "search/objective.hpp"
#include "search/trial.hpp"
#include "space/space.hpp"

namespace paretoforge {

/// Proposes architectures and learns from trials. No threads, no trainer, no device inside: what it proposes
/// follows from its problem, its options and the order of its asks and tells alone.
class Searcher {
 public:
  virtual ~Searcher() = default;

  /// The next architecture, canonical, never one that it proposed before. Nothing where it must be told more
  /// first, or where it is exhausted; an ask that gives nothing changes nothing.
  virtual std::optional<Architecture> ask() = 0;

  /// What came of a proposal. Proposals are told in the order in which they were asked for, except that one
  /// which turned out to be a known network is told at once, as a repeat: a trial with a number told before
  /// (the architecture is the proposal, the rest is that trial's).
  virtual void tell(const Trial& trial) = 0;

  /// A trial that was told was promoted, and this is what it is now: pruned at a higher rung, complete or failed. Comes
  /// between the tells, in an order that depends on what was told alone. A searcher that does not care keeps what it
  /// was told first.
  virtual void update(const Trial&) {}

  /// The number of a pruned trial that should go on to its next rung, rather than that anything new is asked for: asked
  /// before each ask where promotions are left to the searcher (FidelitySettings::Scheduler::searcher). Nothing where
  /// there is none; a call that gives nothing changes nothing.
  virtual std::optional<std::uint64_t> promote() { return std::nullopt; }

  /// Whether every point has been proposed: ask() gives nothing any more, whatever is told.
  virtual bool exhausted() const = 0;
};

/// What a searcher gets to know of a study.
struct SearchProblem {
  Space space;
  std::vector<Criterion> criteria;
  std::uint64_t seed = 1;
  /// The only points that may be proposed, canonical and distinct, where a table holds only part of the space;
  /// null: all of them.
  std::shared_ptr<const std::vector<Architecture>> points = nullptr;
  /// What the cheap objectives say of a point, so that a searcher can weigh thousands of candidates before it
  /// proposes one; null: unknown before a trial.
  CheapValues cheap = nullptr;
  /// Whether that takes hundredths of a second or more, as zero-cost scores do, rather than microseconds: then fewer
  /// points are asked about.
  bool cheap_is_slow = false;
};

/// One row of the table of searchers.
struct SearcherKind {
  std::string_view name;
  std::string_view summary;                   ///< one line, for `paretoforge list searchers`
  std::span<const std::string_view> options;  ///< its own keys in `search:`
  /// Reads its options from the `search:` map (null where there is none); throws ConfigError.
  std::unique_ptr<Searcher> (*make)(const SearchProblem&, const std::optional<Config>& search);
  std::string_view resolved;  ///< the name of the searcher that works: nsga2 for auto
  /// Whether models are asked for each proposal: made for hundreds of trials and not for 100,000.
  bool modelled = false;
};
std::span<const SearcherKind> searchers();
/// The row of that name; throws ConfigError at `place` with the nearest name.
const SearcherKind& searcher_named(const std::string& name, const Config& place);

/// When two proposals are the same thing, and the second is not measured.
enum class Identity : std::uint8_t {
  network,   ///< isomorphic networks are one
  decisions  ///< every point is its own
};

/// The `search:` map of a study: {algorithm, seed, trials, time, threads, window, identity, fidelity, the
/// searcher's own}.
struct SearchSettings {
  const SearcherKind* kind;                  ///< algorithm: default auto
  std::uint64_t seed = 1;                    ///< of everything random in the study
  std::optional<std::uint64_t> trials = {};  ///< see Budget
  std::optional<double> seconds = {};        ///< `time: 2h`; with it a study cannot be repeated exactly
  std::optional<unsigned> threads = {};      ///< trials side by side; never changes the result
  unsigned window = 8;                       ///< see Study::window; changes the result
  std::optional<Identity> identity = {};     ///< where it is said
  FidelitySettings fidelity = {};            ///< matters where objectives have rungs
  std::optional<Config> options = {};        ///< the map itself

  /// Throws ConfigError: unknown keys, a misspelt searcher, wrong types and ranges, neither trials nor time.
  static SearchSettings read(const Config& search);
  std::unique_ptr<Searcher> make(const SearchProblem& problem) const { return kind->make(problem, options); }
};

}  // namespace paretoforge
