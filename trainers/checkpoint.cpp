// Writing and reading checkpoints.
#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include "configs/files.hpp"
#include "trainers/checkpoint_internal.hpp"

namespace paretoforge {
namespace {

static_assert(std::endian::native == std::endian::little, "checkpoints are written as they lie in memory");

constexpr std::string_view magic = "PFTRAIN7";

class Writer {
 public:
  template <class T>
  void number(T value) {
    static_assert(sizeof(T) == 8);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  template <class T>
  void numbers(const std::vector<T>& values) {
    number(std::uint64_t{values.size()});
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  }
  void state(const StepState& state) {
    number(state.steps);
    number(std::uint64_t{state.values.size()});
    for (const auto& values : state.values) numbers(values);
  }
  void text(std::string_view part) { bytes_.append(part); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads what Writer wrote; `good` turns false where there is too little.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  void number(T& value) {
    static_assert(sizeof(T) == 8);
    copy(&value, sizeof value);
  }
  template <class T>
  void numbers(std::vector<T>& values) {
    std::uint64_t count = 0;
    number(count);
    if (count > bytes_.size() / sizeof(T)) good_ = false;
    if (!good_) return;
    values.resize(count);
    if (count > 0) copy(values.data(), count * sizeof(T));
  }
  void state(StepState& state) {
    std::uint64_t count = 0;
    number(state.steps);
    number(count);
    for (; good_ && count > 0; --count) numbers(state.values.emplace_back());
  }
  bool good() const { return good_; }

 private:
  void copy(void* to, std::size_t count) {
    good_ = good_ && count <= bytes_.size();
    if (!good_) return;
    std::memcpy(to, bytes_.data(), count);
    bytes_.remove_prefix(count);
  }
  std::string_view bytes_;
  bool good_ = true;
};

constexpr std::array parts = {&Weights::kernel, &Weights::bias, &Weights::gamma,
                              &Weights::beta,   &Weights::mean, &Weights::variance};

std::string bytes_of(const Checkpoint& checkpoint) {
  Writer writer;
  writer.text(magic);
  writer.number(checkpoint.key);
  writer.number(checkpoint.step);
  writer.number(checkpoint.loss_sum);
  writer.number(checkpoint.seconds);
  for (const std::uint64_t word : checkpoint.random) writer.number(word);
  writer.numbers(checkpoint.order);
  writer.state(checkpoint.optimizer);
  writer.state(checkpoint.average);
  writer.number(checkpoint.best.score);
  writer.state(checkpoint.best.weights);
  writer.number(std::uint64_t{checkpoint.weights.size()});
  for (const Weights& weights : checkpoint.weights)
    for (const auto part : parts) writer.numbers(weights.*part);
  writer.numbers(checkpoint.curve);
  writer.number(checkpoint.observed.batches);
  writer.numbers(checkpoint.observed.ranges);
  writer.number(checkpoint.loss_scale.value);
  writer.number(checkpoint.loss_scale.steps);
  writer.number(checksum(writer.bytes()));
  return writer.bytes();
}

/// Nothing where the bytes are not those of a checkpoint.
std::optional<Checkpoint> checkpoint_of(std::string_view bytes) {
  if (bytes.size() < magic.size() + 8 || !bytes.starts_with(magic)) return std::nullopt;
  std::uint64_t found = 0, nodes = 0;
  std::memcpy(&found, bytes.data() + bytes.size() - 8, 8);
  bytes.remove_suffix(8);
  if (found != checksum(bytes)) return std::nullopt;
  bytes.remove_prefix(magic.size());
  Reader reader(bytes);
  Checkpoint checkpoint;
  reader.number(checkpoint.key);
  reader.number(checkpoint.step);
  reader.number(checkpoint.loss_sum);
  reader.number(checkpoint.seconds);
  for (std::uint64_t& word : checkpoint.random) reader.number(word);
  reader.numbers(checkpoint.order);
  reader.state(checkpoint.optimizer);
  reader.state(checkpoint.average);
  reader.number(checkpoint.best.score);
  reader.state(checkpoint.best.weights);
  reader.number(nodes);
  for (std::uint64_t node = 0; reader.good() && node < nodes; ++node) {
    checkpoint.weights.emplace_back();
    for (const auto part : parts) reader.numbers(checkpoint.weights.back().*part);
  }
  reader.numbers(checkpoint.curve);
  reader.number(checkpoint.observed.batches);
  reader.numbers(checkpoint.observed.ranges);
  reader.number(checkpoint.loss_scale.value);
  reader.number(checkpoint.loss_scale.steps);
  return reader.good() ? std::optional(std::move(checkpoint)) : std::nullopt;
}

}  // namespace

std::uint64_t checkpoint_key(std::string_view trainer, const Graph& graph, const Dataset& data, const TrainRecipe& recipe,
                             const TrainBudget& budget) {
  Writer writer;
  writer.text(trainer);
  writer.text(recipe.early_stop.score);
  writer.number(network_hash(graph));
  for (NodeId id = 0; id < static_cast<NodeId>(graph.size()); ++id) {  // weights lie in this order
    writer.number(std::uint64_t{graph.op(id).index()});
    for (const NodeId input : graph.inputs(id)) writer.number(std::int64_t{input});
  }
  writer.text(data.name);
  writer.number(std::uint64_t{data.train.size()});
  writer.number(data.digest);
  writer.number(recipe.loss ? 1 + static_cast<std::int64_t>(*recipe.loss) : std::int64_t{0});
  writer.numbers(recipe.class_weights);
  for (const double value : {recipe.rate, recipe.momentum, recipe.weight_decay, recipe.label_smoothing, budget.share,
                             recipe.augment.mixup, recipe.betas[0], recipe.betas[1], recipe.epsilon, recipe.clip_norm, recipe.ema, recipe.early_stop.least,
                             recipe.federation.alpha})
    writer.number(value);
  for (const std::int64_t value :
       {static_cast<std::int64_t>(recipe.optimizer), std::int64_t{recipe.early_stop.patience},
        std::int64_t{recipe.federation.clients}, std::int64_t{recipe.federation.per_round},
        std::int64_t{recipe.federation.local_epochs}, std::int64_t{recipe.nesterov}, static_cast<std::int64_t>(recipe.schedule), std::int64_t{recipe.augment.crop},
        std::int64_t{recipe.augment.shift}, std::int64_t{recipe.augment.flip}, std::int64_t{recipe.augment.time_shift},
        std::int64_t{recipe.augment.cutout}, std::int64_t{recipe.augment.time_mask},
        std::int64_t{recipe.augment.band_mask}, std::int64_t{recipe.augment.masks}, std::int64_t{recipe.balanced}, static_cast<std::int64_t>(recipe.precision), std::int64_t{budget.epochs},
        static_cast<std::int64_t>(budget.images), static_cast<std::int64_t>(budget.validation),
        std::int64_t{budget.resolution}, std::int64_t{budget.batch}, std::int64_t{budget.curve}, static_cast<std::int64_t>(budget.seed),
        static_cast<std::int64_t>(budget.split_seed)})
    writer.number(value);
  if (const auto& quantise = recipe.quantise)
    for (const double value : {quantise->from, quantise->freeze, quantise->momentum, quantise->frozen_rate}) writer.number(value);
  if (budget.start)
    for (const Weights& weights : *budget.start)
      for (const auto part : parts) writer.numbers(weights.*part);
  return checksum(writer.bytes());
}

void save_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint) {
  try {
    write_file(file, bytes_of(checkpoint));
  } catch (const std::runtime_error& error) {
    throw CheckpointError(error.what());
  }
}

std::optional<Checkpoint> load_checkpoint(const std::filesystem::path& file, std::uint64_t key, std::string& why) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::nullopt;
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  auto checkpoint = checkpoint_of(bytes);
  if (!checkpoint)
    why = file.string() + " is damaged; trained from the beginning";
  else if (checkpoint->key != key)
    why = file.string() + " is of another training; trained from the beginning";
  return why.empty() ? std::move(checkpoint) : std::nullopt;
}

}  // namespace paretoforge
