// The SQLite store: opening with every check, committing one trial at a time, reading back bit for bit.
#include "search/store.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <utility>

#include "configs/config.hpp"
#include "search/sqlite_internal.hpp"
#include "search/store_lock.hpp"

namespace paretoforge {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t application = 0x50617246;  // "ParF"
constexpr std::int64_t version = 2;               ///< 1 knew no rungs

constexpr const char* schema = R"(
  CREATE TABLE study (id INTEGER PRIMARY KEY CHECK (id = 1), fingerprint TEXT NOT NULL, yaml TEXT NOT NULL,
                      events INTEGER NOT NULL);
  CREATE TABLE trials (number INTEGER NOT NULL, rung INTEGER NOT NULL, state TEXT NOT NULL,
                       architecture TEXT NOT NULL, seconds REAL NOT NULL, message TEXT NOT NULL,
                       objectives INTEGER NOT NULL, PRIMARY KEY (number, rung));
  CREATE TABLE trial_values (trial INTEGER NOT NULL, rung INTEGER NOT NULL, objective INTEGER NOT NULL,
                             status TEXT NOT NULL CHECK (status IN ('finite', 'nan', 'infinite')), value REAL,
                             bits INTEGER NOT NULL, PRIMARY KEY (trial, rung, objective),
                             FOREIGN KEY (trial, rung) REFERENCES trials(number, rung)) WITHOUT ROWID;
  CREATE TABLE readings (trial INTEGER NOT NULL, rung INTEGER NOT NULL, objective INTEGER NOT NULL, value REAL NOT NULL,
                         bits INTEGER NOT NULL, PRIMARY KEY (trial, rung, objective),
                         FOREIGN KEY (trial, rung) REFERENCES trials(number, rung)) WITHOUT ROWID;
  CREATE TABLE events (number INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('ask', 'promote', 'tell')),
                       trial INTEGER NOT NULL, architecture TEXT NOT NULL, rung INTEGER NOT NULL);
)";

[[noreturn]] void refuse(const fs::path& file, const std::string& why, const std::string& hint) {
  throw ConfigError("error: " + why + "\n  --> " + file.string() + (hint.empty() ? "" : "\n   = " + hint));
}

std::string text_of(const Architecture& architecture) {
  std::string text;
  for (const std::int32_t value : architecture) text += (text.empty() ? "" : " ") + std::to_string(value);
  return text;
}

Architecture architecture_of(const std::string& text) {
  Architecture architecture;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::int32_t value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{}) throw SqliteError(SQLITE_CORRUPT, "an architecture cannot be read: '" + text + "'");
    architecture.push_back(value);
    at = next == end ? end : next + 1;
  }
  return architecture;
}

constexpr std::array<std::string_view, 3> event_kinds{"ask", "promote", "tell"};

Event::Kind kind_named(const std::string& name) {
  const auto found = std::find(event_kinds.begin(), event_kinds.end(), name);
  if (found == event_kinds.end()) throw SqliteError(SQLITE_CORRUPT, "an event of unknown kind: '" + name + "'");
  return static_cast<Event::Kind>(found - event_kinds.begin());
}

std::uint32_t rung_of(std::uint64_t count) { return static_cast<std::uint32_t>(count); }

std::string_view status_of(double value) {
  return std::isnan(value) ? "nan" : std::isinf(value) ? "infinite" : "finite";
}

}  // namespace

struct Store::Impl {
  fs::path file;
  std::unique_ptr<StoreLock> lock;  ///< null where the study is only read
  std::unique_ptr<Database> database;
  StudyRecord study;
  std::uint64_t committed = 0;  ///< events in the database
  std::vector<Event> waiting;

  void connect(int flags, const std::string& suffix = {});
  bool begun();
  void create(const StudyRecord& record);
  void check();
  void write_study(const StudyRecord& record);
  void write_waiting();
  void write(const Trial& trial);
  void write_readings(const Trial& trial);
  void commit(const Trial* trial);
};

void Store::Impl::connect(int flags, const std::string& suffix) {
  const std::string name = suffix.empty() ? file.string() : "file:" + file.string() + suffix;
  database = std::make_unique<Database>(name, flags | (suffix.empty() ? 0 : SQLITE_OPEN_URI));
  if (flags & SQLITE_OPEN_READWRITE)
    database->run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;");
}

/// Whether the file holds a study, however young: asked where the lock's note says that its making was cut short,
/// since that note may be old where the next could not be written.
bool Store::Impl::begun() {
  try {
    connect(SQLITE_OPEN_READWRITE);
    return database->integer("PRAGMA application_id") == application;
  } catch (const SqliteError&) {
    return false;
  }
}

/// The lock's note tells a database whose making was cut short (kill -9) from one that was emptied or copied
/// without its log: only the first is made again.
void Store::Impl::create(const StudyRecord& record) {
  lock->note_beginning();
  database.reset();
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(file.string() + suffix);
  connect(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  database->transaction([&] {
    database->run("PRAGMA application_id=" + std::to_string(application) +
                  "; PRAGMA user_version=" + std::to_string(version));
    database->run(schema);
    database->run("INSERT INTO study VALUES (1, '', '', 0)");
    write_study(record);
  });
  lock->note_events(0);
  study = record;
}

void Store::Impl::write_study(const StudyRecord& record) {
  database->prepare("UPDATE study SET fingerprint = ?, yaml = ?")
      .bind(1, record.fingerprint)
      .bind(2, record.yaml)
      .run();
}

/// Everything that can be wrong with a file that opened.
void Store::Impl::check() {
  const auto incomplete = [&](const std::string& why) {
    refuse(file, why, "was it copied without " + file.filename().string() + "-wal, which belongs to it?");
  };
  if (database->integer("PRAGMA application_id") != application) {
    if (database->integer("SELECT count(*) FROM sqlite_master") == 0) incomplete("this database holds no study");
    refuse(file, "this is a database, but not of a study", "");
  }
  if (const auto found = database->integer("PRAGMA user_version"); found != version)
    refuse(file,
           "this study is of version " + std::to_string(found) + ", this program writes version " +
               std::to_string(version),
           "go on with the program that began it, or give --out another folder");
  if (const std::string found = database->text("PRAGMA quick_check(1)"); found != "ok")
    refuse(file, "this study is damaged: " + found, "restore it from a copy");
  Statement row = database->prepare("SELECT fingerprint, yaml, events FROM study");
  if (!row.step()) incomplete("this database holds no study");
  study = {row.text(0), row.text(1)};
  committed = row.count(2);
  Statement events = database->prepare("SELECT count(*), coalesce(max(number), 0) FROM events WHERE number > 0");
  events.step();
  if (events.count(0) != committed || events.count(1) != committed)
    incomplete("this study has lost events: " + std::to_string(committed) + " were counted, " +
               std::to_string(events.count(0)) + " are there");
  if (lock && lock->events() > committed)
    incomplete("this study has lost events: " + std::to_string(lock->events()) + " were saved, " +
               std::to_string(committed) + " are there");
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Store Store::open(const fs::path& folder, const StudyRecord& record) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw ConfigError("error: cannot make the folder " + folder.string() + ": " + error.message());
  auto impl = std::make_unique<Impl>();
  impl->file = folder / "study.db";
  impl->lock = std::make_unique<StoreLock>(folder);
  try {
    if (!fs::exists(impl->file) || (impl->lock->beginning() && !impl->begun())) {
      impl->create(record);
      return Store(std::move(impl));
    }
    if (fs::file_size(impl->file) == 0)
      refuse(impl->file, "this study is empty: a file of 0 bytes", "restore it from a copy, or remove it");
    impl->connect(SQLITE_OPEN_READWRITE);
    impl->check();
    if (impl->study.fingerprint != record.fingerprint && impl->study.yaml == record.yaml)
      refuse(impl->file, folder.string() + " holds this study, but what it reads has changed since: its data, a table or a device",
             "put the files back as they were, or give --out another folder");
    if (impl->study.fingerprint != record.fingerprint)
      refuse(impl->file, folder.string() + " holds another study",
             "give --out another folder, or go on with the study.yaml in it");
    if (impl->study.yaml != record.yaml) impl->database->transaction([&] { impl->write_study(record); });
    impl->study = record;
    impl->lock->note_events(impl->committed);
  } catch (const SqliteError& failure) {
    if (failure.code() == SQLITE_FULL || failure.code() == SQLITE_IOERR)
      throw StoreError("error: cannot write " + impl->file.string() + ": " + failure.what());
    refuse(impl->file, std::string("this study cannot be opened: ") + failure.what(), "");
  }
  return Store(std::move(impl));
}

Store Store::read(const fs::path& folder) {
  auto impl = std::make_unique<Impl>();
  impl->file = folder / "study.db";
  if (!fs::exists(impl->file)) refuse(impl->file, "there is no study in " + folder.string(), "");
  if (fs::file_size(impl->file) == 0) refuse(impl->file, "this study is empty: a file of 0 bytes", "");
  try {
    try {
      impl->connect(SQLITE_OPEN_READONLY);
      impl->check();
    } catch (const SqliteError& failure) {
      // A folder that cannot be written cannot hold the log's index; without a log the file alone is the study.
      if (failure.code() != SQLITE_CANTOPEN || fs::exists(impl->file.string() + "-wal")) throw;
      impl->connect(SQLITE_OPEN_READONLY, "?immutable=1");
      impl->check();
    }
  } catch (const SqliteError& failure) {
    refuse(impl->file, std::string("this study cannot be opened: ") + failure.what(), "");
  }
  return Store(std::move(impl));
}

const StudyRecord& Store::study() const { return impl_->study; }

std::vector<Event> Store::events() const {
  std::vector<Event> events;
  Statement row = impl_->database->prepare("SELECT kind, trial, architecture, rung FROM events ORDER BY number");
  while (row.step())
    events.push_back({kind_named(row.text(0)), row.count(1), architecture_of(row.text(2)), rung_of(row.count(3))});
  return events;
}

std::vector<Trial> Store::measurements() const {
  std::vector<Trial> trials;
  Statement values = impl_->database->prepare("SELECT objective, bits FROM trial_values WHERE trial = ? AND rung = ?");
  Statement readings = impl_->database->prepare(
      "SELECT rung, objective, bits FROM readings WHERE trial = ? AND rung <= ? ORDER BY rung, objective");
  Statement row = impl_->database->prepare(
      "SELECT number, state, architecture, seconds, message, objectives, rung FROM trials ORDER BY number, rung");
  while (row.step()) {
    Trial trial{.number = row.count(0),
                .architecture = architecture_of(row.text(2)),
                .state = state_named(row.text(1)),
                .values = std::vector<std::optional<double>>(row.count(5)),
                .seconds = row.real(3),
                .message = row.text(4),
                .rung = rung_of(row.count(6))};
    values.bind(1, trial.number).bind(2, row.count(6));
    while (values.step()) trial.values.at(values.count(0)) = std::bit_cast<double>(values.integer(1));
    readings.bind(1, trial.number).bind(2, row.count(6));
    while (readings.step())
      trial.readings.push_back({rung_of(readings.count(0)), static_cast<std::uint32_t>(readings.count(1)),
                                std::bit_cast<double>(readings.integer(2))});
    trials.push_back(std::move(trial));
  }
  return trials;
}

std::vector<Trial> Store::finished() const {
  std::vector<Trial> trials;
  for (Trial& trial : measurements()) {
    if (!trials.empty() && trials.back().number == trial.number) trials.pop_back();
    trials.push_back(std::move(trial));
  }
  return trials;
}

std::vector<Trial> Store::told() const {
  std::vector<Trial> trials = finished();
  std::size_t prefix = 0;
  while (prefix < trials.size() && trials[prefix].number == prefix + 1) ++prefix;
  trials.resize(prefix);
  return trials;
}

void Store::append(Event event) { impl_->waiting.push_back(std::move(event)); }

void Store::Impl::write_waiting() {
  Statement insert = database->prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?)");
  std::uint64_t number = committed;
  for (const Event& event : waiting)
    insert.bind(1, ++number)
        .bind(2, event_kinds[static_cast<std::size_t>(event.kind)])
        .bind(3, event.trial)
        .bind(4, text_of(event.architecture))
        .bind(5, std::uint64_t{event.rung})
        .run();
  database->prepare("UPDATE study SET events = ?").bind(1, number).run();
}

void Store::Impl::write(const Trial& trial) {
  const std::uint64_t rung = trial.rung;
  database->prepare("INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, ?)")
      .bind(1, trial.number)
      .bind(2, rung)
      .bind(3, state_name(trial.state))
      .bind(4, text_of(trial.architecture))
      .bind(5, trial.seconds)
      .bind(6, trial.message)
      .bind(7, static_cast<std::uint64_t>(trial.values.size()))
      .run();
  Statement insert = database->prepare("INSERT INTO trial_values VALUES (?, ?, ?, ?, ?, ?)");
  for (std::size_t i = 0; i < trial.values.size(); ++i) {
    if (!trial.values[i]) continue;
    const double value = *trial.values[i];
    insert.bind(1, trial.number)
        .bind(2, rung)
        .bind(3, static_cast<std::uint64_t>(i))
        .bind(4, status_of(value))
        .bind(5, value)
        .bind(6, std::bit_cast<std::int64_t>(value))
        .run();
  }
  write_readings(trial);
}

/// Those of the trial's own rung; those below were written with it.
void Store::Impl::write_readings(const Trial& trial) {
  Statement insert = database->prepare("INSERT INTO readings VALUES (?, ?, ?, ?, ?)");
  for (const Reading& reading : trial.readings)
    if (reading.rung == trial.rung)
      insert.bind(1, trial.number)
          .bind(2, std::uint64_t{reading.rung})
          .bind(3, std::uint64_t{reading.objective})
          .bind(4, reading.value)
          .bind(5, std::bit_cast<std::int64_t>(reading.value))
          .run();
}

void Store::Impl::commit(const Trial* trial) {
  try {
    database->transaction([&] {
      write_waiting();
      if (trial) write(*trial);
    });
  } catch (const SqliteError& failure) {
    const std::string what = trial ? "trial " + std::to_string(trial->number) : "the end of the log";
    throw StoreError("error: cannot save " + what + " in " + file.string() + ": " + failure.what() +
                     "\n   = nothing before it is lost; make room and run the same command again to go on");
  }
  committed += waiting.size();
  waiting.clear();
  lock->note_events(committed);
}

void Store::save(const Trial& trial) { impl_->commit(&trial); }
void Store::flush() {
  if (!impl_->waiting.empty()) impl_->commit(nullptr);
}

}  // namespace paretoforge
