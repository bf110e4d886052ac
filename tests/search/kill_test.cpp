// kill -9 at random moments: a study killed and started again, over and over, ends as one that never was.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "catch.hpp"
#include "configs/table.hpp"
#include "search/searcher.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

struct Killed {
  std::string searcher, scheduler = "", trials = "150";
};

/// Starts study_child on a folder.
pid_t start(const std::filesystem::path& folder, const Killed& study, const std::string& threads) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl(PARETOFORGE_STUDY_CHILD, "study_child", folder.c_str(), study.searcher.c_str(), threads.c_str(),
            study.trials.c_str(), "4000", study.scheduler.empty() ? nullptr : study.scheduler.c_str(), nullptr);
    ::_exit(127);
  }
  return child;
}

/// trials.csv without its seconds.
std::string trials_of(const std::filesystem::path& folder) {
  const Table table = Table::load(folder / "trials.csv");
  std::string text;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t column = 0; column < table.columns().size(); ++column)
      if (table.columns()[column] != "seconds") text += csv_field(table.cell(row, column)) + ',';
    text += '\n';
  }
  return text;
}

bool ended_well(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Kills a study so often, each time within so many microseconds, and compares what it ends with to one left alone. How
/// many kills came before its end.
int kills_that_landed(const Killed& study, int kills, std::uint64_t within) {
  INFO(study.searcher << " " << study.scheduler);
  const TemporaryFolder whole, killed;
  REQUIRE(ended_well(start(whole.path(), study, "1")));
  const std::string expected = trials_of(whole.path());
  REQUIRE(std::count(expected.begin(), expected.end(), '\n') >= std::stoi(study.trials));
  Random random(11);
  int landed = 0;
  for (int kill = 0; kill < kills; ++kill) {
    const pid_t child = start(killed.path(), study, kill % 2 ? "1" : "2");
    ::usleep(static_cast<useconds_t>(random.below(within)));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    landed += WIFSIGNALED(status);
  }
  REQUIRE(ended_well(start(killed.path(), study, "2")));
  const bool same = trials_of(killed.path()) == expected;  // too long to be printed
  CHECK(same);
  return landed;
}

}  // namespace

TEST_CASE("killed over and over at random moments, a study ends with the same trials.csv, with rungs and without") {
  // A fast machine may have ended before the last ones.
  CHECK(kills_that_landed({"nsga2"}, 25, 60000) >= 20);
  CHECK(kills_that_landed({"nsga2", "asha"}, 12, 60000) >= 7);
  CHECK(kills_that_landed({"random", "hyperband"}, 12, 60000) >= 7);
  CHECK(kills_that_landed({"auto", "searcher", "40"}, 8, 60000) >= 5);
  CHECK(kills_that_landed({"gp_ehvi", "hyperband", "40"}, 8, 60000) >= 5);
}

TEST_CASE("every searcher killed at random moments ends with the same trials.csv") {
  for (const SearcherKind& kind : searchers())
    if (kind.name == kind.resolved && kind.name != "nsga2")
      CHECK(kills_that_landed({std::string(kind.name), "", "50"}, 5, 30000) >= 3);
}

TEST_CASE("of two processes on one study one is refused and the other is not disturbed") {
  const TemporaryFolder whole, shared;
  REQUIRE(ended_well(start(whole.path(), {"nsga2"}, "1")));
  const pid_t first = start(shared.path(), {"nsga2"}, "1"), second = start(shared.path(), {"nsga2"}, "1");
  const bool first_well = ended_well(first), second_well = ended_well(second);
  CHECK(first_well != second_well);
  const bool same = trials_of(shared.path()) == trials_of(whole.path());
  CHECK(same);
}
