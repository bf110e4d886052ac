// One trial: objectives in order, cheap first; limits, faults and bad numbers become its state.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "configs/table.hpp"
#include "search/front.hpp"
#include "search/measure_internal.hpp"

namespace paretoforge {

namespace {

void fail(Trial& trial, const std::string& message) {
  trial.state = TrialState::failed;
  trial.message = message;
}

/// Measures one objective into the trial; false where the trial ends there.
bool measure_one(const Objective& objective, const Candidate& candidate, std::optional<double>& place, Trial& trial) {
  const double value = objective.measure(candidate);
  if (!std::isfinite(value)) {
    fail(trial, objective.name + " is " + (std::isnan(value) ? "not a number" : "infinite"));
    return false;
  }
  place = value;
  return true;
}

/// Measures the cheap objectives; false where the trial ends there.
bool measure_cheap(std::span<const Objective> objectives, const Candidate& candidate, Trial& trial) {
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    if (objectives[i].expensive) continue;
    if (candidate.stop.stop_requested()) throw Interrupted();
    if (!measure_one(objectives[i], candidate, trial.values[i], trial)) return false;
    if (keeps_limit(objectives[i], *trial.values[i])) continue;
    trial.state = TrialState::infeasible;
    trial.message = limits_broken(criteria(objectives), trial);
    return false;
  }
  return true;
}

/// Measures the expensive objectives at the candidate's rung: below the full budget only those that have rungs.
void measure_expensive(std::span<const Objective> objectives, const Candidate& candidate, bool full, Trial& trial) {
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    if (!objectives[i].expensive || (!full && objectives[i].rungs.empty())) continue;
    if (candidate.stop.stop_requested()) throw Interrupted();
    if (!measure_one(objectives[i], candidate, trial.values[i], trial)) return;
    if (!full) trial.readings.push_back({candidate.rung, static_cast<std::uint32_t>(i), *trial.values[i]});
  }
}

void measure_all(const Space& space, std::span<const Objective> objectives, const Assignment& assignment,
                 const std::stop_token& stop, Trial& trial) {
  const auto network = assignment.network ? assignment.network
                                          : std::make_shared<const Network>(decoded(space, assignment.architecture));
  const Candidate candidate{assignment.architecture, network->pruned, network->written,
                            assignment.number,       assignment.seed, stop,
                            assignment.rung};
  if (!assignment.so_far && !measure_cheap(objectives, candidate, trial)) return;
  const std::uint32_t last = full_rung(criteria(objectives));
  measure_expensive(objectives, candidate, trial.rung == last, trial);
  if (trial.state != TrialState::complete || trial.rung == last) return;
  trial.state = TrialState::pruned;
  trial.message = "at rung " + std::to_string(trial.rung + 1) + " of " + std::to_string(last + 1);
}

/// The trial as it stands before its measurement: what rungs below gave for an expensive objective is no value of it.
Trial before(std::span<const Objective> objectives, const Assignment& assignment) {
  Trial trial = assignment.so_far.value_or(Trial{.number = assignment.number,
                                                 .architecture = assignment.architecture,
                                                 .values = std::vector<std::optional<double>>(objectives.size())});
  trial.state = TrialState::complete;
  trial.message.clear();
  trial.rung = assignment.rung;
  for (std::size_t i = 0; i < objectives.size(); ++i)
    if (objectives[i].expensive) trial.values[i].reset();
  return trial;
}

/// A message as a field of a table: the sentence alone, without the place in a file and the line that is quoted there.
std::string first_line(const std::string& message) {
  const std::string line = message.substr(0, message.find('\n'));
  return line.starts_with("error: ") ? line.substr(7) : line;
}

}  // namespace

Network decoded(const Space& space, const Architecture& architecture) {
  Graph written = space.decode(architecture);
  Graph left = pruned(written);
  return {std::move(written), std::move(left)};
}

CheapValues cheap_values(const Space& space, std::span<const Objective> objectives) {
  if (std::none_of(objectives.begin(), objectives.end(), [](const Objective& o) { return !o.expensive; }))
    return nullptr;
  return [space, known = std::vector<Objective>(objectives.begin(), objectives.end())](
             const Architecture& point) -> std::optional<std::vector<std::optional<double>>> {
    std::vector<std::optional<double>> values(known.size());
    try {
      const Network network = decoded(space, point);
      const Candidate candidate{point, network.pruned, network.written, 0, 0, {}};
      for (std::size_t i = 0; i < known.size(); ++i)
        if (!known[i].expensive) values[i] = known[i].measure(candidate);
    } catch (const std::exception&) {
      return std::nullopt;
    }
    const bool finite =
        std::all_of(values.begin(), values.end(), [](const auto& v) { return !v || std::isfinite(*v); });
    return finite ? std::optional(std::move(values)) : std::nullopt;
  };
}

std::optional<Trial> measured(const Space& space, std::span<const Objective> objectives, const Assignment& assignment,
                              const std::stop_token& stop) {
  const auto begin = std::chrono::steady_clock::now();
  Trial trial = before(objectives, assignment);
  try {
    measure_all(space, objectives, assignment, stop, trial);
  } catch (const Interrupted&) {
    return std::nullopt;
  } catch (const InfrastructureFault&) {
    throw;
  } catch (const std::exception& fault) {
    fail(trial, first_line(fault.what()));
  } catch (...) {
    fail(trial, "an exception without a message");
  }
  // What a measurement says after it was asked to stop may be the stop speaking.
  if (stop.stop_requested()) return std::nullopt;
  trial.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return trial;
}

}  // namespace paretoforge
