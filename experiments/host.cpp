#include "experiments/host.hpp"

#include <cmath>

#include "configs/table.hpp"
#include "experiments/machine.hpp"
#include "exporters/calibration.hpp"
#include "exporters/float_model.hpp"
#include "exporters/integer_model.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t together = 20;

void append(Cells& cells, const std::string& prefix, const Latency& latency) {
  cells.insert(cells.end(), {{prefix + "latency_ms", number_text(latency.median_ms)},
                             {prefix + "latency_p95_ms", number_text(latency.p95_ms)},
                             {prefix + "latency_p99_ms", number_text(latency.p99_ms)},
                             {prefix + "repeats", std::to_string(latency.repeats)},
                             {prefix + "interval_pct", number_text(std::round(latency.interval_pct * 100) / 100)}});
  if (!std::isnan(latency.energy_mj)) cells.emplace_back(prefix + "energy_mj", number_text(latency.energy_mj));
}

/// The state of the machine: what must not differ between rows, then what may.
Cells same_machine(const TimingOptions& timing) {
  return {{"device", "host"}, {"threads", std::to_string(timing.threads)}, {"clock", std::string(clock_name(timing.chosen_clock()))}, {"processor", processor()}};
}
Cells machine_now() {
  return {{"runtime", "ONNX Runtime " + OnnxRuntime::version()}, {"governor", governor()}, {"load", number_text(load_average())}, {"measured_at", utc_now()}};
}

/// Every column in its order, from a row that was never measured.
std::vector<std::string> host_columns(const TimingOptions& timing) {
  Latency none;
  if (timing.energy != nullptr) none.energy_mj = 0;
  Cells cells;
  append(cells, "", none);
  append(cells, "float_", none);
  std::vector<std::string> columns;
  for (const Cells& more : {cells, same_machine(timing), machine_now()})
    for (const auto& [name, value] : more) columns.push_back(name);
  return columns;
}

}  // namespace

TimedForms timed_forms(const Graph& graph, std::uint64_t seed) {
  const Model model = folded(random_model(graph, seed));
  Random random(derived_seed(seed, 1));
  std::vector<float> samples(static_cast<std::size_t>(4 * graph.shape(0).elements()));
  for (float& value : samples) value = static_cast<float>(random.normal());
  return {float_onnx(model), qdq_onnx(quantised(model, calibrate(model, samples, {.rule = RangeRule::min_max})))};
}

MeasuringEnd measure_host(const Space& space, const std::filesystem::path& csv, const MeasuringOptions& options, const TimingOptions& timing) {
  Measurements table(space, csv, host_columns(timing));
  const Cells same = same_machine(timing);
  for (const auto& [column, value] : same) table.require_same(column, value);
  return measure_networks(space, table, options, together, [&](std::span<const Architecture> points, std::uint64_t seed, std::string&) {
    std::vector<std::string> models;
    for (const Architecture& point : points) {
      TimedForms forms = timed_forms(pruned(space.decode(point)), derived_seed(seed, models.size()));
      models.push_back(std::move(forms.int8_onnx));
      models.push_back(std::move(forms.float_onnx));
    }
    const std::vector<Latency> results = time_models(models, timing, seed, options.stop);
    std::vector<std::optional<MeasuredNetwork>> found(points.size());
    for (std::size_t i = 0; 2 * i < results.size(); ++i) {
      found[i].emplace();
      append(found[i]->cells, "", results[2 * i]);
      append(found[i]->cells, "float_", results[2 * i + 1]);
      for (const Cells& more : {same, machine_now()}) found[i]->cells.insert(found[i]->cells.end(), more.begin(), more.end());
    }
    return found;
  });
}

}  // namespace paretoforge
