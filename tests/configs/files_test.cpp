#include "configs/files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "catch.hpp"

using namespace paretoforge;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / ("paretoforge_files_" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t files_in(const fs::path& path) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("a file is replaced whole, through links, and nothing is left beside it") {
  const Folder folder;
  const fs::path file = folder.path / "a";
  write_file(file, "one");
  fs::create_symlink("a", folder.path / "link");
  write_file(folder.path / "link", std::string("t\0wo", 4));
  CHECK(content(file) == std::string("t\0wo", 4));
  CHECK(fs::is_symlink(folder.path / "link"));
  write_file(file, "");
  CHECK(content(file).empty());
  CHECK(files_in(folder.path) == 2);
  CHECK_THROWS_WITH(write_file(folder.path / "none" / "a", ""),
                    ContainsSubstring("none/a") && ContainsSubstring("No such file"));
  CHECK_THROWS_AS(write_file(folder.path, "a folder"), std::runtime_error);
  CHECK(files_in(folder.path) == 2);
}

TEST_CASE("what is no file is written to as it stands") {
  const Folder folder;
  const fs::path pipe = folder.path / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::string read;
  std::thread reader([&] { read = content(pipe); });
  write_file(pipe, "through");
  reader.join();
  CHECK(read == "through");
  CHECK(fs::is_fifo(pipe));
}
