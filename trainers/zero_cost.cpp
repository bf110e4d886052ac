// The table of zero-cost scores, reading the `score:` section, and the batch.
#include "trainers/zero_cost.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "space/random.hpp"
#include "trainers/trainer.hpp"
#include "trainers/zero_cost_internal.hpp"

namespace paretoforge {
namespace {

using Count = std::int64_t (*)(const Graph& graph, NodeId id);

double sum_over_nodes(const Graph& written, Count count) {
  const Graph graph = pruned(written);
  std::int64_t sum = 0;
  for (NodeId id = 1; id < graph.size(); ++id)
    if (!graph.inputs(id).empty()) sum += count(graph, id);
  return static_cast<double>(sum);
}

double score_params(const Graph& graph, const ScoreBatch&) {
  return sum_over_nodes(graph, [](const Graph& g, NodeId id) { return params(g.op(id), g.shape(g.inputs(id)[0])); });
}

double score_macs(const Graph& graph, const ScoreBatch&) {
  return sum_over_nodes(graph, [](const Graph& g, NodeId id) {
    return macs(g.op(id), g.shape(g.inputs(id)[0]), g.shape(id));
  });
}

constexpr std::array<ZeroCostKind, 10> kinds{{
    {"synflow", "ln(1 + sum |w dR/dw|), R the outputs' sum with weights >= 0 and no norms (Tanaka 2020)",
     ScoreSees::nothing, score_synflow},
    {"naswot", "log-determinant of the kernel of activation patterns (Mellor 2021)", ScoreSees::images, score_naswot},
    {"jacob_cov", "how little the Jacobians of different images correlate (Mellor 2020)", ScoreSees::images,
     score_jacob_cov},
    {"grad_norm", "sum of the lengths of the layers' gradients (Abdelfattah 2021)", ScoreSees::images,
     score_grad_norm},
    {"snip", "sum |w dL/dw|: what the loss would feel of lost weights (Lee 2019)", ScoreSees::images, score_snip},
    {"grasp", "-sum w (H g): what lost weights would take from the gradient's flow (Wang 2020)", ScoreSees::images,
     score_grasp},
    {"fisher", "sum of squares of channels times their gradients (Turner 2020)", ScoreSees::images, score_fisher},
    {"zen", "ln of how far noise moves the features, plus ln of deviations before norms (Lin 2021)", ScoreSees::noise,
     score_zen},
    {"params", "the number of parameters: the baseline to beat", ScoreSees::nothing, score_params},
    {"macs", "the number of multiply-accumulates: the baseline to beat", ScoreSees::nothing, score_macs},
}};

const ZeroCostKind& read_kind(const Config& name) {
  std::vector<std::string> names;
  for (const ZeroCostKind& kind : kinds) names.emplace_back(kind.name);
  const std::string found = name.one_of(names);
  return *std::find_if(kinds.begin(), kinds.end(), [&](const ZeroCostKind& kind) { return kind.name == found; });
}

/// A key that changes nothing would be taken for one that does.
void refuse_useless(const Config& config, const ScoreSettings& settings) {
  const auto all = [&](auto&& test) { return std::all_of(settings.kinds.begin(), settings.kinds.end(), test); };
  const std::string name = settings.ensemble() ? "the ensemble" : "'" + std::string(settings.kinds[0]->name) + "'";
  const auto refuse = [&](const std::string& key, const std::string& why) {
    if (config.has(key)) config.fail_at_key(key, why, "leave '" + key + "' out");
  };
  if (all([](const ZeroCostKind* kind) { return kind->sees != ScoreSees::images; })) refuse("data", name + " looks at no data");
  if (all([](const ZeroCostKind* kind) { return kind->sees == ScoreSees::nothing; })) refuse("batch", name + " needs no batch");
  if (all([](const ZeroCostKind* kind) { return kind->score == score_params || kind->score == score_macs; })) {
    refuse("repeats", "nothing of " + name + " is random");
    if (!settings.ensemble()) refuse("seed", "nothing of " + name + " is random");
  }
}

std::vector<const ZeroCostKind*> read_kinds(const Config& config) {
  if (!config.is_map()) return {&read_kind(config)};
  const auto ensemble = config.find("ensemble");
  if (!ensemble) {
    config.allow({"kind", "data", "batch", "seed", "repeats"});
    return {&read_kind(config.at("kind"))};
  }
  config.allow({"ensemble", "data", "batch", "seed", "repeats", "reference"});
  std::vector<const ZeroCostKind*> members;
  for (const Config& name : ensemble->items()) {
    members.push_back(&read_kind(name));
    if (std::count(members.begin(), members.end(), members.back()) > 1) name.fail("'" + name.text() + "' stands twice in the ensemble");
  }
  if (members.size() < 2) ensemble->fail("an ensemble has at least two scores", "one alone is  score: {kind: NAME}");
  return members;
}

}  // namespace

std::span<const ZeroCostKind> zero_cost_scores() { return kinds; }

ScoreSettings ScoreSettings::read(const Config& config, const std::optional<Config>& data) {
  ScoreSettings settings;
  settings.kinds = read_kinds(config);
  if (config.is_map()) {
    refuse_useless(config, settings);
    settings.data = config.find("data");
    if (const auto batch = config.find("batch")) settings.batch = static_cast<std::size_t>(batch->integer(1, 100'000));
    if (const auto seed = config.find("seed")) settings.seed = static_cast<std::uint64_t>(seed->integer(0, 1'000'000'000));
    if (const auto repeats = config.find("repeats")) settings.repeats = static_cast<std::int32_t>(repeats->integer(1, 1000));
    if (const auto networks = config.find("reference")) settings.reference = static_cast<std::size_t>(networks->integer(10, 100'000));
  }
  const bool sees = std::any_of(settings.kinds.begin(), settings.kinds.end(), [](const ZeroCostKind* kind) { return kind->sees == ScoreSees::images; });
  if (sees && !settings.data) settings.data = data;
  for (const ZeroCostKind* kind : settings.kinds)
    if (kind->sees == ScoreSees::images && !settings.data)
      config.fail("'" + std::string(kind->name) + "' looks at images, and no 'data' says which",
                  "such as  score: {kind: " + std::string(kind->name) + ", data: fashion-mnist}");
  return settings;
}

ScoreBatch draw_score_batch(const Dataset& data, std::size_t size, std::uint64_t seed) {
  if (size > data.train.size())
    throw ConfigError("error: a batch of " + std::to_string(size) + " is more than the " +
                      std::to_string(data.train.size()) + " images of the training part of " + data.name);
  std::vector<std::uint32_t> positions = split(data.train.size(), 0, seed).train;
  positions.resize(size);
  return {size, selected(data.train, positions), normalisation(data.train), data.outputs(), seed, data.digest, target_normalisation(data)};
}

}  // namespace paretoforge
