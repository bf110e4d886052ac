// kill -9 at random moments: a study killed and started again, over and over, ends as one that never was.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "catch.hpp"
#include "configs/table.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

/// Starts study_child on a folder.
pid_t start(const std::filesystem::path& folder, const std::string& searcher, const std::string& threads) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl(PARETOFORGE_STUDY_CHILD, "study_child", folder.c_str(), searcher.c_str(), threads.c_str(), "150", "4000",
            nullptr);
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

}  // namespace

TEST_CASE("killed 25 times at random moments, a study ends with the same trials.csv") {
  for (const std::string searcher : {"nsga2", "random"}) {
    const TemporaryFolder whole, killed;
    REQUIRE(ended_well(start(whole.path(), searcher, "1")));
    const std::string expected = trials_of(whole.path());
    REQUIRE(std::count(expected.begin(), expected.end(), '\n') > 150);

    Random random(11);
    int landed = 0;
    for (int kill = 0; kill < 25; ++kill) {
      const pid_t child = start(killed.path(), searcher, kill % 2 ? "1" : "2");
      ::usleep(static_cast<useconds_t>(random.below(60000)));
      ::kill(child, SIGKILL);
      int status = 0;
      ::waitpid(child, &status, 0);
      landed += WIFSIGNALED(status);
    }
    CHECK(landed >= 20);  // a fast machine may have ended before the last ones
    REQUIRE(ended_well(start(killed.path(), searcher, "2")));
    const bool same = trials_of(killed.path()) == expected;  // too long to be printed
    CHECK(same);
  }
}

TEST_CASE("of two processes on one study one is refused and the other is not disturbed") {
  const TemporaryFolder whole, shared;
  REQUIRE(ended_well(start(whole.path(), "nsga2", "1")));
  const pid_t first = start(shared.path(), "nsga2", "1"), second = start(shared.path(), "nsga2", "1");
  const bool first_well = ended_well(first), second_well = ended_well(second);
  CHECK(first_well != second_well);
  const bool same = trials_of(shared.path()) == trials_of(whole.path());
  CHECK(same);
}
