#include "experiments/machine.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <limits>

namespace paretoforge {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(':') + 2));
  return "this computer";
}

std::string governor(const std::filesystem::path& folder) {
  std::ifstream file(folder / "scaling_governor");
  std::string name;
  return file >> name ? name : "unknown";
}

double load_average() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

namespace {

/// The number that a file begins with; infinite where there is none ("max").
double number_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  double value = 0;
  return file >> value ? value : std::numeric_limits<double>::infinity();
}

/// Of a usage: files' pages that the system keeps as long as nobody needs the room.
double cached(const std::filesystem::path& statistics, const std::string& name) {
  std::ifstream file(statistics);
  double value = 0;
  for (std::string key; file >> key >> value;)
    if (key == name) return value;
  return 0;
}

/// What a control group leaves: of version 2, or 1.
double left_of_container(const std::filesystem::path& groups) {
  const std::filesystem::path first = groups / "memory";
  const double unified = number_in(groups / "memory.max") - number_in(groups / "memory.current") +
                         cached(groups / "memory.stat", "inactive_file");
  const double old = number_in(first / "memory.limit_in_bytes") - number_in(first / "memory.usage_in_bytes") +
                     cached(first / "memory.stat", "total_inactive_file");
  double left = std::numeric_limits<double>::infinity();
  for (const double found : {unified, old})
    if (std::isfinite(found)) left = std::min(left, std::max(0.0, found));
  return left;
}

}  // namespace

double available_memory(const std::filesystem::path& system) {
  double available = std::numeric_limits<double>::infinity();
  std::ifstream info(system / "proc/meminfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("MemAvailable:")) available = 1024 * std::strtod(line.c_str() + 13, nullptr);
  return std::min(available, left_of_container(system / "sys/fs/cgroup"));
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace paretoforge
