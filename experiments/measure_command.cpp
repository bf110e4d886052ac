// measure: networks of a space, built, exported and timed on a real device.
#include <cmath>
#include <functional>
#include <iostream>
#include <optional>
#include <set>

#include "experiments/board.hpp"
#include "experiments/command_internal.hpp"
#include "experiments/cuda.hpp"
#include "experiments/files.hpp"
#include "experiments/host.hpp"
#include "experiments/mcu_device.hpp"
#include "experiments/network_file.hpp"
#include "experiments/nvidia.hpp"
#include "experiments/progress.hpp"
#include "experiments/quantity.hpp"
#include "experiments/signals.hpp"
#include "experiments/training.hpp"
#include "exporters/mcu_costs.hpp"
#include "exporters/onnx_runtime.hpp"
#include "configs/table.hpp"
#include "predictors/fit.hpp"
#include "predictors/plan.hpp"
#include "space/table_points.hpp"

namespace paretoforge {
namespace {

struct MeasureOptions {
  std::string space, device = "host", out, table;
  std::size_t samples = 0, plan = 0;
  std::string measured;
  std::vector<std::string> from;
  std::uint64_t seed = 1;
  std::optional<int> threads;
  bool quiet = false;
};

/// What is measured: what the first line says of it (asked for once all else is checked), and the measuring.
struct Target {
  std::function<std::string()> title;
  std::function<MeasuringEnd(const Space&, const MeasuringOptions&, Progress&)> measure;
};

Target core_target(const McuCore& core, const MeasureOptions& options) {
  if (options.threads) throw ConfigError("error: --threads is for the host; '" + options.device + "' is an emulated core");
  return {[&core, name = options.device] { return name + " · QEMU " + std::string(core.machine) + " · gcc " + mcu_compiler_version(); },
          [&core, out = options.out](const Space& space, const MeasuringOptions& measuring, Progress&) { return measure_mcu(space, out, measuring, core); }};
}

Target board_target(const Device& device, const MeasureOptions& options) {
  if (options.threads) throw ConfigError("error: --threads is for the host; '" + device.name + "' is reached by a command");
  return {[device] { return device.name + " · " + device.measure->precision + " · " + device.measure->command.command; },
          [device, out = options.out](const Space& space, const MeasuringOptions& measuring, Progress&) { return measure_board(space, out, measuring, device); }};
}

Target host_target(int threads, const MeasureOptions& options) {
  // Where ONNX Runtime is missing its version says how to install it.
  return {[threads] { return "host · ONNX Runtime " + OnnxRuntime::version() + " · " + std::to_string(threads) + " thread" + (threads == 1 ? "" : "s"); },
          [threads, out = options.out](const Space& space, const MeasuringOptions& measuring, Progress& progress) {
            const EnergySource energy = powercap_energy();
            progress.note(energy.words);
            TimingOptions timing;
            timing.threads = threads;
            timing.energy = energy.meter.get();
            return measure_host(space, out, measuring, timing);
          }};
}

/// CUDA's first device.
MeasuringEnd measure_gpu(const Space& space, const std::string& out, const MeasuringOptions& measuring, const std::string& name, int batch, Progress& progress) {
  const std::optional<CudaCard> card = first_cuda_card();
  const EnergySource energy = card ? nvml_energy(card->bus) : EnergySource{nullptr, "energy is not measured: the driver does not say which GPU is used"};
  progress.note(energy.words);
  TimingOptions timing;
  timing.energy = energy.meter.get();
  CudaMeasuring how;
  how.device = name, how.card = card ? card->name : "unknown", how.batch = batch;
  return measure_cuda(space, out, measuring, timing, how);
}

Target gpu_target(const std::string& name, int batch, const MeasureOptions& options) {
  if (options.threads) throw ConfigError("error: --threads is for the host; '" + name + "' is a GPU");
  // Where there is no GPU its runtime says what is missing.
  return {[name, batch] { return name + " · " + torch_runtime("cuda") + " · batch " + std::to_string(batch); },
          [name, batch, out = options.out](const Space& space, const MeasuringOptions& measuring, Progress& progress) { return measure_gpu(space, out, measuring, name, batch, progress); }};
}

[[noreturn]] void refuse_core(const std::string& name) {
  std::string cores;
  for (const McuCore& core : mcu_cores()) cores += (cores.empty() ? "" : ", ") + std::string(core.name) + "_qemu";
  throw ConfigError("error: no core is emulated as '" + name + "'\n   = there are " + cores);
}

/// The host, its GPU or a core by its name, or what a device file says of how it is measured.
Target target_of(const MeasureOptions& options) {
  if (options.device == "host") return host_target(options.threads.value_or(1), options);
  if (options.device == "cuda") return gpu_target("cuda", 1, options);
  if (const McuCore* core = mcu_device(options.device)) return core_target(*core, options);
  if (options.device.ends_with("_qemu")) refuse_core(options.device);
  const Device device = Device::load(options.device);
  if (!device.measure)
    throw ConfigError("error: " + options.device + " does not say how the device is measured\n   = measure: host, or measure: {kind: command, command: \"ssh board ./bench {model}\"}");
  if (device.measure->kind == "command") return board_target(device, options);
  if (device.measure->kind == "cuda") return gpu_target(device.name, device.measure->batch, options);
  return host_target(options.threads.value_or(device.measure->threads), options);
}

/// Medians are known to 2 %: more than this is no chance.
constexpr double noticeable_drift_pct = 5;

void warn_of_drift(const MeasuringEnd& end, const std::string& out) {
  if (std::abs(end.drift_pct) < noticeable_drift_pct) return;
  std::cerr << "the first network of " << out << ", measured again now, took up to " << fixed_text(std::abs(end.drift_pct), 0) << " % "
            << (end.drift_pct > 0 ? "more" : "less") << " than then: the device, or the load on it, has changed\n"
            << "   = its columns reference_* say so row by row; fit --steady divides that out\n";
}

/// What is said at the end, and with which exit code.
int ended(const MeasuringEnd& end, const MeasureOptions& options, const StopSignals& signals) {
  warn_of_drift(end, options.out);
  const std::string kept = "what was measured is in " + options.out + "\n   = the same command goes on from there\n";
  if (!end.give_up.empty()) {
    std::cerr << "error: gave up: " << end.give_up << "\n" << kept;
    return exit_failed;
  }
  if (!end.whole) {
    std::cerr << "stopped; " << kept;
    return signals.exit_code();
  }
  if (end.failed > 0)
    std::cerr << end.failed << " of " << end.failed + end.complete << " networks failed; the first: " << end.first_failure
              << "\n   = they are marked so in " << options.out << "; the same command tries them again\n";
  return end.failed > 0 && end.complete == 0 ? exit_failed : exit_done;
}

int measure(const MeasureOptions& options) {
  const Target target = target_of(options);
  const Space space = load_space(options.space);
  require_writable(options.out, {options.table, options.space});
  StopSignals signals;
  Progress progress(ProgressOptions::standard_error(options.quiet));
  progress.begin("measure " + space.name() + " · " + target.title());
  MeasuringOptions measuring{options.samples, options.seed, {}, [&](std::size_t done, std::size_t of) { progress.stage("measuring", done, of); }, &signals.stop()};
  if (!options.table.empty()) {
    const Table table = Table::load(options.table);
    measuring.points = points_of(space, table);
    for (std::size_t row = 0; row < measuring.points.size(); ++row) network_of_row(space, measuring.points[row], table, row);
    if (measuring.points.empty()) throw ConfigError("error: " + options.table + " names no networks");
  }
  const MeasuringEnd end = target.measure(space, measuring, progress);
  progress.finish();
  return ended(end, options, signals);
}

/// Candidates that a plan chooses from: enough that chance hardly matters, few enough to be quick.
constexpr std::size_t candidates = 1000;

/// Every metric of the known devices that is a time, an energy or the like: whatever tells networks apart.
std::vector<Source> known_devices(const std::vector<std::string>& files) {
  std::vector<Source> sources;
  for (const std::string& file : files) {
    const Device device = Device::load(file);
    for (const FittedMetric& metric : device.metrics) sources.push_back({device.name, metric});
  }
  return sources;
}

/// Writes which networks to measure next, one row each, decisions only: for the host and for boards alike.
int plan(const MeasureOptions& options) {
  const Space space = load_space(options.space);
  require_writable(options.out, {options.measured, options.space});
  std::string csv;
  for (const Decision& decision : space.decisions()) csv += (csv.empty() ? "" : ",") + csv_field(decision.name);
  csv += '\n';
  require_own_table(options.out, csv);
  std::set<Architecture> known;
  if (!options.measured.empty())
    for (Architecture& point : points_of(space, Table::load(options.measured))) known.insert(std::move(point));
  Samples measured, rows;
  for (const Architecture& point : known) measured.add(space_features(space, point), 1);
  std::vector<Architecture> points;
  Random random(options.seed);
  for (std::size_t i = 0; i < candidates + options.plan; ++i) {
    Architecture point = space.sample(random);
    if (known.contains(point)) continue;
    rows.add(space_features(space, point), 1);
    points.push_back(std::move(point));
  }
  rows.encoding = measured.encoding = space.encoding_width();
  const std::vector<std::size_t> chosen = measuring_plan(rows, options.plan, known_devices(options.from), space_key(space), &measured);
  for (const std::size_t row : chosen) {
    std::string line;
    for (const std::string& label : space.labels(points[row])) line += csv_field(label) + ",";
    if (!line.empty()) line.pop_back();
    csv += line + '\n';
  }
  write_file(options.out, csv);
  if (chosen.size() < options.plan) std::cerr << "the space has only " << chosen.size() << " such networks that differ\n";
  return exit_done;
}

}  // namespace

void add_measure(CLI::App& app, Run& run) {
  auto options = std::make_shared<MeasureOptions>();
  CLI::App* command = app.add_subcommand("measure", "Measure networks of a space on the real device");
  command->add_option("space", options->space, "Space (YAML)")->required();
  command->add_option("--device", options->device, "The device: host, cuda, an emulated core (cortex_m4_qemu; m3, m7, m33, m55), or a device file that says how it is measured");
  auto* samples = command->add_option("--samples", options->samples, "How many networks")->check(CLI::Range(1, 1'000'000));
  auto* plan_count = command->add_option("--plan", options->plan, "Measure nothing: write which N networks to measure next, those that say most about the others")->check(CLI::Range(1, 100'000))->excludes(samples);
  command->add_option("--measured", options->measured, "With --plan: CSV of what is measured already")->needs(plan_count)->check(CLI::ExistingFile);
  command->add_option("--from", options->from, "With --plan: device files that are known (repeatable)")->needs(plan_count)->check(CLI::ExistingFile);
  command->add_option("--seed", options->seed, "Of the networks drawn, their weights and the order of measuring")->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()));
  command->add_option("--table", options->table, "CSV of the networks to measure, a column per decision, instead of drawn ones")->excludes(samples)->excludes(plan_count)->check(CLI::ExistingFile);
  command->add_option("--threads", options->threads, "Threads within ONNX Runtime, on the host")->check(CLI::Range(1, 256));
  command->add_option("--out", options->out, "CSV to write; rows it holds are kept")->required();
  command->add_flag("--quiet", options->quiet, "Say nothing until the end");
  command->callback([options, &run] { run = [options] {
      if (options->plan > 0) return plan(*options);
      if (options->samples == 0 && options->table.empty()) throw ConfigError("error: measure needs --samples N, --table CSV, or --plan N");
      return measure(*options);
    }; });
}

}  // namespace paretoforge
