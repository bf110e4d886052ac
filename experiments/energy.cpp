#include "experiments/energy.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

std::optional<double> number_in(const fs::path& path) {
  std::ifstream file(path);
  double value = 0;
  return file >> value ? std::optional(value) : std::nullopt;
}

std::string word_in(const fs::path& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

/// One counter of microjoules that begins again at 0 beyond its range.
struct Counter {
  fs::path file;
  double range = 0, last = 0, used = 0;

  /// Microjoules since it was opened.
  double read() {
    const double now = number_in(file).value_or(std::numeric_limits<double>::quiet_NaN());
    used += now >= last ? now - last : now - last + range + 1;  // counts 0 to range, both included
    last = now;
    return used;
  }
};

class PowercapMeter : public EnergyMeter {
 public:
  explicit PowercapMeter(std::vector<Counter> counters) : counters_(std::move(counters)) {}
  double joules() override {
    double sum = 0;
    for (Counter& counter : counters_) sum += counter.read();
    return sum * 1e-6;
  }

 private:
  std::vector<Counter> counters_;
};

/// "intel-rapl:0" and its like: a zone with nothing above it. The same packages stand under intel-rapl-mmio again.
bool is_whole_zone(const std::string& name) {
  return name.starts_with("intel-rapl:") && std::count(name.begin(), name.end(), ':') == 1;
}

}  // namespace

EnergySource powercap_energy(const fs::path& folder) {
  std::error_code error;
  std::vector<Counter> counters;
  std::string names, unreadable;
  std::vector<fs::path> zones;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (is_whole_zone(entry.path().filename())) zones.push_back(entry.path());
  std::sort(zones.begin(), zones.end());
  for (const fs::path& zone : zones) {
    const std::string name = word_in(zone / "name");
    if (!name.starts_with("package")) continue;
    const auto now = number_in(zone / "energy_uj"), range = number_in(zone / "max_energy_range_uj");
    if (!now || !range) {
      unreadable = (zone / "energy_uj").string();
      continue;
    }
    counters.push_back({zone / "energy_uj", *range, *now});
    names += (names.empty() ? "" : ", ") + name;
  }
  if (!unreadable.empty()) return {nullptr, "energy is not measured: " + unreadable + " cannot be read (often by root alone)"};
  if (counters.empty()) return {nullptr, "energy is not measured: this computer shows no RAPL counters in " + folder.string()};
  return {std::make_unique<PowercapMeter>(std::move(counters)), "energy is that of " + names + " (RAPL), idle cores and other programs included"};
}

}  // namespace paretoforge
