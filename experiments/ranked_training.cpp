#include "experiments/ranked_training.hpp"

#include <stdexcept>

#include "space/random.hpp"

namespace paretoforge {

RanksWish RanksWish::read(const Config& ranks) {
  RanksWish wish;
  const Config names = ranks.is_map() ? ranks.at("ensemble") : ranks;
  for (const Config& name : names.items()) wish.scores.push_back(name.text());
  if (wish.scores.empty()) names.fail("'ranks' names no score to stand beside the training's", "such as  ranks: [params, macs, jacob_cov]");
  std::vector<Config::Entry> entries;
  if (wish.scores.size() == 1) entries.emplace_back("kind", names.items()[0]);
  else entries.emplace_back("ensemble", names);
  if (ranks.is_map()) {
    ranks.allow({"ensemble", "batch", "repeats", "seed", "reference"});
    if (const auto seed = ranks.find("seed")) wish.seed = static_cast<std::uint64_t>(seed->integer(0, 1'000'000'000));
    if (const auto networks = ranks.find("reference")) wish.reference = static_cast<std::uint64_t>(networks->integer(least_reference, 1000));
    for (const char* key : {"batch", "repeats"})
      if (const auto value = ranks.find(key)) entries.emplace_back(key, *value);
  }
  wish.section = Config::make_map(std::move(entries));
  return wish;
}

std::uint64_t RanksWish::reference_seed() const {
  constexpr std::uint64_t stream = 0x7265666572656e63;  // any that no study draws from
  return derived_seed(seed, stream);
}

std::vector<Objective> RankedTraining::objectives() const {
  std::vector<Objective> all;
  const auto add = [&](const std::string& name, Goal goal, Measure measure) {
    all.push_back({{.name = name, .goal = goal, .expensive = true}, std::move(measure)});
  };
  add(parts_.score.name, parts_.score.less_is_better ? Goal::minimize : Goal::maximize,
      [trained = parts_.trained, which = parts_.which](const Candidate& candidate) { return trained->alone(candidate, which); });
  for (std::size_t i = 0; i < wish_.scores.size(); ++i)
    add(wish_.scores[i] + "_score", Goal::maximize, [scoring = parts_.scoring, i](const Candidate& candidate) { return scoring->member(candidate.graph, i); });
  return all;
}

void RankedTraining::rank_among(std::span<const Trial> reference) {
  std::vector<std::vector<double>> values(1 + wish_.scores.size());
  for (const Trial& trial : reference) {
    if (trial.state != TrialState::complete) continue;
    const std::size_t first = trial.values.size() - values.size();  // behind what else such a study measures
    for (std::size_t i = 0; i < values.size(); ++i) values[i].push_back(trial.values[first + i].value());
  }
  if (values[0].size() < RanksWish::least_reference) throw std::invalid_argument("too few reference networks");
  if (parts_.score.less_is_better)
    for (double& value : values[0]) value = -value;
  ranks_.clear();
  for (std::vector<double>& column : values) ranks_.push_back(paretoforge::rank_among(std::move(column)));
}

double RankedTraining::value(const Candidate& candidate) const {
  if (ranks_.empty()) throw std::logic_error("ranks without their reference");
  const double trained = parts_.trained->value(candidate, parts_.which);
  double sum = ranks_[0](parts_.score.less_is_better ? -trained : trained);
  for (std::size_t i = 1; i < ranks_.size(); ++i) sum += ranks_[i](parts_.scoring->member(candidate.graph, i - 1));
  return sum / static_cast<double>(ranks_.size());
}

}  // namespace paretoforge
