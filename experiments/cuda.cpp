#include "experiments/cuda.hpp"

#include "configs/table.hpp"
#include "experiments/machine.hpp"
#include "experiments/timed_device.hpp"
#include "experiments/training.hpp"
#include "exporters/float_model.hpp"

namespace paretoforge {

MeasuringEnd measure_cuda(const Space& space, const std::filesystem::path& csv, const MeasuringOptions& options, TimingOptions timing, const CudaMeasuring& how) {
  timing.clock = TimingClock::wall;
  const std::string runtime = torch_runtime(how.torch);
  const TimedDevice device{
      {{"device", how.device}, {"batch", std::to_string(how.batch)}, {"precision", how.narrow}, {"clock", std::string(clock_name(*timing.clock))}, {"processor", how.card}},
      [&] { return Cells{{"runtime", runtime}, {"governor", governor()}, {"load", number_text(load_average())}, {"measured_at", utc_now()}}; },
      [&](const Graph& graph, std::uint64_t seed) {
        const Model model = folded(random_model(graph, seed));
        const auto run = [&](const std::string& type) { return torch_run(model, {how.torch, type, how.batch, derived_seed(seed, 1)}); };
        return std::array<ModelRun, 2>{run(how.narrow), run("float32")};
      }};
  return measure_timed(space, csv, options, timing, device);
}

}  // namespace paretoforge
