// The talk of a running command: exact texts on a terminal and on a pipe, and how texts are cut.
#include "experiments/progress.hpp"

#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>

#include "catch.hpp"
#include "environment.hpp"

using namespace paretoforge;

namespace {

struct Talk {
  std::ostringstream stream;
  double now = 0;
  std::size_t columns = 80;

  ProgressOptions options(bool terminal, bool colour = false) {
    return {&stream, terminal, colour, [this] { return columns; }, [this] { return now; }};
  }
  /// What was said since the last call.
  std::string said() {
    std::string text = stream.str();
    stream.str({});
    return text;
  }
};

}  // namespace

TEST_CASE("a terminal has one live line below what stays") {
  Talk talk;
  Progress progress(talk.options(true));
  progress.begin("search quickstart · 3 objectives · host · seed 1 · 64 trials on 2 threads");
  CHECK(talk.said() == "search quickstart · 3 objectives · host · seed 1 · 64 trials on 2 threads\n");

  progress.trial(0, 64, 0, 0, 0);
  CHECK(talk.said() == "\r────────────────────  0/64   front 0 (0 fit)   hypervolume 0.00\x1b[K");
  talk.now = 200;
  progress.trial(40, 64, 9, 8, 0.789);
  CHECK(talk.said() == "\r━━━━━━━━━━━━────────  40/64   front 9 (8 fit)   ETA 2m   hypervolume 0.79\x1b[K");
  progress.member("front #41   accuracy 88.1 %");
  CHECK(talk.said() ==
        "\r+ front #41   accuracy 88.1 %\x1b[K\n"
        "━━━━━━━━━━━━────────  40/64   front 9 (8 fit)   ETA 2m   hypervolume 0.79\x1b[K");
  talk.now += 0.01;  // too soon for another redraw
  progress.trial(63, 64, 9, 8, 0.79);
  CHECK(talk.said().empty());
  progress.trial(64, 64, 10, 9, 0.8);
  progress.finish();
  CHECK(talk.said() == "\r━━━━━━━━━━━━━━━━━━━━  64/64   front 10 (9 fit)   hypervolume 0.80\x1b[K\n");
  progress.finish();
  CHECK(talk.said().empty());
}

TEST_CASE("the live line is cut to the terminal's width") {
  Talk talk;
  Progress progress(talk.options(true));
  progress.trial(0, 64, 0, 0, 0);
  talk.said();
  const auto redrawn = [&](std::size_t columns) {
    talk.columns = columns;
    talk.now += 60;
    progress.tick();
    const std::string said = talk.said();
    REQUIRE(said.starts_with("\r"));
    REQUIRE(said.ends_with("\x1b[K"));
    const std::string line = said.substr(1, said.size() - 4);
    CHECK(display_width(line) < columns);
    return line;
  };
  CHECK(redrawn(56) == "────────────  0/64   front 0 (0 fit)   hypervolume 0.00");
  CHECK(redrawn(47) == "0/64   front 0 (0 fit)   hypervolume 0.00");
  CHECK(redrawn(20) == "0/64   front 0 (0 …");
  CHECK(redrawn(2) == "…");
}

TEST_CASE("a pipe gets plain lines: the members, and one every 30 seconds") {
  Talk talk;
  Progress progress(talk.options(false));
  progress.begin("search x");
  for (int told = 0; told <= 64; ++told) {
    if (told == 41) progress.member("front #41   accuracy 88.1 %");
    progress.trial(static_cast<std::uint64_t>(told), 64, 9, 8, 0.5);
    talk.now += 1;
  }
  progress.finish();
  CHECK(talk.said() ==
        "search x\n"
        "30/64   front 9 (8 fit)   ETA 34s   hypervolume 0.50\n"
        "+ front #41   accuracy 88.1 %\n"
        "60/64   front 9 (8 fit)   ETA 4s   hypervolume 0.50\n"
        "64/64   front 9 (8 fit)   hypervolume 0.50\n");
}

TEST_CASE("other phases say when they begin and how they end") {
  Talk talk;
  {
    Progress progress(talk.options(false));
    progress.stage("measuring the host", 0, 40);
    talk.now = 20;
    progress.stage("measuring the host", 20, 40);
    talk.now = 31;
    progress.tick();
    talk.now = 40;
    progress.stage("measuring the host", 40, 40);
    progress.stage("reading", 7, 0);
  }
  CHECK(talk.said() ==
        "measuring the host   0/40\n"
        "measuring the host   20/40   ETA 31s\n"
        "measuring the host   40/40\n"
        "reading   7\n");
  Progress progress(talk.options(true));
  progress.stage("exporting", 3, 6);
  CHECK(talk.said() == "\rexporting   ━━━━━━━━━━──────────  3/6\x1b[K");
  progress.trial(1, 2, 1, 1, 1);
  CHECK(talk.said() == "\n\r━━━━━━━━━━──────────  1/2   front 1 (1 fit)   hypervolume 1.00\x1b[K");
}

TEST_CASE("a resumed study's estimate counts only what was done since") {
  Talk talk;
  Progress progress(talk.options(false));
  progress.trial(500, 1000, 9, 8, 0.5);
  talk.now = 100;
  progress.trial(600, 1000, 9, 8, 0.5);
  CHECK(talk.said() == "600/1000   front 9 (8 fit)   ETA 7m   hypervolume 0.50\n");
}

TEST_CASE("quiet says nothing, and a pipe knows no carriage return even in colour") {
  Talk talk;
  ProgressOptions silent = talk.options(true);
  silent.stream = nullptr;
  {
    Progress progress(silent);
    progress.begin("x");
    progress.member("front #1");
    progress.trial(1, 2, 1, 1, 1);
    progress.stage("y", 1, 2);
  }
  CHECK(talk.said().empty());
  {
    Progress progress(talk.options(false, true));
    progress.member("front #1\r\x1b[2J");
    progress.trial(2, 2, 1, 1, 1);
  }
  CHECK(talk.said() == "\x1b[32m+\x1b[0m front #1??[2J\n2/2   front 1 (1 fit)   hypervolume 1.00\n");
}

TEST_CASE("colour on a terminal") {
  Talk talk;
  Progress progress(talk.options(true, true));
  progress.stage("a\x1b", 1, 2);
  CHECK(talk.said() == "\ra?   \x1b[32m━━━━━━━━━━\x1b[0m\x1b[2m──────────\x1b[0m  1/2\x1b[K");
}

TEST_CASE("the environment decides colour, never animation") {
  const Environment term("TERM", "xterm"), no_color("NO_COLOR", {}), force("FORCE_COLOR", {});
  const bool animated = ProgressOptions::standard_error(false).is_terminal;
  CHECK(ProgressOptions::standard_error(false).colour == animated);
  CHECK(ProgressOptions::standard_error(true).stream == nullptr);
  {
    const Environment forced("FORCE_COLOR", "1");
    CHECK(ProgressOptions::standard_error(false).colour);
    CHECK(ProgressOptions::standard_error(false).is_terminal == animated);
    const Environment without("NO_COLOR", "1");
    CHECK_FALSE(ProgressOptions::standard_error(false).colour);
    CHECK(ProgressOptions::standard_error(false).is_terminal == animated);
  }
  const Environment dumb("TERM", "dumb");
  CHECK_FALSE(ProgressOptions::standard_error(false).is_terminal);
  CHECK_FALSE(ProgressOptions::standard_error(false).colour);
}

TEST_CASE("a member of the front in words") {
  const std::vector<Criterion> criteria{{"latency_ms"}, {"peak_activation_bytes"}, {"accuracy_pct", Goal::maximize}};
  Trial trial;
  trial.number = 41;
  trial.values = {0.31, 14336, 88.1};
  CHECK(member_text(criteria, trial) == "front #41   accuracy 88.1 %   latency 0.31 ms   memory 14 KiB");
  trial.values[1].reset();
  CHECK(member_text(criteria, trial) == "front #41   accuracy 88.1 %   latency 0.31 ms");
}

TEST_CASE("texts are measured and cut by what a terminal shows") {
  CHECK(display_width("") == 0);
  CHECK(display_width("━─ é") == 4);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("漢字") == 4);
  CHECK(display_width("\xff\xc3") == 2);
  CHECK(cut_to_width("abc", 3) == "abc");
  CHECK(cut_to_width("abcd", 3) == "ab…");
  CHECK(cut_to_width("漢字漢", 4) == "漢…");
  CHECK(cut_to_width("ééé", 2) == "é…");
  CHECK(cut_to_width("abc", 1) == "…");
  CHECK(cut_to_width("abc", 0) == "");
  CHECK(cut_to_width("a\tb\n\x1b[31m\u0085\u202e", 80) == "a?b??[31m??");
  CHECK(cut_to_width("\xff\xed\xa0\x80\xc0\xaf\xf5\xe2\x82", 80) == "?????????");
}
