// A study: space, objectives, searcher, budget and store; its run is the only loop and owns the only threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "search/fidelity.hpp"
#include "search/front.hpp"
#include "search/objective.hpp"
#include "search/searcher.hpp"
#include "search/store.hpp"
#include "space/space.hpp"

namespace paretoforge {

/// When a study ends of itself. It also ends when the space is exhausted, or after 100 times as many proposals
/// as trials.
struct Budget {
  std::optional<std::uint64_t> trials = {};  ///< that count, see `counts`; empty: no bound
  std::optional<double> seconds = {};        ///< of this run: then no further trial begins; empty: no bound
};

enum class End : std::uint8_t {
  budget,     ///< as many trials as asked for
  time,       ///< the time was up
  exhausted,  ///< every point was proposed
  proposals,  ///< 100 times as many proposals as trials: nearly nothing keeps the limits, or nearly all repeat
  stopped     ///< asked to stop; the study can go on later
};

/// What a study has done so far; handed to `on_told`, and the result of a run.
struct StudyState {
  std::vector<Trial> trials;  ///< told, by number, each as it stands at the highest rung told
  std::uint64_t newest = 0;   ///< the number of the trial told last
  Front front;
  std::uint64_t counted = 0;    ///< trials that count against the budget
  std::uint64_t proposals = 0;  ///< asks, repeats included
  std::uint64_t repeats = 0;    ///< proposals that were known networks, told at no cost
  std::uint64_t replayed = 0;   ///< trials taken from the store, not measured in this run
  End end = End::stopped;       ///< valid once the run is over
};

struct Study {
  Space space;
  std::vector<Objective> objectives;   ///< measured in this order, but the expensive after the cheap
  std::unique_ptr<Searcher> searcher;  ///< fresh: never asked before
  Budget budget = {};
  Store* store = nullptr;  ///< where trials are kept and replayed from; null: nowhere
  unsigned threads = 1;    ///< trials side by side; never changes the result
  /// How many proposals may wait for their turn to be told. Trials are told in the order in which they were
  /// asked for, and a searcher is asked again as soon as fewer than this many wait, so what it knows at each ask
  /// depends on this number alone: not on the threads, nor on who finishes first. At least `threads` to keep
  /// them busy; changing it changes the result.
  unsigned window = 8;
  Identity identity = Identity::network;
  std::uint64_t seed = 1;
  FidelitySettings fidelity = {};  ///< matters where objectives have rungs
  /// Once true the study ends promptly: running measurements are asked to stop and are forgotten.
  const std::atomic<bool>* stop = nullptr;
  /// Called in the thread of run after each trial is told; `entered_front` for the newest.
  std::function<void(const StudyState&, bool entered_front)> on_told = nullptr;
  /// Called in the thread of run with the number of a trial that no higher rung will be measured of, at its end at the
  /// latest: what was kept to go on from is not needed any more. A larger budget may promote such a trial after all.
  std::function<void(std::uint64_t number)> on_settled = nullptr;

  /// Runs until the budget, the space, or the patience of whoever asks it to stop is at an end.
  ///
  /// Resume is replay: the trials of the store are told again in the order of its log, so a study killed at any
  /// moment and run again (with a fresh searcher of the same problem, options and seed) ends with the trials of
  /// one that was never stopped. Throws InfrastructureFault and StoreError with everything before them saved,
  /// and StoreError where the store's log is not what this study would do.
  StudyState run();
};

}  // namespace paretoforge
