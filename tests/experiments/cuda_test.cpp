// GPUs: what is said where there is none, NVIDIA's libraries by a stand-in, and the table by LibTorch on the CPU.
#include "experiments/cuda.hpp"

#include <chrono>
#include <cmath>
#include <iostream>
#include <thread>

#include "catch.hpp"
#include "configs/table.hpp"
#include "experiments/nvidia.hpp"
#include "experiments/timed_device.hpp"
#include "experiments/training.hpp"
#include "program.hpp"

using namespace paretoforge;
using program::run;
using program::Scratch;

namespace {

const std::string stand_in = PARETOFORGE_NVIDIA_STAND_IN;
const std::string small_space = "input: [4]\nlayers:\n  - linear: {out: {choice: [1, 2, 3, 4, 5, 6, 7, 8], name: a}}\n";

bool has_gpu() {
  try {
    torch_runtime("cuda");
    return true;
  } catch (const ConfigError&) {
    return false;
  }
}

/// Remembers when it was read.
class CoarseMeter : public EnergyMeter {
 public:
  double joules() override {
    read.push_back(std::chrono::steady_clock::now());
    return static_cast<double>(read.size());
  }
  double least_seconds() const override { return 0.05; }

  std::vector<std::chrono::steady_clock::time_point> read;
};

void rest() { std::this_thread::sleep_for(std::chrono::microseconds(10)); }

}  // namespace

TEST_CASE("where there is no GPU, measure says so before anything is created") {
  if (has_gpu()) {
    std::cout << "SKIPPED: there is a GPU here\n";
    return;
  }
  const Scratch scratch("no_gpu");
  const std::string space = scratch.write("space.yaml", small_space).string();
  const std::string file = scratch.write("gpu.yaml", "format: 1\nname: gpu\nmeasure: {kind: cuda, batch: 8}\n").string();
  for (const std::string& device : {std::string("cuda"), file}) {
    const auto result = run("measure " + space + " --samples 2 --device " + device + " --out " + (scratch / "m.csv").string());
    CHECK(result.code == 2);
    CHECK_THAT(result.err, ContainsSubstring("device cuda: this ") && ContainsSubstring("built with CUDA"));
    CHECK_FALSE(std::filesystem::exists(scratch / "m.csv"));
  }
  const auto threads = run("measure " + space + " --samples 2 --threads 2 --device cuda --out " + (scratch / "m.csv").string());
  CHECK(threads.code == 2);
  CHECK_THAT(threads.err, ContainsSubstring("--threads is for the host"));
}

TEST_CASE("CUDA's first card is named by its driver") {
  const auto card = first_cuda_card(stand_in);
  REQUIRE(card);
  CHECK(card->name == "Stand-in");
  CHECK(card->bus == "0000:01:00.0");
  CHECK_FALSE(first_cuda_card("libnowhere.so.1"));
  CHECK_FALSE(first_cuda_card("libm.so.6"));  // a library, but not that one
}

TEST_CASE("NVML: joules of the card asked for, or one line that says why there are none") {
  const EnergySource source = nvml_energy("0000:01:00.0", stand_in);
  REQUIRE(source.meter);
  CHECK_THAT(source.words, ContainsSubstring("0000:01:00.0") && ContainsSubstring("NVML"));
  const double before = source.meter->joules();
  CHECK(source.meter->joules() - before == Approx(0.25));
  const auto refused = [](const std::string& bus, const std::string& library) {
    const EnergySource none = nvml_energy(bus, library);
    CHECK_FALSE(none.meter);
    CHECK(none.words.starts_with("energy is not measured: "));
    CHECK(none.words.find('\n') == std::string::npos);
    return none.words;
  };
  CHECK_THAT(refused("0000:02:00.0", stand_in), ContainsSubstring("0000:02:00.0: Not Supported"));
  CHECK_THAT(refused("0000:09:00.0", stand_in), ContainsSubstring("Not Found"));
  CHECK_THAT(refused("0000:01:00.0", "libnowhere.so.1"), ContainsSubstring("no NVML (libnowhere.so.1)"));
  CHECK_THAT(refused("0000:01:00.0", "libm.so.6"), ContainsSubstring("libm.so.6 is not NVML"));
  const EnergySource lost = nvml_energy("0000:03:00.0", stand_in);
  REQUIRE(lost.meter);
  CHECK(std::isfinite(lost.meter->joules()));
  CHECK(std::isnan(lost.meter->joules()));
}

TEST_CASE("a coarse meter is given the time that it needs") {
  CoarseMeter meter;
  TimingOptions timing;
  timing.seconds_a_round = 0.001, timing.rounds = timing.most_rounds = 3, timing.energy = &meter, timing.clock = TimingClock::wall;
  REQUIRE(time_runs({rest}, timing, 1).size() == 1);
  REQUIRE(meter.read.size() == 6);
  for (std::size_t i = 0; i < 6; i += 2) CHECK(meter.read[i + 1] - meter.read[i] >= std::chrono::milliseconds(50));
}

TEST_CASE("a network that a device cannot run is a failed row, the others are measured") {
  const Scratch scratch("cannot_run");
  scratch.write("space.yaml", small_space);
  const Space space = Space::load(scratch / "space.yaml");
  MeasuringOptions options;
  options.networks = 8;
  TimingOptions timing;
  timing.seconds_a_round = 0.001, timing.most_rounds = 5, timing.clock = TimingClock::wall;
  const TimedDevice device{{{"device", "d"}}, [] { return Cells{{"load", "0"}}; }, [](const Graph& graph, std::uint64_t) {
                             if (graph.shape(graph.output()).channels == 3) throw CannotRun("too little memory");
                             return std::array<ModelRun, 2>{rest, rest};
                           }};
  const MeasuringEnd end = measure_timed(space, scratch / "m.csv", options, timing, device);
  CHECK(end.whole);
  CHECK(end.complete == 7);
  CHECK(end.failed == 1);
  CHECK(end.first_failure == "too little memory");
  const Table table = Table::load(scratch / "m.csv");
  REQUIRE(table.rows() == 8);
  for (std::size_t row = 0; row < 8; ++row) {
    const bool failed = table.cell(row, table.column("a")) == "3";
    CHECK(table.cell(row, table.column("state")) == (failed ? "failed" : "complete"));
    CHECK(table.cell(row, table.column("latency_ms")).empty() == failed);
    CHECK(table.cell(row, table.column("device")) == "d");
    for (const char* column : {"reference", "reference_latency_ms", "reference_float_latency_ms"}) CHECK(table.cell(row, table.column(column)).empty() == failed);
  }
}

#ifdef PARETOFORGE_WITH_TORCH
TEST_CASE("LibTorch's table, by the CPU: both types, the state of the machine, and a rerun that adds") {
  const Scratch scratch("torch_cpu");
  const Space space = Space::load(PARETOFORGE_SOURCE_DIR "/configs/spaces/nasbench201.yaml");
  MeasuringOptions options;
  options.networks = 2;
  TimingOptions timing;
  timing.most_rounds = 5;
  CudaMeasuring how{"gpu", "this CPU", 2, "cpu", "bfloat16"};
  REQUIRE(measure_cuda(space, scratch / "m.csv", options, timing, how).complete == 2);
  const std::string before = program::read(scratch / "m.csv");
  options.networks = 3;
  REQUIRE(measure_cuda(space, scratch / "m.csv", options, timing, how).complete == 1);
  CHECK(program::read(scratch / "m.csv").starts_with(before));
  const Table table = Table::load(scratch / "m.csv");
  REQUIRE(table.rows() == 3);
  for (const char* column : {"latency_ms", "latency_p99_ms", "float_latency_ms"})
    for (const double ms : table.numbers(column)) CHECK(ms > 0);
  for (const auto& [column, value] : {std::pair{"device", "gpu"}, {"batch", "2"}, {"precision", "bfloat16"}, {"clock", "wall"}, {"processor", "this CPU"}})
    CHECK(table.cell(0, table.column(column)) == value);
  CHECK(table.cell(0, table.column("runtime")).starts_with("LibTorch "));
  how.batch = 4;
  CHECK_THROWS_WITH(measure_cuda(space, scratch / "m.csv", options, timing, how), ContainsSubstring("batch '2', not '4'"));
}
#endif
