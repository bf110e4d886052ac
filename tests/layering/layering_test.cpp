// The house rules about #include: includes go downward, heavy libraries stay where they belong, and public headers
// show nothing but the standard library and our own.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"

namespace fs = std::filesystem;

namespace {

struct Folder {
  std::string_view name;
  std::vector<std::string_view> below;  // the folders it may include, beside itself
};

const std::vector<Folder> kFolders = {
    {"configs", {}},
    {"space", {"configs"}},
    {"predictors", {"space", "configs"}},
    {"search", {"predictors", "space", "configs"}},
    {"trainers", {"space", "configs"}},
    {"exporters", {"space", "configs"}},
    {"experiments", {"search", "trainers", "exporters", "predictors", "space", "configs"}},
};

/// A third-party library that one folder alone may include, by how its headers begin.
struct Confined {
  std::string_view prefix, folder;
};
constexpr std::array<Confined, 7> kConfined{{{"torch/", "trainers"},
                                             {"ATen/", "trainers"},
                                             {"c10/", "trainers"},
                                             {"yaml-cpp/", "configs"},
                                             {"boost/", "space"},
                                             {"sqlite3.h", "search"},
                                             {"CLI/", "experiments"}}};

/// C headers a public header may include; those of C++ have neither a folder nor an ending.
constexpr std::array<std::string_view, 4> kCHeaders{"stdbool.h", "stddef.h", "stdint.h", "string.h"};

template <class Range, class Value>
bool contains(const Range& range, const Value& value) {
  return std::find(range.begin(), range.end(), value) != range.end();
}

bool is_standard(std::string_view header) {
  return header.find_first_of("/.") == std::string_view::npos || contains(kCHeaders, header);
}

struct Include {
  int line;
  bool ours;  // in quotes
  std::string header;
};

std::vector<Include> includes_of(const fs::path& file) {
  std::vector<Include> found;
  std::ifstream stream(file);
  std::string text;
  for (int line = 1; std::getline(stream, text); ++line) {
    const auto hash = text.find_first_not_of(" \t");
    if (hash == std::string::npos || text[hash] != '#') continue;
    const auto word = text.find_first_not_of(" \t", hash + 1);
    if (word == std::string::npos || text.compare(word, 7, "include") != 0) continue;
    const auto open = text.find_first_of("<\"", word);
    if (open == std::string::npos) continue;
    const auto close = text.find(text[open] == '<' ? '>' : '"', open + 1);
    found.push_back({line, text[open] == '"', text.substr(open + 1, close - open - 1)});
  }
  return found;
}

/// What is wrong with one include, empty where nothing is.
std::string complaint(const Folder& folder, const Include& include, bool is_public) {
  const std::string_view header = include.header;
  for (const auto& [prefix, owner] : kConfined)
    if (header.starts_with(prefix) && folder.name != owner)
      return "only " + std::string(owner) + " may include " + include.header;
  if (!include.ours)
    return is_public && !is_standard(header) ? "a public header includes " + include.header : std::string();
  const std::string_view target = header.substr(0, header.find('/'));
  const bool known = std::any_of(kFolders.begin(), kFolders.end(), [&](const Folder& f) { return f.name == target; });
  if (!known || target == header) return include.header + " does not begin with one of our folders";
  if (target != folder.name && !contains(folder.below, target)) return include.header + " lies above or beside";
  if (is_public && header.find("_internal.") != std::string_view::npos)
    return "a public header includes " + include.header;
  return {};
}

bool is_source(const fs::path& file) {
  return file.extension() == ".cpp" || file.extension() == ".hpp" || file.extension() == ".h";
}

/// "folder/file:line: what is wrong" for every include that breaks a rule.
std::vector<std::string> violations(const fs::path& root, const std::set<std::string>& public_headers) {
  std::vector<std::string> found;
  for (const auto& folder : kFolders) {
    if (!fs::exists(root / folder.name)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder.name)) {
      if (!is_source(entry.path())) continue;
      const std::string name = fs::relative(entry.path(), root).generic_string();
      for (const auto& include : includes_of(entry.path())) {
        const std::string what = complaint(folder, include, public_headers.contains(name));
        if (!what.empty()) found.push_back(name + ":" + std::to_string(include.line) + ": " + what);
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// The headers that CMake installs, relative to the source tree.
std::set<std::string> installed_headers() {
  std::set<std::string> headers;
  std::ifstream stream(PARETOFORGE_PUBLIC_HEADERS);
  for (std::string line; std::getline(stream, line);)
    if (!line.empty()) headers.insert(fs::path(line).lexically_relative(PARETOFORGE_SOURCE_DIR).generic_string());
  return headers;
}

}  // namespace

TEST_CASE("includes go downward, and heavy libraries stay where they belong") {
  const auto headers = installed_headers();
  REQUIRE(headers.contains("configs/config.hpp"));
  CHECK(violations(PARETOFORGE_SOURCE_DIR, headers) == std::vector<std::string>{});
}

TEST_CASE("the rules can fail") {
  const fs::path root = fs::temp_directory_path() / "paretoforge_layering_test";
  fs::remove_all(root);
  const auto write = [&](const fs::path& name, const std::string& text) {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name) << text;
  };
  write("configs/up.hpp", "#pragma once\n#include \"space/op.hpp\"\n");
  write("configs/public.hpp",
        "#include <vector>\n  #  include <yaml-cpp/yaml.h>\n#include <zlib.h>\n#include <stdint.h>\n");
  write("configs/private_internal.hpp", "#include <yaml-cpp/yaml.h>\n#include <zlib.h>\n");
  write("space/fine.cpp", "#include <boost/graph.hpp>\n#include \"configs/up.hpp\"\n#include \"space/op.hpp\"\n");
  write("exporters/deep/side.cpp", "#include \"trainers/trainer.hpp\"\n");
  write("search/torch.cpp", "#include <torch/torch.h>\n#include \"predictors/device.hpp\"\n");
  write("search/near.cpp", "#include \"near.hpp\"\n");
  write("trainers/fine.cpp", "#include <torch/torch.h>\n");
  write("trainers/public.hpp", "#include \"trainers/session_internal.hpp\"\n");
  write("experiments/fine.cpp", "#include \"search/study.hpp\"\n#include <CLI/CLI.hpp>\n");
  CHECK(violations(root, {"configs/public.hpp", "trainers/public.hpp"}) ==
        std::vector<std::string>{"configs/public.hpp:2: a public header includes yaml-cpp/yaml.h",
                                 "configs/public.hpp:3: a public header includes zlib.h",
                                 "configs/up.hpp:2: space/op.hpp lies above or beside",
                                 "exporters/deep/side.cpp:1: trainers/trainer.hpp lies above or beside",
                                 "search/near.cpp:1: near.hpp does not begin with one of our folders",
                                 "search/torch.cpp:1: only trainers may include torch/torch.h",
                                 "trainers/public.hpp:1: a public header includes trainers/session_internal.hpp"});
  fs::remove_all(root);
}
