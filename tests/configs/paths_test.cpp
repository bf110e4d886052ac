// Paths of a document made absolute.
#include "configs/paths.hpp"

#include <array>

#include "catch.hpp"

using namespace paretoforge;

TEST_CASE("values under the keys of paths become absolute, in lists and maps too, and nothing else changes") {
  constexpr std::array<std::string_view, 2> keys{"file", "parts"};
  const Config document = Config::parse(
      "name: file\nfile: a.csv\nother: [a.csv]\nparts:\n  - ../b.csv\n  - {file: /c.csv, label: c.csv}\nfile2: d\n", "s.yaml");
  const Config result = absolute_paths(document, keys, "/base/here");
  CHECK(result.at("name").text() == "file");
  CHECK(result.at("file").text() == "/base/here/a.csv");
  CHECK(result.at("other").items()[0].text() == "a.csv");
  CHECK(result.at("parts").items()[0].text() == "/base/b.csv");
  CHECK(result.at("parts").items()[1].at("file").text() == "/c.csv");
  CHECK(result.at("parts").items()[1].at("label").text() == "c.csv");
  CHECK(result.at("file2").text() == "d");
  CHECK(result.at("parts").items()[0].place().line == 5);
  CHECK(result.at("parts").title() == "parts");
  // Done twice, it is as it was; what is written reads back the same.
  CHECK(absolute_paths(result, keys, "/elsewhere").yaml() == result.yaml());
  CHECK(Config::parse(result.yaml(), "t.yaml").yaml() == result.yaml());
  CHECK(absolute_paths(Config::parse("a.csv", "s.yaml"), keys, "/base").text() == "a.csv");
}
