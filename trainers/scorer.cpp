// Scoring one network after the other as a `score:` section says, alone or as an ensemble of ranks.
#include <mutex>
#include <stdexcept>

#include "space/random.hpp"
#include "trainers/rank_ensemble.hpp"
#include "trainers/trainer.hpp"
#include "trainers/zero_cost.hpp"

namespace paretoforge {

struct Scorer::Reference {
  std::once_flag once;
  std::vector<ReferenceRanks> ranks;  ///< by member
};

namespace {

constexpr std::uint64_t reference_stream = 0x72616e6b;  ///< beside those of the repeats, which count from 1

/// The scores of networks drawn from the space, [members, networks]. Points that are no network are passed over.
std::vector<std::vector<double>> reference_scores(const Scorer& scorer, const Space& space, const ScoreSettings& settings) {
  std::vector<std::vector<double>> columns(settings.kinds.size());
  Random random(derived_seed(settings.seed, reference_stream));
  std::size_t tries = 20 * settings.reference;
  while (columns[0].size() < settings.reference && tries-- > 0) {
    const Architecture point = space.sample(random);
    try {
      const std::vector<double> scores = scorer.members(space.decode(point));
      for (std::size_t i = 0; i < columns.size(); ++i) columns[i].push_back(scores[i]);
    } catch (const ConfigError&) {
    } catch (const TrainingError&) {
    }
  }
  if (columns[0].empty()) throw TrainingError("no network drawn from the space can be scored");
  return columns;
}

}  // namespace

Scorer::Scorer(const ScoreSettings& settings, const Space* space)
    : settings_(settings), space_(space), reference_(std::make_unique<Reference>()) {
  if (settings.ensemble() && space == nullptr) throw std::invalid_argument("an ensemble of ranks needs a space");
  if (settings.data)
    batch_ = draw_score_batch(load_dataset(*settings.data), settings.batch, settings.seed);
  else
    batch_ = {.size = settings.batch, .images = {}, .input = {}, .outputs = 0, .seed = settings.seed, .digest = 0};
}

Scorer::~Scorer() = default;

double Scorer::member(const Graph& graph, std::size_t kind) const {
  double sum = 0;
  ScoreBatch batch = batch_;
  for (std::int32_t i = 0; i < settings_.repeats; ++i) {
    batch.seed = i == 0 ? batch_.seed : derived_seed(batch_.seed, static_cast<std::uint64_t>(i));
    sum += settings_.kinds.at(kind)->score(graph, batch);
  }
  return sum / settings_.repeats;
}

std::vector<double> Scorer::members(const Graph& graph) const {
  std::vector<double> scores;
  for (std::size_t k = 0; k < settings_.kinds.size(); ++k) scores.push_back(member(graph, k));
  return scores;
}

const Scorer::Reference& Scorer::reference() const {
  std::call_once(reference_->once, [this] {
    for (std::vector<double>& column : reference_scores(*this, *space_, settings_))
      reference_->ranks.emplace_back(std::move(column));
  });
  return *reference_;
}

double Scorer::score(const Graph& graph) const {
  const std::vector<double> scores = members(graph);
  if (!settings_.ensemble()) return scores[0];
  const Reference& known = reference();
  double sum = 0;
  for (std::size_t k = 0; k < scores.size(); ++k) sum += known.ranks[k].rank(scores[k]);
  return sum / static_cast<double>(scores.size());
}

}  // namespace paretoforge
