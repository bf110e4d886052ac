// Exported C on emulated Cortex-M cores: the same bytes everywhere, and counts that can be trusted.
#include "exporters/mcu_runner.hpp"

#include <cmath>
#include <iostream>

#include "c_networks.hpp"
#include "catch.hpp"
#include "exporters/mcu_costs.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

bool emulator_missing() {
  const std::string missing = missing_for_mcu();
  if (!missing.empty()) std::cout << "SKIPPED: needs an emulator and its compiler (" << missing << ")\n";
  return !missing.empty();
}

void prove(const std::vector<Network>& networks, const McuCore& core, Rounding rounding) {
  McuOptions options;
  if (rounding == Rounding::twice) options.flags.push_back("-DPARETOFORGE_DOUBLE_ROUNDING");
  const std::vector<McuRun> runs = run_on_mcu(jobs_of(networks), core, options);
  for (std::size_t n = 0; n < networks.size(); ++n) {
    INFO(networks[n].job.name << " on " << core.name << ", rounding " << rounding_name(rounding));
    CHECK(runs[n].outputs == expected(networks[n], rounding));
    CHECK(runs[n].stack_bytes < 1024);
  }
}

}  // namespace

TEST_CASE("C on Cortex-M3, M4, M7, M33 and M55: every op, the reference's bytes") {
  if (emulator_missing()) return;
  const auto networks = random_networks(1, 8);
  for (const McuCore& core : mcu_cores()) prove(networks, core, Rounding::single);
  for (const char* core : {"cortex_m4", "cortex_m55"}) prove(networks, find_mcu_core(core), Rounding::twice);
}

TEST_CASE("C on Cortex-M4 and M55: networks of one op, of one pixel, and other ugly ones") {
  if (emulator_missing()) return;
  for (const char* core : {"cortex_m4", "cortex_m55"}) prove(ugly_networks(), find_mcu_core(core), Rounding::single);
}

TEST_CASE("C on Cortex-M4 and M55: samples of the spaces that ship") {
  if (emulator_missing()) return;
  for (const char* space : {"nasbench201", "tiny_image", "mobile", "audio_1d"})
    for (const char* core : {"cortex_m4", "cortex_m55"}) prove(samples_of(space, 1, 1), find_mcu_core(core), Rounding::single);
}

TEST_CASE("instructions are counted the same on every run, and SysTick agrees") {
  if (emulator_missing()) return;
  const Network small = network(seven_convs(4), "small", 1);
  for (const McuCore& core : mcu_cores()) {
    INFO(core.name);
    const McuRun plain = run_on_mcu({&small.job, 1}, core)[0], timed = run_on_mcu({&small.job, 1}, core, {.count_ticks = true})[0];
    CHECK(plain.instructions == timed.instructions);
    if (core.name != "cortex_m3") CHECK(plain.instructions[0] == plain.instructions[1]);  // its float arithmetic is a library's, with branches
    // What stands around the call takes a tick or two, and one is lost as the counter begins.
    for (std::size_t s = 0; s < 2; ++s) CHECK(std::abs(timed.ticks[s] * core.tick_nanoseconds - static_cast<double>(timed.instructions[s])) <= 3 * core.tick_nanoseconds);
    CHECK(plain.ram_bytes() == plain.arena_bytes + plain.stack_bytes);
    CHECK(plain.flash_bytes > plain.code_bytes);
  }
}

TEST_CASE("costs of a network on a microcontroller are the same each time, and more for a larger one") {
  CHECK(mcu_device("cortex_m4_qemu") == &find_mcu_core("cortex_m4"));
  CHECK(mcu_device("cortex_m4") == nullptr);
  CHECK_THROWS_WITH(find_mcu_core("cortex_m5"), ContainsSubstring("cortex_m3, cortex_m4, cortex_m7, cortex_m33, cortex_m55"));
  if (emulator_missing()) return;
  const McuCore& core = *mcu_device("cortex_m7_qemu");
  const auto small = values(mcu_costs(seven_convs(2), core)), again = values(mcu_costs(seven_convs(2), core)), large = values(mcu_costs(seven_convs(4), core));
  CHECK(small == again);
  for (std::size_t m = 0; m < mcu_metrics.size(); ++m) {
    INFO(mcu_metrics[m]);
    CHECK(small[m] > 0);
    CHECK(small[m] < large[m]);
  }
  // Too large for the machine: the linker's words come through.
  Graph huge({1, 1100, 1100});
  huge.add(conv_of(4, 1), NodeId{0});
  CHECK_THROWS_WITH(mcu_costs(huge, core), ContainsSubstring("RAM"));
}
