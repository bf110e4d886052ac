// The state of this computer that timings depend on.
#pragma once

#include <filesystem>
#include <string>

namespace paretoforge {

/// The processor's name as the system gives it, "this computer" where it gives none.
std::string processor();
/// The frequency governor of the first core ("performance"), "unknown" where the system shows none (virtual machines).
std::string governor(const std::filesystem::path& folder = "/sys/devices/system/cpu/cpu0/cpufreq");
/// How many threads were running or waiting to, on average over the last minute; this program's own are among them.
double load_average();
/// "2026-03-01T12:00:00Z": now, in UTC.
std::string utc_now();

}  // namespace paretoforge
