// The lock beside a study's database: one process at a time that writes to its folder, and a note of how far the database
// came, which is private to the store.
#pragma once

#include <cstdint>
#include <filesystem>

namespace paretoforge {

/// Holds `study.lock` from construction to destruction (flock, closed on exec; the system lets go of it when
/// the process dies, however it dies). The file stays, with a note that outlives a lost write-ahead log.
class StoreLock {
 public:
  /// Throws ConfigError where another process holds it or the folder cannot be written.
  explicit StoreLock(const std::filesystem::path& folder);
  ~StoreLock();
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;

  /// How many events were committed when last noted; 0 where the database was never made.
  std::uint64_t events() const { return events_; }
  /// Whether the database was begun here and its making was cut short.
  bool beginning() const { return beginning_; }
  void note_beginning();
  void note_events(std::uint64_t events);

 private:
  void write(const char* state, std::uint64_t events);

  int file_ = -1;
  std::uint64_t events_ = 0;
  bool beginning_ = false;
};

}  // namespace paretoforge
