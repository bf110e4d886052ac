#include "experiments/scoring.hpp"

#include "experiments/named_by.hpp"
#include "trainers/trainer.hpp"
#include "trainers/zero_cost.hpp"

namespace paretoforge {
namespace {

class TorchScoring final : public Scoring {
 public:
  explicit TorchScoring(const Config& section)
      : section_(section), scorer_(named_by(section, [&] { return Scorer(ScoreSettings::read(section)); })) {}

  void check(const Graph& graph) const override {
    try {
      scorer_.score(graph);
    } catch (const TrainingError& error) {
      section_.fail(error.what());
    }
  }
  double score(const Graph& graph) const override { return scorer_.score(graph); }
  std::uint64_t data_digest() const override { return scorer_.batch().digest; }

 private:
  Config section_;
  Scorer scorer_;
};

}  // namespace

std::shared_ptr<const Scoring> make_scoring(const Config& section) { return std::make_shared<TorchScoring>(section); }

std::vector<std::pair<std::string, std::string>> score_names() {
  std::vector<std::pair<std::string, std::string>> names;
  for (const ZeroCostKind& kind : zero_cost_scores()) names.emplace_back(kind.name, kind.summary);
  return names;
}

}  // namespace paretoforge
