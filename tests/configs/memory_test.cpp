// What memory is left, and arrays that lie in a file.
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>
#include <string>

#include "catch.hpp"
#include "configs/config.hpp"
#include "configs/memory.hpp"
#include "environment.hpp"

using namespace paretoforge;

namespace {

/// What of this process's memory an address belongs to: the file's name, empty for plain memory.
std::string file_behind(const void* address) {
  std::ifstream maps("/proc/self/maps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0, end = 0;
    char dash = 0;
    std::istringstream(line) >> std::hex >> begin >> dash >> end;
    if (wanted < begin || wanted >= end) continue;
    const auto name = line.find('/');
    return name == std::string::npos ? std::string() : line.substr(name);
  }
  return "not mapped";
}

}  // namespace

TEST_CASE("what memory is left is the system's word and the container's, whichever is less") {
  const auto root = std::filesystem::temp_directory_path() / ("paretoforge_memory_" + std::to_string(getpid()));
  const auto put = [&](const std::string& name, const std::string& text) {
    std::filesystem::create_directories((root / name).parent_path());
    std::ofstream(root / name) << text;
  };
  CHECK(std::isinf(available_memory(root)));
  put("proc/meminfo", "MemTotal:  16000000 kB\nMemAvailable:    2048 kB\n");
  CHECK(available_memory(root) == 2048 * 1024);
  put("sys/fs/cgroup/memory.max", "max\n");
  put("sys/fs/cgroup/memory.current", "5000\n");
  CHECK(available_memory(root) == 2048 * 1024);
  put("sys/fs/cgroup/memory.max", "1005000\n");
  CHECK(available_memory(root) == 1000000);
  put("sys/fs/cgroup/memory.stat", "anon 4000\ninactive_file 3000\n");
  CHECK(available_memory(root) == 1003000);
  put("sys/fs/cgroup/memory.current", "2000000\n");
  CHECK(available_memory(root) == 0);
  std::filesystem::remove_all(root);
  CHECK(available_memory() > 1e6);
}

TEST_CASE("a large array lies in a file without a name, a small one in memory, and both hold what they were given") {
  const auto folder = std::filesystem::temp_directory_path() / ("paretoforge_large_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const Environment most("PARETOFORGE_LARGEST_IN_MEMORY", "2MiB"), place("TMPDIR", folder.string());
  LargeVector<std::uint32_t> numbers(1 << 18);  // 1 MiB
  std::iota(numbers.begin(), numbers.end(), 0u);
  CHECK(file_behind(numbers.data()).empty());
  for (std::uint32_t i = 1 << 18; i < 1 << 21; ++i) numbers.push_back(i);  // grows into a file, and from one to the next
  CHECK(file_behind(numbers.data()).find((folder / "paretoforge-").string()) == 0);
  CHECK(file_behind(numbers.data()).find("(deleted)") != std::string::npos);
  CHECK(std::filesystem::is_empty(folder));
  bool same = true;
  for (std::uint32_t i = 0; i < 1 << 21; ++i) same = same && numbers[i] == i;
  CHECK(same);
  const void* before = numbers.data();
  const LargeVector<std::uint32_t> copy = numbers;
  CHECK(copy == numbers);
  numbers = LargeVector<std::uint32_t>();
  CHECK(file_behind(before) == "not mapped");
  std::filesystem::remove_all(folder);
}

TEST_CASE("a file that cannot be made, or not as large, is told with its folder; what was there stays") {
  const Environment most("PARETOFORGE_LARGEST_IN_MEMORY", "1MiB");
  {
    const Environment place("TMPDIR", "/no/such/folder");
    CHECK_THROWS_WITH(LargeVector<char>(4 << 20), "an array of 4 MiB does not fit in memory, and not in a file in /no/such/folder: No such file or directory; TMPDIR names another folder");
  }
  LargeVector<char> kept(2 << 20, 'x');
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{3 << 20, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  CHECK_THROWS_AS(kept.resize(8 << 20), std::runtime_error);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(kept.size() == 2 << 20);
  CHECK(kept.back() == 'x');
  const Environment nonsense("PARETOFORGE_LARGEST_IN_MEMORY", "a lot");
  CHECK_THROWS_AS(LargeVector<char>(4 << 20), ConfigError);
}
