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
pid_t start(const std::filesystem::path& folder, const std::string& searcher, const std::string& threads,
            const std::string& scheduler = "") {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl(PARETOFORGE_STUDY_CHILD, "study_child", folder.c_str(), searcher.c_str(), threads.c_str(), "150", "4000",
            scheduler.empty() ? nullptr : scheduler.c_str(), nullptr);
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

TEST_CASE("killed over and over at random moments, a study ends with the same trials.csv, with rungs and without") {
  using Case = std::pair<std::string, std::string>;  // searcher, scheduler
  for (const auto& [searcher, scheduler] :
       {Case{"nsga2", ""}, Case{"random", ""}, Case{"nsga2", "asha"}, Case{"random", "hyperband"}}) {
    const TemporaryFolder whole, killed;
    REQUIRE(ended_well(start(whole.path(), searcher, "1", scheduler)));
    const std::string expected = trials_of(whole.path());
    REQUIRE(std::count(expected.begin(), expected.end(), '\n') > 150);

    Random random(11);
    int landed = 0, kills = scheduler.empty() ? 25 : 12;
    for (int kill = 0; kill < kills; ++kill) {
      const pid_t child = start(killed.path(), searcher, kill % 2 ? "1" : "2", scheduler);
      ::usleep(static_cast<useconds_t>(random.below(60000)));
      ::kill(child, SIGKILL);
      int status = 0;
      ::waitpid(child, &status, 0);
      landed += WIFSIGNALED(status);
    }
    CHECK(landed >= kills - 5);  // a fast machine may have ended before the last ones
    REQUIRE(ended_well(start(killed.path(), searcher, "2", scheduler)));
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
