#include "experiments/machine.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>

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

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace paretoforge
