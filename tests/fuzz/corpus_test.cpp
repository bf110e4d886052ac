// The corpus of the fuzzers, seeds and past findings, through the readers: all are read or refused.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "catch.hpp"
#include "readers.hpp"

using namespace paretoforge;
namespace fs = std::filesystem;

TEST_CASE("what fuzzers found, and what they began with, is read or refused") {
  for (const fuzz::Reader& reader : fuzz::readers) {
    std::vector<fs::path> files;
    for (const auto& entry :
         fs::directory_iterator(fs::path(PARETOFORGE_SOURCE_DIR) / "tests/fuzz/corpus" / reader.name))
      files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    REQUIRE(files.size() >= 3);
    int read = 0;
    for (const fs::path& path : files) {
      INFO(path.string());
      std::ifstream file(path, std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      bool accepted = false;
      CHECK_NOTHROW(accepted = reader.feed(bytes));
      read += accepted;
      // Seeds are good, findings need not be; fitted devices are of the features of their day.
      if (path.filename().string().starts_with("seed_")) CHECK(accepted);
    }
    CHECK(read >= 1);
  }
}
