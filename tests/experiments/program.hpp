// Runs the real program as a stranger does, and what it takes to write a study for it.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace program {

namespace fs = std::filesystem;

/// A folder of its own for one test, removed at its end.
class Scratch {
 public:
  explicit Scratch(const std::string& name) : path_(fs::temp_directory_path() / ("paretoforge_" + std::to_string(getpid()) + "_" + name)) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Scratch() { fs::remove_all(path_); }
  fs::path operator/(const std::string& name) const { return path_ / name; }

  fs::path write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return path_ / name;
  }

 private:
  fs::path path_;
};

inline std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline constexpr std::string_view seconds_column = "seconds,message\n";

struct Result {
  int code = -1;  ///< exit code, or minus the signal that ended it
  std::string out, err;
};

/// `arguments` as a shell takes them; `before` stands in front of the command ("timeout -s INT 1").
inline Result run(const std::string& arguments, const std::string& before = "") {
  const Scratch scratch("run");
  const std::string out = (scratch / "out").string(), err = (scratch / "err").string();
  const int status = std::system((before + " " + PARETOFORGE_PROGRAM + " " + arguments + " >" + out + " 2>" + err + " </dev/null").c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), read(out), read(err)};
}

/// The program at work; killed where a test does not wait for its end.
class Running {
 public:
  /// `arguments` as a shell takes them; `log` is where it complains to.
  explicit Running(const std::string& arguments, const fs::path& log = "/dev/null") : child_(fork()) {
    if (child_ != 0) return;
    const std::string command = "exec " PARETOFORGE_PROGRAM " " + arguments + " >/dev/null 2>" + log.string() + " </dev/null";
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(99);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    if (child_ > 0) stop(SIGKILL);
  }

  /// Until it has made that file or folder, for a minute at most; whether it has.
  static bool wait_for(const fs::path& path) {
    for (int i = 0; i < 6000 && !fs::exists(path); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return fs::exists(path);
  }

  /// Its exit code, or minus the signal that ended it.
  int stop(int signal) {
    kill(child_, signal);
    return end();
  }
  int end() {
    int status = 0;
    waitpid(std::exchange(child_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t child_;
};

/// The lines of a trials.csv with their seconds emptied. Only a message, which stands behind them, may hold a comma.
inline std::string without_seconds(const std::string& csv) {
  const auto commas_before = std::count(csv.begin(), std::search(csv.begin(), csv.end(), seconds_column.begin(), seconds_column.end()), ',');
  std::istringstream lines(csv);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    std::size_t begin = 0;
    for (auto i = commas_before; i > 0; --i) begin = line.find(',', begin) + 1;
    result += line.erase(begin, line.find(',', begin) - begin) + "\n";
  }
  return result;
}

/// Fourteen networks of Fashion-MNIST's images that train in no time.
inline constexpr const char* small_space =
    "input: [1, 28, 28]\nlayers:\n"
    "  - conv: {out: {choice: [2, 3, 4, 5, 6, 7, 8], name: width}, kernel: 3, stride: {choice: [3, 4], name: stride}, act: relu}\n"
    "  - pool: {kind: average, global: true}\n"
    "  - linear: {out: 10}\n";

}  // namespace program
