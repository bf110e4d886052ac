#include "experiments/files.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "configs/config.hpp"

namespace paretoforge {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw ConfigError("error: cannot read " + path.string() + ": " + std::strerror(errno));
  return {std::istreambuf_iterator<char>(file), {}};
}

void require_writable(const std::filesystem::path& path, const std::filesystem::path& read) {
  std::error_code absent;
  if (!read.empty() && std::filesystem::equivalent(path, read, absent)) throw ConfigError("error: " + path.string() + " is the table that is read: write to another file");
  if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path) && !std::filesystem::is_directory(path)) return;
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (!std::filesystem::is_directory(folder)) throw ConfigError("error: there is no folder " + folder.string() + " to write " + path.filename().string() + " in");
  if (std::filesystem::is_directory(path)) throw ConfigError("error: " + path.string() + " is a folder, not a file to write");
  if (access(folder.c_str(), W_OK) != 0) throw ConfigError("error: cannot write in " + folder.string() + ": " + std::strerror(errno));
}

}  // namespace paretoforge
