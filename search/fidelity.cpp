// Promotion rules: ASHA, brackets of successive halving, Hyperband's cycle of brackets.
#include "search/fidelity.hpp"

#include <algorithm>
#include <limits>

namespace paretoforge {

namespace {

/// base^exponent, the greatest number there is where that is less.
std::uint64_t power(std::uint64_t base, std::uint32_t exponent) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max() / 1'000'000;
  std::uint64_t result = 1;
  for (std::uint32_t i = 0; i < exponent; ++i) result = result > most / base ? most : result * base;
  return result;
}

}  // namespace

FidelitySettings FidelitySettings::read(const Config& fidelity) {
  fidelity.allow({"scheduler", "eta", "ranking"});
  FidelitySettings settings;
  if (const auto scheduler = fidelity.find("scheduler")) {
    const std::string name = scheduler->one_of({"asha", "successive_halving", "hyperband", "searcher"});
    settings.scheduler = name == "asha"        ? Scheduler::asha
                         : name == "hyperband" ? Scheduler::hyperband
                         : name == "searcher"  ? Scheduler::searcher
                                               : Scheduler::successive_halving;
  }
  if (const auto eta = fidelity.find("eta")) settings.eta = static_cast<std::uint32_t>(eta->integer(2, 1000));
  if (const auto ranking = fidelity.find("ranking"))
    settings.ranking =
        ranking->one_of({"epsilon_net", "hypervolume"}) == "hypervolume" ? Ranking::hypervolume : Ranking::epsilon_net;
  return settings;
}

std::vector<std::uint64_t> hyperband_sizes(std::uint32_t full, std::uint32_t s, std::uint32_t eta) {
  const std::uint64_t begun = ((full + 1) * power(eta, s) + s) / (s + 1);
  std::vector<std::uint64_t> sizes(s + 1);
  for (std::uint32_t i = 0; i <= s; ++i) sizes[i] = begun / power(eta, i);
  return sizes;
}

Promotions::Promotions(std::span<const Criterion> criteria, const FidelitySettings& settings)
    : criteria_(criteria.begin(), criteria.end()), settings_(settings), full_(full_rung(criteria)), next_(decide()) {}

Promotions::Bracket Promotions::bracket(std::size_t index) const {
  using enum FidelitySettings::Scheduler;
  std::uint32_t s = full_;
  std::optional<std::uint64_t> size;
  if (settings_.scheduler == successive_halving) size = power(settings_.eta, s);
  if (settings_.scheduler == hyperband) {
    s -= static_cast<std::uint32_t>(index % (full_ + 1));
    size = hyperband_sizes(full_, s, settings_.eta)[0];
  }
  return {full_ - s, size, std::vector<std::vector<Entry>>(s + 1)};
}

void Promotions::begin(Job job) {
  if (full_ == 0) return;
  if (!bracket_of_.contains(job.trial)) {
    if (brackets_.empty() || (brackets_.back().size && brackets_.back().rungs[0].size() >= *brackets_.back().size))
      brackets_.push_back(bracket(brackets_.size()));
    bracket_of_[job.trial] = brackets_.size() - 1;
  }
  Bracket& own = brackets_[bracket_of_[job.trial]];
  const std::size_t level = job.rung - own.first;
  if (level > 0)
    for (Entry& entry : own.rungs[level - 1])
      if (entry.trial == job.trial) entry.promoted = true;
  own.rungs[level].push_back({job.trial});
  next_ = decide();
}

void Promotions::tell(const Trial& trial) {
  if (full_ == 0) return;
  Bracket& own = brackets_.at(bracket_of_.at(trial.number));
  for (Entry& entry : own.rungs[trial.rung - own.first]) {
    if (entry.trial != trial.number) continue;
    entry.told = true;
    if (trial.state == TrialState::pruned) entry.costs = known_costs(trial);
  }
  next_ = decide();
}

void Promotions::close() {
  closed_ = true;
  for (Bracket& bracket : brackets_) std::erase_if(bracket.rungs[0], [](const Entry& entry) { return !entry.told; });
  next_ = decide();
}

/// The costs of the objectives that all trials of a rung know.
std::vector<double> Promotions::known_costs(const Trial& trial) const {
  std::vector<double> known;
  for (std::size_t i = 0; i < criteria_.size(); ++i)
    if (trial.values.at(i)) known.push_back(cost(criteria_[i], *trial.values[i]));
  return known;
}

/// The trial of a rung that goes on next. `complete`: nothing more comes into the rung, and all that came is told.
std::optional<std::uint64_t> Promotions::promoted_from(const std::vector<Entry>& rung, bool complete,
                                                       bool waits) const {
  const auto told =
      static_cast<std::uint64_t>(std::count_if(rung.begin(), rung.end(), [](const Entry& e) { return e.told; }));
  if (!complete && waits) return std::nullopt;
  const std::uint64_t places = std::max<std::uint64_t>(complete ? 1 : 0, told / settings_.eta);
  const auto gone =
      static_cast<std::uint64_t>(std::count_if(rung.begin(), rung.end(), [](const Entry& e) { return e.promoted; }));
  if (left_to_searcher() && (!complete || gone >= places)) return std::nullopt;
  std::vector<const Entry*> able;
  for (const Entry& entry : rung)
    if (entry.costs) able.push_back(&entry);
  if (places == 0 || able.empty()) return std::nullopt;
  Costs points(able[0]->costs->size());
  for (const Entry* entry : able) points.add(*entry->costs);
  for (const std::size_t i : best(points, places, settings_.ranking))
    if (!able[i]->promoted) return able[i]->trial;
  return std::nullopt;
}

/// The promotion from the highest rung that has one.
std::optional<Promotions::Job> Promotions::promotion(const Bracket& bracket) const {
  std::optional<Job> job;
  bool more_come = !closed_ && !(bracket.size && bracket.rungs[0].size() >= *bracket.size);
  for (std::size_t level = 0; level + 1 < bracket.rungs.size(); ++level) {
    const auto& rung = bracket.rungs[level];
    const bool complete = !more_come && std::all_of(rung.begin(), rung.end(), [](const Entry& e) { return e.told; });
    const auto trial = promoted_from(rung, complete, bracket.size.has_value());
    if (trial) job = Job{*trial, bracket.first + static_cast<std::uint32_t>(level) + 1};
    more_come = !complete || trial;
  }
  return job;
}

std::optional<Promotions::Job> Promotions::decide() const {
  if (full_ == 0) return Job{0, 0};
  for (const Bracket& bracket : brackets_)
    if (const auto job = promotion(bracket)) return job;
  if (closed_) return std::nullopt;
  const bool open =
      !brackets_.empty() && !(brackets_.back().size && brackets_.back().rungs[0].size() >= *brackets_.back().size);
  return Job{0, open ? brackets_.back().first : bracket(brackets_.size()).first};
}

}  // namespace paretoforge
