// flock on study.lock, and the note in it.
#include "search/store_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "configs/config.hpp"

namespace paretoforge {

namespace {
/// Fixed width, so that a later note always covers an earlier one.
constexpr const char* form = "pid %20llu %9s %20llu\n";
constexpr std::size_t length = 4 + 20 + 1 + 9 + 1 + 20 + 1;
}  // namespace

StoreLock::StoreLock(const std::filesystem::path& folder) {
  const std::string path = (folder / "study.lock").string();
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file_ < 0) throw ConfigError("error: cannot write in " + folder.string() + ": " + std::strerror(errno));
  std::array<char, 256> note{};
  const bool held = ::flock(file_, LOCK_EX | LOCK_NB) != 0;
  const int reason = errno;
  const auto got = ::pread(file_, note.data(), note.size() - 1, 0);
  unsigned long long pid = 0, events = 0;
  std::array<char, 10> state{};
  const bool readable = got > 0 && std::sscanf(note.data(), "pid %llu %9s %llu", &pid, state.data(), &events) == 3;
  if (held) {
    ::close(file_);
    if (reason != EWOULDBLOCK) throw ConfigError("error: cannot lock " + path + ": " + std::strerror(reason));
    throw ConfigError(
        "error: " + folder.string() + " is in use by another process" +
        (readable ? " (pid " + std::to_string(pid) + ")" : "") +
        "\n   = two processes on one study would spoil it; wait for the other, or give --out another folder");
  }
  events_ = readable ? events : 0;
  beginning_ = readable && std::strcmp(state.data(), "beginning") == 0;
}

StoreLock::~StoreLock() { ::close(file_); }

void StoreLock::write(const char* state, std::uint64_t events) {
  std::array<char, length + 1> note{};
  std::snprintf(note.data(), note.size(), form, static_cast<unsigned long long>(::getpid()), state,
                static_cast<unsigned long long>(events));
  // A note that cannot be written costs a warning that may never be needed, not the study.
  if (::pwrite(file_, note.data(), length, 0) < 0) return;
}

void StoreLock::note_beginning() { write("beginning", 0); }
void StoreLock::note_events(std::uint64_t events) { write("events", events); }

}  // namespace paretoforge
