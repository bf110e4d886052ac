#include "configs/memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>

#include "configs/config.hpp"

namespace paretoforge {
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

constexpr std::size_t always_in_memory = 1 << 20;

/// The most that a block may have to lie in memory.
double largest_in_memory() {
  if (const char* said = std::getenv("PARETOFORGE_LARGEST_IN_MEMORY"); said != nullptr && *said != 0)
    return static_cast<double>(Config::parse("bytes: " + std::string(said), "PARETOFORGE_LARGEST_IN_MEMORY").at("bytes").bytes());
  return available_memory() / 2;
}

/// Blocks that lie in files, with their sizes.
struct Mapped {
  std::mutex mutex;
  std::map<void*, std::size_t> blocks;
};
Mapped& mapped() {
  static Mapped* all = new Mapped;  // arrays that end with the program still find it
  return *all;
}

/// A file without a name, as large as that.
int unnamed_file(std::size_t bytes) {
  const char* said = std::getenv("TMPDIR");
  const std::string folder = said != nullptr && *said != 0 ? said : "/var/tmp";  // /tmp may be memory itself
  const auto refuse = [&](int problem) {
    throw std::runtime_error("an array of " + std::to_string(bytes >> 20) + " MiB does not fit in memory, and not in a file in " + folder + ": " +
                             std::strerror(problem) + "; TMPDIR names another folder");
  };
  std::string name = folder + "/paretoforge-XXXXXX";
  const int file = mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) refuse(errno);
  unlink(name.c_str());
  if (const int problem = posix_fallocate(file, 0, static_cast<off_t>(bytes)); problem != 0) {
    close(file);
    refuse(problem);
  }
  return file;
}

}  // namespace

double available_memory(const std::filesystem::path& system) {
  double available = std::numeric_limits<double>::infinity();
  std::ifstream info(system / "proc/meminfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("MemAvailable:")) available = 1024 * std::strtod(line.c_str() + 13, nullptr);
  return std::min(available, left_of_container(system / "sys/fs/cgroup"));
}

void* allocate_large(std::size_t bytes) {
  if (bytes < always_in_memory) return ::operator new(bytes);
  if (static_cast<double>(bytes) <= largest_in_memory())
    if (void* block = ::operator new(bytes, std::nothrow)) return block;
  const int file = unnamed_file(bytes);
  void* block = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (block == MAP_FAILED) throw std::bad_alloc();
  const std::lock_guard lock(mapped().mutex);
  mapped().blocks.emplace(block, bytes);
  return block;
}

void free_large(void* block) noexcept {
  {
    const std::lock_guard lock(mapped().mutex);
    const auto found = mapped().blocks.find(block);
    if (found != mapped().blocks.end()) {
      munmap(block, found->second);
      mapped().blocks.erase(found);
      return;
    }
  }
  ::operator delete(block);
}

}  // namespace paretoforge
