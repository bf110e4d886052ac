#include "experiments/device_file.hpp"

#include <algorithm>
#include <iostream>
#include <string_view>
#include <vector>

#include "configs/config.hpp"
#include "configs/files.hpp"

namespace paretoforge {
namespace {

using Keys = std::vector<std::string>;

bool begins_one_of(std::string_view line, const Keys& keys) {
  return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) { return line.starts_with(key + ":"); });
}

/// The lines outside the outermost entries of these keys. An entry ends where a line begins in the first column.
std::string without(std::string_view text, const Keys& keys) {
  std::string kept;
  for (bool inside = false; !text.empty();) {
    const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
    text.remove_prefix(line.size());
    if (std::string_view(" \t\r\n").find(line[0]) == std::string_view::npos) inside = begins_one_of(line, keys);
    if (!inside) kept += line;
  }
  if (!kept.empty() && kept.back() != '\n') kept += '\n';
  return kept;
}

}  // namespace

std::string with_fitted(const std::string& before, const Device& device) {
  try {
    const bool described_anew = Device::read(Config::parse(before, "")).description != device.description;
    const Device fitted{"", described_anew ? device.description : "", {}, device.metrics};
    Keys replaced = {"features", "metrics"};
    if (described_anew) replaced.push_back("description");
    const std::string text = without(before, replaced) + without(fitted.yaml(), {"format", "name"});
    return Device::read(Config::parse(text, "")).yaml() == device.yaml() ? text : "";
  } catch (const ConfigError&) {
    return "";
  }
}

void save_fitted(const std::filesystem::path& path, const std::string& before, const Device& device) {
  const std::string text = before.empty() ? "" : with_fitted(before, device);
  if (!before.empty() && text.empty())
    std::cerr << path.string() << " is written anew, without its comments: where its fitted part begins could not be told\n";
  text.empty() ? device.save(path) : write_file(path, text);
}

}  // namespace paretoforge
