// RAPL counters as Linux lays them out, and the statistics of timings.
#include "experiments/energy.hpp"

#include <cmath>
#include <iostream>

#include "catch.hpp"
#include "configs/table.hpp"
#include "experiments/host.hpp"
#include "experiments/machine.hpp"
#include "exporters/onnx_runtime.hpp"
#include "program.hpp"

using namespace paretoforge;
using program::Scratch;

namespace {

/// /sys/class/powercap with its zones.
class Powercap {
 public:
  explicit Powercap(const std::string& name) : scratch_(name) {}
  std::filesystem::path folder() const { return scratch_ / "."; }

  void zone(const std::string& zone, const std::string& name, const std::string& energy, const std::string& range = "1000000") const {
    std::filesystem::create_directories(scratch_ / zone);
    scratch_.write(zone + "/name", name + "\n");
    scratch_.write(zone + "/max_energy_range_uj", range + "\n");
    set(zone, energy);
  }
  void set(const std::string& zone, const std::string& energy) const { scratch_.write(zone + "/energy_uj", energy + "\n"); }

 private:
  Scratch scratch_;
};

/// A joule from each reading to the next.
class JouleEachTime : public EnergyMeter {
 public:
  double joules() override { return read_ += 1; }

 private:
  double read_ = 0;
};

}  // namespace

TEST_CASE("RAPL: packages are added up, what lies within or across them is not counted twice") {
  const Powercap powercap("rapl");
  powercap.zone("intel-rapl:0", "package-0", "100");
  powercap.zone("intel-rapl:0:0", "core", "50");
  powercap.zone("intel-rapl:0:1", "dram", "10");
  powercap.zone("intel-rapl:1", "package-1", "200");
  powercap.zone("intel-rapl:2", "psys", "1000");
  powercap.zone("intel-rapl-mmio:0", "package-0", "100");
  const EnergySource source = powercap_energy(powercap.folder());
  REQUIRE(source.meter);
  CHECK_THAT(source.words, ContainsSubstring("package-0, package-1"));
  CHECK(source.meter->joules() == 0);
  powercap.set("intel-rapl:0", "600100");
  powercap.set("intel-rapl:1", "100200");
  powercap.set("intel-rapl:2", "900000");
  CHECK(source.meter->joules() == Approx(0.7));
}

TEST_CASE("RAPL: a counter that begins again loses nothing") {
  const Powercap powercap("wrap");
  powercap.zone("intel-rapl:0", "package-0", "999990", "999999");  // counts 0 to 999999
  const EnergySource source = powercap_energy(powercap.folder());
  REQUIRE(source.meter);
  powercap.set("intel-rapl:0", "5");
  CHECK(source.meter->joules() == Approx(15e-6));
  powercap.set("intel-rapl:0", "500000");
  CHECK(source.meter->joules() == Approx(500010e-6));
  powercap.set("intel-rapl:0", "0");
  CHECK(source.meter->joules() == Approx(1000010e-6));
}

TEST_CASE("where there are no counters, or they cannot be read, one line says so") {
  const Scratch nothing("nothing");
  CHECK_THAT(powercap_energy(nothing / "absent").words, ContainsSubstring("energy is not measured") && ContainsSubstring("absent"));
  CHECK_FALSE(powercap_energy(nothing / ".").meter);
  const Powercap powercap("unreadable");
  powercap.zone("intel-rapl:0", "package-0", "");
  const EnergySource source = powercap_energy(powercap.folder());
  CHECK_FALSE(source.meter);
  CHECK_THAT(source.words, ContainsSubstring("intel-rapl:0/energy_uj") && ContainsSubstring("cannot be read"));
}

TEST_CASE("a counter that can no longer be read gives no number") {
  const Powercap powercap("lost");
  powercap.zone("intel-rapl:0", "package-0", "1");
  const EnergySource source = powercap_energy(powercap.folder());
  powercap.set("intel-rapl:0", "lost");
  CHECK(std::isnan(source.meter->joules()));
}

TEST_CASE("the governor is what the system says, or unknown") {
  const Scratch scratch("governor");
  CHECK(governor(scratch / ".") == "unknown");
  scratch.write("scaling_governor", "performance\n");
  CHECK(governor(scratch / ".") == "performance");
}

TEST_CASE("the rounds that were disturbed least give the median, and its interval is honest") {
  const auto flat = [](double value, std::size_t n) { return std::vector<double>(n, value); };
  const Latency quiet = summary({flat(1, 20), flat(1, 20), flat(1, 20)});
  CHECK(quiet.median_ms == 1);
  CHECK(quiet.interval_pct == 0);
  CHECK(quiet.repeats == 60);
  // Two slow rounds of five change nothing; where only two were quick the third says how far one can trust them.
  CHECK(summary({flat(1, 20), flat(3, 20), flat(1, 20), flat(2, 20), flat(1, 20)}).interval_pct == 0);
  const Latency unsettled = summary({flat(1, 20), flat(1.5, 20), flat(1, 20), flat(2, 20)});
  CHECK(unsettled.median_ms == 1);
  CHECK(unsettled.interval_pct == Approx(50));
  // 1, 2, ... 99: the 95 % interval of the median by order statistics is from about the 40th to the 60th.
  std::vector<double> even;
  for (int i = 1; i <= 99; ++i) even.push_back(i);
  const Latency spread = summary({even});
  CHECK(spread.median_ms == 50);
  CHECK(spread.p95_ms == 95);
  CHECK(spread.interval_pct == Approx(100 * 19 / 50.0).margin(4));
}

TEST_CASE("the host's table holds both precisions, the state of the machine and, with a meter, energy") {
  if (!OnnxRuntime::available()) {
    std::cout << "SKIPPED: needs ONNX Runtime (npm install --ignore-scripts onnxruntime-node@1.30.0)\n";
    return;
  }
  const Scratch scratch("host");
  JouleEachTime meter;
  const Space space = Space::load(PARETOFORGE_SOURCE_DIR "/configs/spaces/nasbench201.yaml");
  MeasuringOptions options;
  options.networks = 3;
  TimingOptions timing;
  timing.energy = &meter, timing.most_rounds = 5;
  const MeasuringEnd end = measure_host(space, scratch / "m.csv", options, timing);
  CHECK(end.whole);
  CHECK(end.complete == 3);
  const Table table = Table::load(scratch / "m.csv");
  REQUIRE(table.rows() == 3);
  for (const char* column : {"latency_ms", "float_latency_ms", "interval_pct", "float_interval_pct", "repeats", "threads", "load"}) CHECK(table.numbers(column).size() == 3);
  CHECK(table.cell(0, table.column("clock")) == "processor");
  CHECK(table.cell(0, table.column("processor")) == processor());
  CHECK_THAT(table.cell(0, table.column("runtime")), ContainsSubstring("ONNX Runtime"));
  // A joule a round, which has at least 5 runs and at most all there were.
  for (std::size_t row = 0; row < 3; ++row) {
    const double mj = table.number(row, table.column("energy_mj"));
    CHECK(mj <= 1000 / 5.0);
    CHECK(mj >= 1000 / table.number(row, table.column("repeats")));
  }
  // Other threads, another device: not in this file.
  timing.threads = 2;
  const std::string before = program::read(scratch / "m.csv");
  CHECK_THROWS_WITH(measure_host(space, scratch / "m.csv", options, timing), ContainsSubstring("threads '1', not '2'"));
  CHECK(program::read(scratch / "m.csv") == before);
}
