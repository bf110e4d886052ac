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

void require_writable(const std::filesystem::path& path, std::initializer_list<std::filesystem::path> read) {
  for (const std::filesystem::path& file : read) {
    std::error_code absent;
    if (!file.empty() && std::filesystem::equivalent(path, file, absent)) throw ConfigError("error: " + path.string() + " is read here: write to another file");
  }
  if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path) && !std::filesystem::is_directory(path)) return;
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (!std::filesystem::is_directory(folder)) throw ConfigError("error: there is no folder " + folder.string() + " to write " + path.filename().string() + " in");
  if (std::filesystem::is_directory(path)) throw ConfigError("error: " + path.string() + " is a folder, not a file to write");
  if (access(folder.c_str(), W_OK) != 0) throw ConfigError("error: cannot write in " + folder.string() + ": " + std::strerror(errno));
}

void require_own_table(const std::filesystem::path& path, const std::string& header) {
  if (!std::filesystem::is_regular_file(path)) return;
  const std::string found = read_file(path);
  if (!found.empty() && !found.starts_with(header)) throw ConfigError("error: " + path.string() + " holds something else, which would be lost: write to another file, or remove it\n   = what is written here begins with  " + header.substr(0, header.find('\n')));
}

}  // namespace paretoforge
