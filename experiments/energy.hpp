// Meters of the energy that this computer has used.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace paretoforge {

class EnergyMeter {
 public:
  virtual ~EnergyMeter() = default;
  /// Joules since some moment in the past; differences count. To be asked more often than its counters wrap (which
  /// takes minutes at full power). NaN where it cannot be read any more.
  virtual double joules() = 0;
  /// A difference over less time than this says little: the counter is coarse.
  virtual double least_seconds() const { return 0; }
};

/// A meter, or none; and one line that says what is read, or why nothing can be.
struct EnergySource {
  std::unique_ptr<EnergyMeter> meter;
  std::string words;
};

/// Intel's and AMD's RAPL counters as Linux shows them (Documentation/power/powercap): the sum over packages, which
/// hold all cores; what lies below a package (core, uncore, dram) and what spans them (psys) would be counted twice.
EnergySource powercap_energy(const std::filesystem::path& folder = "/sys/class/powercap");

}  // namespace paretoforge
