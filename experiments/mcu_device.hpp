// Microcontrollers as devices: networks exported as C, compiled, run on an emulated core and counted.
#pragma once

#include <filesystem>

#include "experiments/measuring.hpp"
#include "exporters/mcu_runner.hpp"

namespace paretoforge {

/// Measures networks of a space on a core. The table has the columns instructions, modelled_cycles, flash_bytes and
/// ram_bytes (see McuCosts: counted and modelled, no times), then device and compiler. The same networks give the same
/// rows each time. A network that does not fit the core's memory is a failed row. Throws ConfigError where a program
/// is missing, saying how to install it, and where the file holds rows of another core or compiler.
MeasuringEnd measure_mcu(const Space& space, const std::filesystem::path& csv, const MeasuringOptions& options, const McuCore& core);

}  // namespace paretoforge
