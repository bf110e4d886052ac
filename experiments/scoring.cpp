#include "experiments/scoring.hpp"

#include "experiments/named_by.hpp"
#include "trainers/rank_ensemble.hpp"
#include "trainers/trainer.hpp"
#include "trainers/zero_cost.hpp"

namespace paretoforge {
namespace {

class TorchScoring final : public Scoring {
 public:
  TorchScoring(const Config& section, const Space& space, const std::optional<Config>& data)
      : section_(section), space_(space), scorer_(named_by(section, [&] { return Scorer(ScoreSettings::read(section, data), &space_); })) {}

  void check(const Graph& graph) const override {
    try {
      scorer_.members(graph);
    } catch (const TrainingError& error) {
      section_.fail(error.what());
    }
  }
  double score(const Graph& graph) const override { return scorer_.score(graph); }
  double member(const Graph& graph, std::size_t which) const override { return scorer_.member(graph, which); }
  std::uint64_t data_digest() const override { return scorer_.batch().digest; }

 private:
  Config section_;
  Space space_;
  Scorer scorer_;
};

}  // namespace

std::shared_ptr<const Scoring> make_scoring(const Config& section, const Space& space, const std::optional<Config>& data) {
  return std::make_shared<TorchScoring>(section, space, data);
}

Rank rank_among(std::vector<double> reference) {
  return [ranks = ReferenceRanks(std::move(reference))](double value) { return ranks.rank(value); };
}

std::vector<std::pair<std::string, std::string>> score_names() {
  std::vector<std::pair<std::string, std::string>> names;
  for (const ZeroCostKind& kind : zero_cost_scores()) names.emplace_back(kind.name, kind.summary);
  return names;
}

}  // namespace paretoforge
