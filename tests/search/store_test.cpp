// The store: bit for bit, refusals, full disks, second processes, kill -9 within a transaction.
#include "search/store.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <fstream>
#include <limits>

#include "catch.hpp"
#include "configs/config.hpp"
#include "spaces.hpp"

using namespace paretoforge;
namespace fs = std::filesystem;

namespace {

const StudyRecord record{"fingerprint", "space: a.yaml\n"};

Trial trial_of(std::uint64_t number) {
  return {.number = number,
          .architecture = {0, -1, static_cast<std::int32_t>(number)},
          .values = {0.1 * static_cast<double>(number)},
          .seconds = 1.5};
}

void save(Store& store, const Trial& trial) {
  store.append({Event::Kind::ask, trial.number, trial.architecture});
  store.save(trial);
  store.append({Event::Kind::tell, trial.number, {}});
}

/// The message of the exception that `work` throws, "" where it throws none of this type.
template <class Error, class Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

/// Runs `work` in a child process and gives its exit status as waitpid does; 3 where it threw.
template <class Work>
int in_child(const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      ::_exit(work());
    } catch (...) {
      ::_exit(3);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

void sql(const fs::path& file, const std::string& text) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  REQUIRE(sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

void make_study(const fs::path& folder, std::uint64_t trials = 3) {
  Store store = Store::open(folder, record);
  for (std::uint64_t n = 1; n <= trials; ++n) save(store, trial_of(n));
  store.flush();
}

std::string refusal(const fs::path& folder, const StudyRecord& study = record) {
  return message_of<ConfigError>([&] { Store::open(folder, study); });
}

}  // namespace

TEST_CASE("what is saved comes back bit for bit, in every state") {
  const TemporaryFolder folder;
  const double odd = std::bit_cast<double>(std::uint64_t{0x3fb999999999999b});
  std::vector<Trial> trials{
      {.number = 1, .architecture = {0, 2, -1}, .values = {odd, -0.0}, .seconds = 0.25},
      {.number = 2,
       .architecture = {},
       .state = TrialState::infeasible,
       .values = {1e-310, std::nullopt},
       .message = "über, \"limit\"\n"},
      {.number = 3, .architecture = {7}, .state = TrialState::failed, .values = {std::nullopt, std::nullopt}},
      {.number = 4,
       .architecture = {7, 7},
       .state = TrialState::pruned,
       .values = {std::numeric_limits<double>::max(), 1e300}}};
  {
    Store store = Store::open(folder.path() / "new" / "deep", record);
    for (const Trial& trial : trials) save(store, trial);
    store.flush();
  }
  const Store again = Store::read(folder.path() / "new" / "deep");
  CHECK(again.finished() == trials);
  CHECK(again.told() == trials);
  CHECK(std::signbit(*again.finished()[0].values[1]));
  CHECK(again.study() == record);
  const auto events = again.events();
  REQUIRE(events.size() == 8);
  CHECK(events[2] == Event{Event::Kind::ask, 2, {}});
  CHECK(events[6] == Event{Event::Kind::ask, 4, {7, 7}});
  CHECK(events[7] == Event{Event::Kind::tell, 4, {}});
}

TEST_CASE("NaN and infinities keep their bits and a status beside them") {
  const TemporaryFolder folder;
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  Store store = Store::open(folder.path(), record);
  store.save({.number = 1, .architecture = {}, .state = TrialState::failed, .values = {nan, -infinity}});
  const auto values = store.finished().at(0).values;
  CHECK(std::bit_cast<std::uint64_t>(*values[0]) == std::bit_cast<std::uint64_t>(nan));
  CHECK(*values[1] == -infinity);
}

TEST_CASE("trials that wait for an earlier one are finished but not told") {
  const TemporaryFolder folder;
  Store store = Store::open(folder.path(), record);
  for (const std::uint64_t n : {1, 3, 4}) store.save(trial_of(n));
  CHECK(store.finished().size() == 3);
  CHECK(store.told() == std::vector<Trial>{trial_of(1)});
}

TEST_CASE("a study goes on where it was left, and a new resolved form replaces the old") {
  const TemporaryFolder folder;
  make_study(folder.path());
  {
    Store store = Store::open(folder.path(), {"fingerprint", "space: a.yaml\ntrials: 9\n"});
    CHECK(store.finished().size() == 3);
    save(store, trial_of(4));
    store.flush();
  }
  const Store store = Store::read(folder.path());
  CHECK(store.study().yaml == "space: a.yaml\ntrials: 9\n");
  CHECK(store.told().size() == 4);
  CHECK(store.events().size() == 8);
}

TEST_CASE("another study, another version, an empty or a foreign file are refused") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "study.db";
  make_study(folder.path());
  CHECK(contains(refusal(folder.path(), {"other", ""}), "holds another study"));
  CHECK(contains(refusal(folder.path(), {"other", record.yaml}), "what it reads has changed since: its data, a table or a device"));
  sql(file, "PRAGMA user_version = 99");
  CHECK(contains(refusal(folder.path()), "of version 99, this program writes version 2"));
  sql(file, "PRAGMA user_version = 1; PRAGMA application_id = 5");
  CHECK(contains(refusal(folder.path()), "not of a study"));
  fs::resize_file(file, 0);
  CHECK(contains(refusal(folder.path()), "0 bytes"));
  std::ofstream(file) << "this is no database at all, but long enough to be looked at";
  CHECK(contains(refusal(folder.path()), "not a database"));
  CHECK(contains(message_of<ConfigError>([&] { Store::read(folder.path()); }), "not a database"));
  const TemporaryFolder nothing;
  CHECK(contains(message_of<ConfigError>([&] { Store::read(nothing.path()); }), "there is no study"));
}

TEST_CASE("a damaged file is found on opening") {
  const TemporaryFolder folder;
  make_study(folder.path(), 40);
  const fs::path file = folder.path() / "study.db";
  SECTION("a page overwritten") {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(4096 * 3);
    stream << std::string(4096, 'x');
    stream.close();
    CHECK_FALSE(refusal(folder.path()).empty());
  }
  SECTION("cut short") {
    fs::resize_file(file, fs::file_size(file) / 2);
    CHECK_FALSE(refusal(folder.path()).empty());
  }
  SECTION("an event taken out") {
    sql(file, "DELETE FROM events WHERE number = 5");
    CHECK(contains(refusal(folder.path()), "lost events"));
  }
}

TEST_CASE("a copy without its write-ahead log is refused, not taken for an empty study") {
  const TemporaryFolder folder, copy;
  {
    Store store = Store::open(folder.path(), record);
    save(store, trial_of(1));
    fs::copy_file(folder.path() / "study.db", copy.path() / "study.db");
  }
  CHECK(contains(refusal(copy.path()), "-wal"));
}

TEST_CASE("a log lost within the folder is noticed by the note in the lock") {
  const TemporaryFolder folder;
  const int status = in_child([&] {
    make_study(folder.path(), 5);
    Store store = Store::open(folder.path(), record);  // everything so far is in the file itself
    for (std::uint64_t n = 6; n <= 9; ++n) save(store, trial_of(n));
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  REQUIRE(WIFSIGNALED(status));
  fs::remove(folder.path() / "study.db-wal");
  CHECK(contains(refusal(folder.path()), "lost events"));
}

TEST_CASE("a study whose making was cut short is made again") {
  const TemporaryFolder folder;
  make_study(folder.path(), 0);
  // As a kill -9 between the first two steps leaves it.
  std::ofstream(folder.path() / "study.lock") << "pid 1 beginning 0\n";
  fs::resize_file(folder.path() / "study.db", 0);
  CHECK_NOTHROW(make_study(folder.path()));
  CHECK(Store::read(folder.path()).told().size() == 3);
  // A note that could not be brought up to date does not cost the study.
  std::ofstream(folder.path() / "study.lock") << "pid 1 beginning 0\n";
  CHECK(Store::open(folder.path(), record).told().size() == 3);
}

TEST_CASE("a second writer is refused, a reader is not") {
  const TemporaryFolder folder;
  Store store = Store::open(folder.path(), record);
  save(store, trial_of(1));
  const int status = in_child([&] {
    const std::string message = refusal(folder.path());
    return message.find("in use by another process (pid " + std::to_string(::getppid()) + ")") != std::string::npos ? 0
                                                                                                                    : 1;
  });
  CHECK(status == 0);
  CHECK(Store::read(folder.path()).told().size() == 1);
}

TEST_CASE("the lock does not pass to programs that are started") {
  const TemporaryFolder folder;
  pid_t sleeper = 0;
  {
    Store store = Store::open(folder.path(), record);
    sleeper = ::fork();
    if (sleeper == 0) {
      ::execlp("sleep", "sleep", "30", nullptr);
      ::_exit(1);
    }
  }
  std::string message;
  for (int i = 0; i < 200; ++i) {  // until the exec has happened
    message = refusal(folder.path());
    if (message.empty()) break;
    ::usleep(10000);
  }
  CHECK(message.empty());
  ::kill(sleeper, SIGKILL);
  ::waitpid(sleeper, nullptr, 0);
}

TEST_CASE("a folder that cannot be written is refused") {
  const TemporaryFolder folder;
  fs::permissions(folder.path(),
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  const int status = in_child([&] {
    if (::getuid() == 0 && ::setuid(65534) != 0) return 2;  // root may write everywhere
    return contains(refusal(folder.path()), "cannot write in") ? 0 : 1;
  });
  CHECK(status == 0);
  fs::permissions(folder.path(), fs::perms::owner_all);
}

TEST_CASE("on a full disk the trial is refused, the message says what is safe, and nothing before it is lost") {
  const TemporaryFolder folder;
  make_study(folder.path(), 5);
  const int status = in_child([&] {
    Store store = Store::open(folder.path(), record);
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit full{1 << 16, 1 << 16};  // no file may grow beyond 64 KiB, which is what a full disk looks like
    ::setrlimit(RLIMIT_FSIZE, &full);
    const std::string message = message_of<StoreError>([&] {
      for (std::uint64_t n = 6; n < 1000; ++n) save(store, trial_of(n));
    });
    return contains(message, "nothing before it is lost") ? 0 : 1;
  });
  CHECK(status == 0);
  Store store = Store::open(folder.path(), record);
  const auto trials = store.told();
  REQUIRE(trials.size() >= 5);
  for (std::uint64_t n = 1; n <= trials.size(); ++n) CHECK(trials[n - 1] == trial_of(n));
  save(store, trial_of(trials.size() + 1));
}

TEST_CASE("killed while it writes, the store is consistent and has every trial that was acknowledged") {
  for (int round = 0; round < 10; ++round) {
    const TemporaryFolder folder;
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      Store store = Store::open(folder.path(), record);
      for (std::uint64_t n = 1;; ++n) {
        save(store, trial_of(n));
        if (::write(pipe[1], &n, sizeof n) < 0) ::_exit(1);
      }
    }
    ::usleep(static_cast<useconds_t>(20000 + 7000 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(pipe[1]);
    std::uint64_t acknowledged = 0;
    while (::read(pipe[0], &acknowledged, sizeof acknowledged) > 0) {
    }
    ::close(pipe[0]);
    const auto trials = Store::open(folder.path(), record).told();
    REQUIRE(trials.size() >= acknowledged);
    for (std::uint64_t n = 1; n <= trials.size(); ++n) REQUIRE(trials[n - 1] == trial_of(n));
  }
}
