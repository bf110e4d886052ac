// A command of the user's, run by the shell with a time limit; nothing of it is left behind.
#pragma once

#include <atomic>
#include <string>

namespace paretoforge {

struct CommandEnd {
  enum class How { exited, signalled, timed_out, stopped };
  How how = How::exited;
  int code = 0;       ///< exit code, or the signal
  std::string out;    ///< its first mebibyte
  std::string error;  ///< the last 4 KiB
};

/// Runs `command` with /bin/sh, its input empty, in a process group of its own. At its end, at the time-out and when
/// `stop` is set the whole group is ended: SIGTERM, then SIGKILL after half a second. Throws std::runtime_error where
/// no process can be made.
CommandEnd run_command(const std::string& command, double timeout_seconds, const std::atomic<bool>* stop = nullptr);

/// The text as one word of the shell.
std::string shell_word(const std::string& text);

}  // namespace paretoforge
