// The store of a study: one SQLite file that is the truth, safe against kill -9, full disks and second processes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "search/trial.hpp"

namespace paretoforge {

/// The store could not be written (a full disk, a broken one). The message says what is safe; the program ends
/// with exit code 1.
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What makes a study this study.
struct StudyRecord {
  std::string fingerprint;  ///< equal for the same study: a digest of what decides its trials
  std::string yaml;         ///< the resolved study, so that it can be run again
  friend bool operator==(const StudyRecord&, const StudyRecord&) = default;
};

/// One line of the log: what passed between study and searcher, in order.
struct Event {
  enum class Kind : std::uint8_t {
    ask,      ///< the searcher proposed
    promote,  ///< a trial goes on to a higher rung
    tell      ///< a trial was told, as it stood after the rung
  };
  Kind kind;
  std::uint64_t trial;        ///< ask: the trial that the proposal became, or the known one that it repeats
  Architecture architecture;  ///< the proposal (empty for a promotion and for a tell)
  std::uint32_t rung = 0;     ///< to be measured at, or measured at; see Criterion::rungs
  friend bool operator==(const Event&, const Event&) = default;
};

/// `study.db` in a study's folder, with `study.lock` beside it.
///
/// Tables: study (one row: fingerprint, resolved YAML, number of events), trials (one row for each rung a trial was
/// measured at: the trial as it stood then), trial_values (a status beside every number, and the number's 64 bits
/// beside its readable form), readings (what rungs below the full budget gave), events (append-only, numbered from 1
/// without a gap). WAL, synchronous=FULL, one transaction a trial. Use from one thread.
class Store {
 public:
  /// Opens the study in a folder for writing, or begins it there (the folder is made where it is missing).
  /// Throws ConfigError where it cannot be: another process has it, the folder holds another study, study.db
  /// is empty, damaged, incomplete or of another version, the folder cannot be written.
  static Store open(const std::filesystem::path& folder, const StudyRecord& study);
  /// Opens a study for reading, also while it runs. Throws ConfigError like open.
  static Store read(const std::filesystem::path& folder);

  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  const StudyRecord& study() const;
  std::vector<Event> events() const;
  /// Every measurement: trials as they stood after each rung they were measured at, by number, then by rung.
  std::vector<Trial> measurements() const;
  /// Every finished trial at its highest rung, by number; those that wait for an earlier one to be told included.
  std::vector<Trial> finished() const;
  /// The trials up to the first that is not finished, by number: told, or to be told next; what a front is made of.
  std::vector<Trial> told() const;

  /// Appends to the log; written with the next save or flush (the study can always repeat what was not).
  void append(Event event);
  /// Writes a trial that finished a rung and the events before it in one transaction; returns when it is on disk.
  /// Throws StoreError; what was saved before is untouched.
  void save(const Trial& trial);
  /// Writes the events that wait.
  void flush();

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace paretoforge
