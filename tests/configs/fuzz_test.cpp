// Broken documents of every kind: each is read or refused as ConfigError, and what is read can be written and read.
#include <array>
#include <cstdint>
#include <vector>

#include "catch.hpp"
#include "configs/config.hpp"
#include "configs/table.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

const std::vector<std::string> kSeeds = {
    "space: ../spaces/a.yaml\nobjectives:\n  - {name: latency_ms, limit: 40ms}\n  - {name: x, goal: maximize}\n",
    "input: [1, 28, 28]\nlayers:\n  - conv: {out: {choice: [8, 16], name: \"w{i:02}\"}, kernel: 3}\n  - pool: {}\n",
    "a: &a {b: 1, c: [x, 'y', \"z\\n\"]}\nd: *a\ne: |\n  two\n  lines\nf: >-\n  folded\n  text\n",
    "? key\n: value\n'q': ~\n\"\\u00e9\": [[], {}, [1, [2, [3]]]]\n# comment\nlast: -1.5e-3 # end\n",
    "one: 1\ntwo:\n- a\n-   - b\n    - c\n-\n  d: e\n"};

const std::string kLetters = "[]{},:-?&*!|>'\"%@`#~ \n\t\rab019.\\/<=+_\xC3\xA9\xEF\xBB\xBF\xE2\x80\xA8\xC2\x85";

std::string mutated(std::string text, Random& random) {
  const std::size_t changes = 1 + random.below(6);
  for (std::size_t i = 0; i < changes; ++i) {
    const std::size_t at = random.below(text.size() + 1);
    const std::size_t length = std::min<std::size_t>(random.below(12), text.size() - at);
    const std::string& other = kSeeds[random.below(kSeeds.size())];
    switch (random.below(5)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, 1, kLetters[random.below(kLetters.size())]);
        break;
      case 2:
        text.insert(at, text.substr(random.below(text.size() + 1), random.below(20)));
        break;
      case 3:
        text.insert(at, other.substr(random.below(other.size()), random.below(30)));
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(random.below(256));
        break;
    }
  }
  return text;
}

bool same(const Config& a, const Config& b) {
  if (a.is_map() != b.is_map() || a.is_list() != b.is_list() || a.is_null() != b.is_null()) return false;
  if (a.is_scalar()) return a.text() == b.text() && (!a.is_quoted() || b.is_quoted());
  if (a.is_list()) {
    const auto left = a.items(), right = b.items();
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), same);
  }
  if (a.is_null()) return true;
  const auto left = a.entries(), right = b.entries();
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && same(x.second, y.second); });
}

/// Asks every value for every type: only ConfigError may come of it.
void probe(const Config& value) {
  const std::array<void (*)(const Config&), 6> questions = {
      [](const Config& c) { c.integer(); }, [](const Config& c) { c.number(); },
      [](const Config& c) { c.boolean(); }, [](const Config& c) { c.seconds(); },
      [](const Config& c) { c.bytes(); },   [](const Config& c) { c.allow({"space", "layers"}); }};
  for (const auto question : questions) {
    try {
      question(value);
    } catch (const ConfigError&) {
    }
  }
  if (value.is_list())
    for (const auto& item : value.items()) probe(item);
  if (value.is_map())
    for (const auto& entry : value.entries()) probe(entry.second);
}

}  // namespace

TEST_CASE("mutated documents are read or refused, and what is read survives writing") {
  Random random(2024);
  int read = 0;
  for (int i = 0; i < 30000; ++i) {
    const std::string text = mutated(kSeeds[random.below(kSeeds.size())], random);
    std::string written;
    try {
      const Config config = Config::parse(text, "fuzz");
      ++read;
      probe(config);
      written = config.yaml();
      const Config again = Config::parse(written, "again");
      if (!same(config, again) || again.yaml() != written) {
        INFO("document:\n" << text << "\nwritten:\n" << written);
        FAIL("writing changed the value");
      }
    } catch (const ConfigError& error) {
      INFO("document:\n" << text << "\nwritten:\n" << written << "\n" << error.what());
      REQUIRE(written.empty());
    }
  }
  CHECK(read > 3000);  // the loop reaches both sides
  CHECK(read < 27000);
}

TEST_CASE("any text survives writing as a scalar and as a key") {
  Random random(5);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (std::size_t n = random.below(8); n > 0; --n) text += kLetters[random.below(kLetters.size() - 12)];
    const Config made = Config::make_map({{text, Config::make_list({Config::make_scalar(text), Config::make_list({})})},
                                          {"flow" + text, Config::make_list({Config::make_scalar(text)})},
                                          {"v", Config::make_scalar(text, random.below(2) == 0)}});
    const std::string written = made.yaml();
    INFO("written:\n" << written);
    if (text == "v") continue;
    REQUIRE(same(made, Config::parse(written, "again")));
  }
}

TEST_CASE("mutated tables are read or refused") {
  Random random(77);
  const std::string seed = "a,b,\"c d\"\n1,2,\"x,\"\"y\"\"\"\n3,,z\r\nnan,inf,\"two\nlines\"\n";
  for (int i = 0; i < 30000; ++i) {
    try {
      const Table table = Table::parse(mutated(seed, random), "fuzz");
      for (const auto& column : table.columns()) table.numbers(column);
    } catch (const ConfigError&) {
    }
  }
  SUCCEED();
}
