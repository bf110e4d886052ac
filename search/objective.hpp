// What a study measures: a name, a direction, a limit, whether it is cheap or expensive, and the function that measures
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include "search/trial.hpp"
#include "space/graph.hpp"
#include "space/space.hpp"

namespace paretoforge {

enum class Goal : std::uint8_t { minimize, maximize };

/// What searchers and fronts know of an objective: everything but how it is measured.
struct Criterion {
  std::string name;  ///< with its unit, as in CSV files: latency_ms, accuracy_pct
  Goal goal = Goal::minimize;
  std::optional<double> limit = {};  ///< greatest value allowed where minimised, least where maximised; inclusive
  bool expensive = false;            ///< measured last, and only where every cheap objective keeps its limit

  // Wishes steer a search and never end a trial; see wishes.hpp.
  std::optional<double> soft_limit = {};  ///< worse is allowed, but wished for less; the worse end of a region of interest
  std::optional<double> enough = {};      ///< the better end of a region of interest: better than this is of no interest
  std::optional<double> aspiration = {};  ///< the value hoped for: steers towards the part of the front nearest to it
  std::optional<double> reference = {};   ///< where the box of the hypervolume ends: worse adds nothing to it
  /// Budgets below the full one at which an expensive objective can be measured too, as shares of it: ascending,
  /// above 0 and below 1. Rung r is measured at rungs[r], rung rungs.size() at the full budget. All objectives of a
  /// study that have rungs have equally many; those without are measured at the full budget's rung alone.
  std::vector<double> rungs = {};
};

/// Objectives that a study may have: exact hypervolume and dominance lose their meaning, and their speed, above.
inline constexpr std::size_t most_objectives = 6;

/// What an objective is asked to measure. Lives as long as the call.
struct Candidate {
  const Architecture& architecture;
  const Graph& graph;    ///< the network: pruned of what does not lead from input to output
  const Graph& written;  ///< the network as the document has it, dead branches included
  std::uint64_t number;  ///< of the trial, from 1
  std::uint64_t seed;    ///< for everything random in this trial; from the study's seed and the number
  std::stop_token stop;  ///< asks a long measurement to end: throw Interrupted then
  std::uint32_t rung = 0;  ///< what to measure at, see Criterion::rungs; rungs below it were measured before, with this
                           ///< number and seed, unless the trial began here
};

/// Measures one value. Called from many threads at once. Whatever it throws makes the trial `failed` with the
/// exception's message, and so does a NaN or an infinity; but for these two:
using Measure = std::function<double(const Candidate&)>;

/// Thrown by a measurement that was asked to stop, however it learnt of it: stops the study, too. The trial is
/// forgotten and runs again when the study goes on.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};
/// A fault that says nothing about the architecture (a device unplugged, a full disk): stops the study with
/// everything saved, and is never told to the searcher.
class InfrastructureFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Objective : Criterion {
  Measure measure;
};

std::vector<Criterion> criteria(std::span<const Objective> objectives);

/// The values of the cheap objectives at a canonical point, one place per objective, empty for expensive ones. Nothing
/// where one of them throws or is not finite: a trial of that point would fail.
using CheapValues = std::function<std::optional<std::vector<std::optional<double>>>(const Architecture&)>;
/// Measures them outside any trial (number and seed are 0); null where no objective is cheap. The objectives are copied.
CheapValues cheap_values(const Space& space, std::span<const Objective> objectives);

/// The value as something to minimise.
inline double cost(const Criterion& criterion, double value) {
  return criterion.goal == Goal::minimize ? value : -value;
}
bool keeps_limit(const Criterion& criterion, double value);
bool keeps_soft_limit(const Criterion& criterion, double value);
/// By how much a value misses its limit, relative to the limit (absolute where that is 0); 0 where it keeps it.
double excess(const Criterion& criterion, double value);

/// The rung of the full budget: how many rungs the objectives of a study have, 0 where none has any. Throws
/// std::invalid_argument where their numbers differ, a budget is none, or a cheap objective has rungs.
std::uint32_t full_rung(std::span<const Criterion> criteria);

/// The costs of a complete trial, one per criterion.
std::vector<double> costs(std::span<const Criterion> criteria, const Trial& trial);
/// The sum of a trial's excesses over the values it has; infinite where it failed or was pruned.
double violation(std::span<const Criterion> criteria, const Trial& trial);
/// Whether a trial is complete and keeps every limit.
bool fits(std::span<const Criterion> criteria, const Trial& trial);
/// Whether a trial counts against `trials:`: its expensive objective was begun; where no objective is
/// expensive, whether it is complete.
bool counts(std::span<const Criterion> criteria, const Trial& trial);

}  // namespace paretoforge
