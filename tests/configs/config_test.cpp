// The strict reader: values, whole messages, what is refused, replacing parts, writing.
#include "configs/config.hpp"

#include <filesystem>
#include <fstream>
#include <functional>

#include "catch.hpp"

using namespace paretoforge;

namespace {

std::string message(const std::function<void()>& action) {
  try {
    action();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

std::string parse_message(const std::string& text) {
  return message([&] { Config::parse(text, "t.yaml"); });
}

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

const char* const kStudy = R"(space: ../spaces/tiny.yaml
objectives:
  - {name: latency_ms, limit: 40}
  - {name: accuracy_pct, goal: maximize}
search:
  algorithm: nsga2
  trails: 64
  share: 0.5
  resume: true
  label: "5"
)";

}  // namespace

TEST_CASE("values are read by type") {
  const Config study = Config::parse(kStudy, "study.yaml");
  const Config search = study.at("search");
  CHECK(search.at("trails").integer() == 64);
  CHECK(search.at("trails").integer(1, 64) == 64);
  CHECK(search.at("share").number() == 0.5);
  CHECK(search.at("share").number(0.5, 0.5) == 0.5);
  CHECK(search.at("resume").boolean());
  CHECK(search.at("label").text() == "5");
  CHECK(search.at("label").is_quoted());
  CHECK_FALSE(search.at("trails").is_quoted());
  CHECK(search.at("algorithm").one_of({"random", "nsga2"}) == "nsga2");
  CHECK_FALSE(search.has("seed"));
  CHECK(search.integer_or("seed", 7) == 7);
  CHECK(search.number_or("trails", 0) == 64.0);
  CHECK_FALSE(search.boolean_or("quiet", false));
  CHECK(search.text_or("algorithm", "") == "nsga2");
  REQUIRE(study.at("objectives").items().size() == 2);
  CHECK(study.at("objectives").items()[0].entries()[1].first == "limit");
  CHECK(study.at("objectives").items()[1].title() == "objectives.1");
  CHECK(search.title() == "search");
  CHECK(study.title() == "the document");
}

TEST_CASE("places count lines and columns from 1") {
  const Config study = Config::parse(kStudy, "study.yaml");
  CHECK(study.at("search").key_place("trails").line == 7);
  CHECK(study.at("search").key_place("trails").column == 3);
  CHECK(study.at("search").at("trails").place().column == 11);
  CHECK(study.at("space").place().file == "study.yaml");
  CHECK(Config::make_scalar("x").place().line == 0);
}

TEST_CASE("an unknown key is shown with its line and the nearest name") {
  const Config study = Config::parse(kStudy, "studies/quickstart.yaml");
  CHECK(message([&] {
          study.at("search").allow({"algorithm", "trials", "seed", "share", "resume", "label"});
        }) ==
        "error: unknown key 'trails' in search\n"
        "  --> studies/quickstart.yaml:7:3\n"
        "   |   trails: 64\n"
        "   |   ^^^^^^\n"
        "   = did you mean 'trials'?");
  CHECK(message([&] {
          study.allow({"space", "search"});
        }) ==
        "error: unknown key 'objectives' in the document\n"
        "  --> studies/quickstart.yaml:2:1\n"
        "   | objectives:\n"
        "   | ^^^^^^^^^^\n"
        "   = allowed here: space, search");
}

TEST_CASE("a wrong type says what stands there and what is allowed") {
  const Config c = Config::parse("search: {trials: many, seed: [1], rate: '2', on: yes, deep: {}}\n", "s.yaml");
  const Config search = c.at("search");
  CHECK(message([&] { search.at("trials").integer(1, 100); }) ==
        "error: trials must be a whole number from 1 to 100, found 'many'\n"
        "  --> s.yaml:1:18\n"
        "   | search: {trials: many, seed: [1], rate: '2', on: yes, deep: {}}\n"
        "   |                  ^^^^");
  CHECK(message([&] { search.at("seed").integer(); }) ==
        "error: seed must be a whole number, found a list\n"
        "  --> s.yaml:1:30\n"
        "   | search: {trials: many, seed: [1], rate: '2', on: yes, deep: {}}\n"
        "   |                              ^^^");
  CHECK(message([&] { search.at("rate").number(0, 1); }) ==
        "error: rate must be a finite number from 0 to 1, found \"2\"\n"
        "  --> s.yaml:1:41\n"
        "   | search: {trials: many, seed: [1], rate: '2', on: yes, deep: {}}\n"
        "   |                                         ^^^\n"
        "   = what stands in quotes is text");
  CHECK(message([&] { search.at("on").boolean(); }) ==
        "error: on must be true or false, found 'yes'\n"
        "  --> s.yaml:1:50\n"
        "   | search: {trials: many, seed: [1], rate: '2', on: yes, deep: {}}\n"
        "   |                                                  ^^^");
  CHECK(message([&] { search.at("deep").text(); }) ==
        "error: deep must be a single value, found a map\n"
        "  --> s.yaml:1:61\n"
        "   | search: {trials: many, seed: [1], rate: '2', on: yes, deep: {}}\n"
        "   |                                                             ^^");
  CHECK(message([&] {
          search.at("trials").one_of({"man", "money"});
        }) ==
        "error: trials must be one of man, money; found 'many'\n"
        "  --> s.yaml:1:18\n"
        "   | search: {trials: many, seed: [1], rate: '2', on: yes, deep: {}}\n"
        "   |                  ^^^^\n"
        "   = did you mean 'man'?");
  CHECK(message([&] { search.at("trials").at("x"); }) ==
        "error: trials must be a map, found 'many'\n"
        "  --> s.yaml:1:18\n"
        "   | search: {trials: many, seed: [1], rate: '2', on: yes, deep: {}}\n"
        "   |                  ^^^^");
  CHECK(message([&] { search.at("speed"); }) ==
        "error: search needs the key 'speed'\n"
        "  --> s.yaml:1:9\n"
        "   | search: {trials: many, seed: [1], rate: '2', on: yes, deep: {}}\n"
        "   |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^");
}

TEST_CASE("a value that is missing points to its key") {
  const Config c = Config::parse("search:\nspace: x\n", "s.yaml");
  CHECK(c.at("search").is_null());
  CHECK(message([&] { c.at("search").at("seed"); }) ==
        "error: search must be a map, found nothing\n"
        "  --> s.yaml:1:1\n"
        "   | search:\n"
        "   | ^^^^^^");
}

TEST_CASE("carets stand under characters, not bytes, and tabs stay tabs") {
  const Config c = Config::parse("{\"\xC3\xA4\xC3\xB6\": 1,\t\xC3\xBC\xC3\x9F: two}", "u.yaml");
  CHECK(message([&] { c.at("\xC3\xBC\xC3\x9F").integer(); }) ==
        "error: \xC3\xBC\xC3\x9F must be a whole number, found 'two'\n"
        "  --> u.yaml:1:19\n"
        "   | {\"\xC3\xA4\xC3\xB6\": 1,\t\xC3\xBC\xC3\x9F: two}\n"
        "   |          \t    ^^^");
}

TEST_CASE("whole numbers are decimal and in range") {
  const auto refused = [](const std::string& text) {
    return message([&] { Config::parse(text, "n").integer(); }) != "no error";
  };
  for (const char* text :
       {"1.0", "0x10", "1e3", "9223372036854775808", "1_000", "", "--1", "+-1", "+", "\"1\"", "1 2", "null"})
    CHECK(refused(text));
  CHECK(Config::parse("9223372036854775807", "n").integer() == 9223372036854775807);
  CHECK(Config::parse("-9223372036854775808", "n").integer() == -9223372036854775807 - 1);
  CHECK(Config::parse("+5", "n").integer() == 5);
  CHECK(message([] { Config::parse("trials: 0", "n").at("trials").integer(1, 9223372036854775807); }) ==
        "error: trials must be a whole number of at least 1, found '0'\n  --> n:1:9\n   | trials: 0\n   |         ^");
}

TEST_CASE("numbers are finite") {
  for (const char* text : {"nan", "inf", ".inf", ".nan", "-inf", "1e400", "0x1p3", "1,5", "1.5x", "'1.5'", "~"})
    CHECK_THROWS_AS(Config::parse(text, "n").number(), ConfigError);
  CHECK(Config::parse("1e3", "n").number() == 1000.0);
  CHECK(Config::parse("-.5", "n").number() == -0.5);
  CHECK(Config::parse("+2.", "n").number() == 2.0);
}

TEST_CASE("times and sizes carry units") {
  const auto seconds = [](const char* text) { return Config::parse(text, "n").seconds(); };
  const auto bytes = [](const char* text) { return Config::parse(text, "n").bytes(); };
  CHECK(seconds("50us") == Approx(50e-6));
  CHECK(seconds("50ms") == Approx(0.05));
  CHECK(seconds("2s") == 2);
  CHECK(seconds("5min") == 300);
  CHECK(seconds("5m") == 300);
  CHECK(seconds("1.5h") == 5400);
  CHECK(seconds("1d") == 86400);
  CHECK(seconds("7") == 7);
  CHECK(bytes("256") == 256);
  CHECK(bytes("256B") == 256);
  CHECK(bytes("256KB") == 256000);
  CHECK(bytes("256KiB") == 262144);
  CHECK(bytes("1MiB") == 1048576);
  CHECK(bytes("0.5GiB") == 536870912);
  for (const char* text : {"", "s", "-1s", "5 parsecs", "5S", "nan", "1e400h", "[]", "5mss"})
    CHECK_THROWS_AS(Config::parse(text, "n").seconds(), ConfigError);
  for (const char* text : {"", "KiB", "-1B", "5kib", "inf"})
    CHECK_THROWS_AS(Config::parse(text, "n").bytes(), ConfigError);
  CHECK(message([] { Config::parse("limit: 5 parsecs", "n").at("limit").seconds(); }) ==
        "error: limit must be a time, found '5 parsecs'\n"
        "  --> n:1:8\n"
        "   | limit: 5 parsecs\n"
        "   |        ^^^^^^^^^\n"
        "   = such as 50us, 50ms, 2s, 5min, 2h, 1d; a bare number is seconds");
}

TEST_CASE("what yaml-cpp lets pass is refused") {
  CHECK(parse_message("a: 1\nb: 2\na: 3\n") ==
        "error: the key 'a' stands here twice\n  --> t.yaml:3:1\n   | a: 3\n   | ^");
  CHECK(parse_message("a: &x [1, *x]") ==
        "error: the alias stands inside of what it names\n  --> t.yaml:1:11\n   | a: &x [1, *x]\n   |           ^^");
  CHECK(parse_message("a: 1\n---\nb: 2\n") ==
        "error: the document has ended and more follows; a file holds one document\n"
        "  --> t.yaml:2:1\n   | ---\n   | ^^^");
  CHECK(parse_message("a: !!int 5") ==
        "error: tags are not allowed, found 'tag:yaml.org,2002:int'\n"
        "  --> t.yaml:1:4\n   | a: !!int 5\n   |    ^^^^^");
  CHECK(parse_message("{[1]: 2}") ==
        "error: a key must be text, found a list\n  --> t.yaml:1:2\n   | {[1]: 2}\n   |  ^^^\n   = is a bracket left "
        "open?");
  CHECK(parse_message("~: 2") == "error: a key must be text, found nothing\n  --> t.yaml:1:1\n   | ~: 2\n   | ^");
  CHECK(parse_message("a: [1, 2\n") ==
        "error: this is not valid YAML: end of sequence flow not found\n  --> t.yaml:2:1");
  CHECK(parse_message("a: 1\nb: &x \"two\nc: 3\n") ==
        "error: a text in quotes begins here and never ends\n  --> t.yaml:2:4\n   | b: &x \"two\n   |    ^^");
  CHECK(parse_message("a: \"\\\\\"\nb: 'it''s'\nc: \"\\\"\"\n") == "no error");
  CHECK(parse_message("a: \"\\_\"") ==
        "error: an escape in this text gives no valid UTF-8\n  --> t.yaml:1:4\n   | a: \"\\_\"\n   |    ^^^^");
  CHECK(parse_message("a: *b").starts_with("error: this is not valid YAML: the referenced anchor is not defined"));
}

TEST_CASE("depth, size and number of values are bounded") {
  CHECK(parse_message("a: " + repeated("[", 63) + repeated("]", 63)) == "no error");
  CHECK(parse_message(repeated("- ", 65) + "x").starts_with("error: the document is nested deeper than 64 levels"));
  CHECK(parse_message("a: " + repeated("[", 100000)).ends_with("= is a bracket left open?"));
  CHECK(parse_message("a: " + repeated("[", 100000) + repeated("]", 100000))
            .starts_with("error: the document is nested deeper than 64 levels"));
  CHECK(parse_message("a: " + repeated("{b: ", 100000)).starts_with("error: the document is nested deeper"));
  CHECK(parse_message(repeated("? ", 100000)).starts_with("error: a key must be text, found a map"));
  CHECK(parse_message(std::string((4 << 20) + 1, ' ')) == "error: 't.yaml' holds more than 4 MiB");

  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n", tower = "a0: &a0 []\n";
  for (int i = 1; i < 70; ++i) {
    const std::string now = std::to_string(i), before = "*a" + std::to_string(i - 1);
    bomb += "a" + now + ": &a" + now + " [" + before + repeated(", " + before, 9) + "]\n";
    tower += "a" + now + ": &a" + now + " [" + before + "]\n";
  }
  CHECK(parse_message(bomb).starts_with("error: the document holds more than 1000000 values once its aliases"));
  CHECK(parse_message(tower).starts_with("error: the document is nested deeper than 64 levels"));
}

TEST_CASE("what is no text is refused") {
  using namespace std::string_literals;
  CHECK(parse_message("a: \0"s) == "error: this is no text: it holds the control character \\x00\n  --> t.yaml:1:4");
  CHECK(parse_message("a: b\nc: \x1b[31m") ==
        "error: this is no text: it holds the control character \\x1b\n  --> t.yaml:2:4");
  for (const char* bytes :
       {"\xff\xfe", "\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\xf5"})
    CHECK(parse_message("a: "s + bytes) == "error: this is no text: it is not valid UTF-8\n  --> t.yaml:1:4");
  CHECK(Config::parse("\xEF\xBB\xBF"
                      "a: 1\r\nb: 2\r\n",
                      "t")
            .at("b")
            .integer() == 2);
}

TEST_CASE("a file must be there and be a map") {
  const auto folder = std::filesystem::temp_directory_path() / "paretoforge_config_test";
  std::filesystem::create_directories(folder);
  const auto written = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder / name, std::ios::binary) << text;
    return (folder / name).string();
  };
  const std::string good = written("study.yaml", "a: 1\n"), empty = written("empty.yaml", "");
  const std::string scalar = written("scalar.yaml", "just text\n"), list = written("list.yaml", "- 1\n");
  CHECK(Config::load(good).at("a").integer() == 1);
  CHECK(message([&] { Config::load(empty); }) ==
        "error: the document must be a map of keys and values, found nothing\n  --> " + empty);
  CHECK(message([&] { Config::load(scalar); }) ==
        "error: the document must be a map of keys and values, found 'just text'\n  --> " + scalar +
            ":1:1\n   | just text\n   | ^^^^^^^^^");
  CHECK(message([&] { Config::load(list); }) ==
        "error: the document must be a map of keys and values, found a list\n  --> " + list + ":1:1\n   | - 1\n   | ^");
  CHECK(message([&] { Config::load(folder / "studi.yaml"); }) ==
        "error: cannot read '" + (folder / "studi.yaml").string() + "': no such file\n   = did you mean '" + good +
            "'?");
  CHECK(message([&] { Config::load(folder); }) == "error: cannot read '" + folder.string() + "': it is a folder");
  CHECK(message([] { Config::load("/dev/zero"); }) == "error: cannot read '/dev/zero': it holds more than 4 MiB");
  std::filesystem::remove_all(folder);
}

TEST_CASE("one value is replaced or added") {
  const Config study = Config::parse(kStudy, "study.yaml");
  CHECK(study.with("search.trails", "65").at("search").at("trails").integer() == 65);
  CHECK(study.at("search").at("trails").integer() == 64);
  const Config limit = study.with("objectives.1.limit", "{soft: [1, 2]}");
  CHECK(limit.at("objectives").items()[1].at("limit").at("soft").items().size() == 2);
  CHECK(limit.at("objectives").items()[1].entries().back().first == "limit");
  CHECK(limit.at("objectives").items()[1].at("limit").title() == "limit");
  CHECK(study.with("objectives.0", "x").at("objectives").items()[0].title() == "objectives.0");
  CHECK(study.with("search", "").at("search").is_null());
  CHECK(study.with("new", "'1'").entries().back().second.is_quoted());
  CHECK(study.with_entry("space", Config::make_scalar("y")).entries()[0].second.text() == "y");

  CHECK(message([&] { study.with("serach.seed", "1"); }) ==
        "error: the path 'serach.seed' leads nowhere: the document has no key 'serach'\n   = did you mean 'search'?");
  CHECK(message([&] { study.with("objectives.2.limit", "1"); }) ==
        "error: the path 'objectives.2.limit' leads nowhere: objectives is a list of 2, counted from 0");
  CHECK(message([&] { study.with("objectives.-1", "1"); }) ==
        "error: the path 'objectives.-1' leads nowhere: objectives is a list, and '-1' is no position in it");
  CHECK(message([&] { study.with("space.x", "1"); }) ==
        "error: the path 'space.x' leads nowhere: space is '../spaces/tiny.yaml', which has no parts");
  CHECK(message([&] { study.with("search..x", "1"); }) ==
        "error: the path 'search..x' leads nowhere: one of its parts is empty");
  CHECK(message([&] { study.with("", "1"); }) == "error: the path '' leads nowhere: one of its parts is empty");
  CHECK(message([&] { study.with("search.seed", "[1"); }) ==
        "error: a key must be text, found a list\n"
        "  --> value of search.seed:1:1\n   | [1\n   | ^^\n   = is a bracket left open?");
  CHECK(message([&] { study.with("search.seed", "x").at("search").at("seed").integer(); }) ==
        "error: seed must be a whole number, found 'x'\n  --> value of search.seed:1:1\n   | x\n   | ^");
}

TEST_CASE("documents are written in block style with short lists on a line") {
  const Config c =
      Config::parse(R"({space: x, input: [1, 28, 28], layers: [{conv: {out: "8", act: null}}, [[]], [a, {}]],
    text: "a: b # c", empty: "", none: {}, lines: "one\ntwo\t\"\\"})",
                    "t");
  CHECK(c.yaml() ==
        "space: x\n"
        "input: [1, 28, 28]\n"
        "layers:\n"
        "  - conv:\n"
        "      out: \"8\"\n"
        "      act: null\n"
        "  - - []\n"
        "  - - a\n"
        "    - {}\n"
        "text: \"a: b # c\"\n"
        "empty: \"\"\n"
        "none: {}\n"
        "lines: \"one\\ntwo\\x09\\\"\\\\\"\n");
  CHECK(Config::parse(c.yaml(), "t").yaml() == c.yaml());
  CHECK(Config::make_map({{"list", Config::make_list({Config::make_scalar("1"), Config::make_scalar("1", true)})},
                          {"odd", Config::make_scalar("- x")}})
            .yaml() == "list: [1, \"1\"]\nodd: \"- x\"\n");
  CHECK(Config::parse("a: &x {b: 1}\nc: *x\n", "t").yaml() == "a:\n  b: 1\nc:\n  b: 1\n");
}

TEST_CASE("the nearest name") {
  const std::vector<std::string> names = {"trials", "seed", "algorithm", "k"};
  CHECK(nearest_name("trails", names) == "trials");
  CHECK(nearest_name("SEED", names) == "seed");
  CHECK(nearest_name("algoritm", names) == "algorithm");
  CHECK(nearest_name("objectives", names).empty());
  CHECK(nearest_name("x", names).empty());
  CHECK(nearest_name("", names).empty());
  CHECK(nearest_name("a", {}).empty());
}
