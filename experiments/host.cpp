#include "experiments/host.hpp"

#include "configs/table.hpp"
#include "experiments/machine.hpp"
#include "experiments/timed_device.hpp"
#include "exporters/calibration.hpp"
#include "exporters/float_model.hpp"
#include "exporters/integer_model.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"

namespace paretoforge {

TimedForms timed_forms(const Graph& graph, std::uint64_t seed) {
  const Model model = folded(random_model(graph, seed));
  Random random(derived_seed(seed, 1));
  std::vector<float> samples(static_cast<std::size_t>(4 * graph.shape(0).elements()));
  for (float& value : samples) value = static_cast<float>(random.normal());
  return {float_onnx(model), qdq_onnx(quantised(model, calibrate(model, samples, {.rule = RangeRule::min_max})))};
}

MeasuringEnd measure_host(const Space& space, const std::filesystem::path& csv, const MeasuringOptions& options, const TimingOptions& timing) {
  const TimedDevice host{
      {{"device", "host"}, {"threads", std::to_string(timing.threads)}, {"clock", std::string(clock_name(timing.chosen_clock()))}, {"processor", processor()}},
      [] { return Cells{{"runtime", "ONNX Runtime " + OnnxRuntime::version()}, {"governor", governor()}, {"load", number_text(load_average())}, {"measured_at", utc_now()}}; },
      [&](const Graph& graph, std::uint64_t seed) {
        const TimedForms forms = timed_forms(graph, seed);
        return std::array<ModelRun, 2>{onnx_run(forms.int8_onnx, timing.threads, derived_seed(seed, 2)), onnx_run(forms.float_onnx, timing.threads, derived_seed(seed, 3))};
      }};
  return measure_timed(space, csv, options, timing, host);
}

}  // namespace paretoforge
