// measure: networks of a space, built, exported and timed on a real device.
#include <iostream>

#include "experiments/command_internal.hpp"
#include "experiments/files.hpp"
#include "experiments/host.hpp"
#include "experiments/network_file.hpp"
#include "experiments/progress.hpp"
#include "experiments/signals.hpp"
#include "exporters/onnx_runtime.hpp"

namespace paretoforge {
namespace {

struct MeasureOptions {
  std::string space, device = "host", out;
  std::size_t samples = 0;
  std::uint64_t seed = 1;
  int threads = 1;
  bool quiet = false;
};

int measure(const MeasureOptions& options) {
  if (options.device != "host") throw ConfigError("error: this version measures the device 'host', not '" + options.device + "'");
  const Space space = load_space(options.space);
  require_writable(options.out);
  OnnxRuntime::version();  // says how to install it where it is missing, before anything is begun
  StopSignals signals;
  Progress progress(ProgressOptions::standard_error(options.quiet));
  progress.begin("measure " + space.name() + " · host · ONNX Runtime " + OnnxRuntime::version() + " · " + std::to_string(options.threads) + " thread" + (options.threads == 1 ? "" : "s"));
  HostMeasuring measuring{options.samples, options.seed, {}, [&](std::size_t done, std::size_t of) { progress.stage("measuring", done, of); }, &signals.stop()};
  measuring.timing.threads = options.threads;
  const bool whole = measure_host(space, options.out, measuring);
  progress.finish();
  if (whole) return exit_done;
  std::cerr << "stopped; what was measured is in " << options.out << "\n   = the same command goes on from there\n";
  return signals.exit_code();
}

}  // namespace

void add_measure(CLI::App& app, Run& run) {
  auto options = std::make_shared<MeasureOptions>();
  CLI::App* command = app.add_subcommand("measure", "Measure networks of a space on the real device");
  command->add_option("space", options->space, "Space (YAML)")->required();
  command->add_option("--device", options->device, "The device: host");
  command->add_option("--samples", options->samples, "How many networks")->required()->check(CLI::Range(1, 1'000'000));
  command->add_option("--seed", options->seed, "Of the networks drawn, their weights and the order of measuring")->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()));
  command->add_option("--threads", options->threads, "Threads within ONNX Runtime")->check(CLI::Range(1, 256));
  command->add_option("--out", options->out, "CSV to write; rows it holds are kept")->required();
  command->add_flag("--quiet", options->quiet, "Say nothing until the end");
  command->callback([options, &run] { run = [options] { return measure(*options); }; });
}

}  // namespace paretoforge
