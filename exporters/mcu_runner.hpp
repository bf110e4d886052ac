// Exported C, compiled for a microcontroller's core and run on it, emulated by QEMU, with every instruction counted.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/c_runner.hpp"

namespace paretoforge {

/// A core as QEMU has it. Nothing here is a measured time: instructions are counted, cycles are modelled.
struct McuCore {
  std::string_view name;     ///< "cortex_m4"
  std::string_view machine;  ///< QEMU's
  std::string_view flags;    ///< of arm-none-eabi-gcc, separated by blanks
  std::string_view vectors, flash, ram;  ///< MEMORY regions of the linker: "ORIGIN = ..., LENGTH = ..."
  double tick_nanoseconds;               ///< of SysTick on this machine
};
/// Cortex-M3, M4, M7, M33, M55.
std::span<const McuCore> mcu_cores();
/// Throws std::invalid_argument for a name that is none, with those that are.
const McuCore& find_mcu_core(std::string_view name);

/// What is missing for running on any core, and how to install it; empty where nothing is.
std::string missing_for_mcu();

/// Of arm-none-eabi-gcc: "12.2.1"; empty where there is none.
std::string mcu_compiler_version();

struct McuRun {
  std::vector<std::int8_t> outputs;           ///< one sample after another
  std::vector<std::uint64_t> instructions;    ///< of each sample's call: from the function's first to its return
  std::map<std::string, std::uint64_t> classes;  ///< of the first sample: load, store, multiply, divide, branch, float, vector, other
  double modelled_cycles = 0;                 ///< of the first sample, from the classes; see modelled_cycles
  std::int64_t flash_bytes = 0;               ///< from the linker: code and constants, what is needed of the C library included
  std::int64_t code_bytes = 0;                ///< the same without weights, biases and their factors
  std::int64_t arena_bytes = 0;
  std::int64_t stack_bytes = 0;               ///< greatest depth of the stack during a call, found by painting it
  std::vector<std::uint32_t> ticks;           ///< of SysTick during each call, where `count_ticks`; else zeros
  std::int64_t ram_bytes() const { return arena_bytes + stack_bytes; }
};

struct McuOptions {
  std::vector<std::string> flags = {"-std=c99", "-O3"};
  bool count_ticks = false;  ///< lets one instruction last one nanosecond (-icount shift=0), which is slower
};

/// Compiles all jobs into one image for a core and runs it. What run_c does with addresses, arena and guards is done
/// here too. Throws std::runtime_error where a program is missing or with what it said.
std::vector<McuRun> run_on_mcu(std::span<const CJob> jobs, const McuCore& core, const McuOptions& options = {});

/// A static model, not a measurement: each class of instructions times what the core's manual gives for it with no
/// waiting for memory. On Cortex-M3, M4: load 2, store 1, multiply 1, divide 7, branch 2.5, float 1 (its divisions are
/// counted as divide). On M7: two instructions at once where they allow it, 0.6 of these sums. On M33: load 1.5. On
/// M55: vector 2, load 1.
double modelled_cycles(const McuCore& core, const std::map<std::string, std::uint64_t>& classes);

}  // namespace paretoforge
