// Runs the real program as a stranger does, and what it takes to write a study for it.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

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

/// The lines of a trials.csv without their seconds, the last column but one.
inline std::string without_seconds(const std::string& csv) {
  std::string result;
  for (std::size_t begin = 0; begin < csv.size();) {
    const std::size_t end = std::min(csv.find('\n', begin), csv.size());
    std::string line = csv.substr(begin, end - begin);
    const std::size_t last = line.rfind(','), before = line.rfind(',', last - 1);
    result += line.substr(0, before) + line.substr(last) + "\n";
    begin = end + 1;
  }
  return result;
}

}  // namespace program
