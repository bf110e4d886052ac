#include "experiments/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>

extern char** environ;

namespace paretoforge {
namespace {

constexpr std::size_t most_output = std::size_t{1} << 20, most_error = 4096;
constexpr double grace_seconds = 0.5;

[[noreturn]] void fail(const char* what, int error) { throw std::runtime_error(std::string("cannot run a command: ") + what + ": " + std::strerror(error)); }

/// A pipe that other children do not inherit; its reading end never blocks.
class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) fail("pipe", errno);
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~Pipe() {
    close(ends_[0]);
    close_writer();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void close_writer() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

  /// Appends what is there now, a bounded part of it: a command may write for ever.
  void drain(std::string& to) {
    std::array<char, 16384> part;
    for (int i = 0; i < 64; ++i) {
      const ssize_t n = read(ends_[0], part.data(), part.size());
      if (n <= 0) return;
      to.append(part.data(), static_cast<std::size_t>(n));
    }
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

pid_t spawn(const std::string& command, const Pipe& out, const Pipe& error) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.writer(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, error.writer(), STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  const char* arguments[] = {"sh", "-c", command.c_str(), nullptr};
  pid_t child = -1;
  const int failed = posix_spawn(&child, "/bin/sh", &actions, &attributes, const_cast<char**>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) fail("/bin/sh", failed);
  return child;
}

class Running {
 public:
  explicit Running(const std::string& command) : child_(spawn(command, out_, error_)) {
    out_.close_writer();
    error_.close_writer();
  }
  /// However one leaves, nothing stays behind.
  ~Running() {
    if (child_ > 0) end_group();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  /// Waits for output or a few milliseconds; whether the shell is at its end. It is not reaped, so that its number
  /// (which is the group's) stays taken.
  bool at_end(int milliseconds) {
    std::array<pollfd, 2> ends{{{out_.reader(), POLLIN, 0}, {error_.reader(), POLLIN, 0}}};
    poll(ends.data(), ends.size(), milliseconds);
    // A closed end is always ready: rest, or this would spin.
    if (((ends[0].revents | ends[1].revents) & POLLHUP) != 0) usleep(static_cast<useconds_t>(milliseconds) * 1000);
    drain();
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child_;
  }

  void ask_to_end() { kill(-child_, SIGTERM); }

  /// Ends what is left of the group and returns the status of the shell.
  int end_group() {
    kill(-child_, SIGKILL);
    int status = 0;
    while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    child_ = -1;
    drain();
    return status;
  }

  std::string out, error;

 private:
  void drain() {
    out_.drain(out);
    error_.drain(error);
    if (out.size() > most_output) out.resize(most_output);
    if (error.size() > most_error) error.erase(0, error.size() - most_error);
  }

  Pipe out_, error_;
  pid_t child_;
};

}  // namespace

CommandEnd run_command(const std::string& command, double timeout_seconds, const std::atomic<bool>* stop) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const auto passed = [](Clock::time_point since) { return std::chrono::duration<double>(Clock::now() - since).count(); };
  Running running(command);
  CommandEnd end;
  while (!running.at_end(5)) {
    const bool stopped = stop != nullptr && stop->load();
    if (!stopped && passed(begin) < timeout_seconds) continue;
    end.how = stopped ? CommandEnd::How::stopped : CommandEnd::How::timed_out;
    running.ask_to_end();
    for (const auto asked = Clock::now(); !running.at_end(5) && passed(asked) < grace_seconds;) {
    }
    break;
  }
  const int status = running.end_group();
  end.out = std::move(running.out), end.error = std::move(running.error);
  end.code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
  if (end.how == CommandEnd::How::exited && !WIFEXITED(status)) end.how = CommandEnd::How::signalled;
  return end;
}

std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + "'";
}

}  // namespace paretoforge
