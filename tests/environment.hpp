// A variable of the environment, set (or absent) for as long as this lives.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

class Environment {
 public:
  /// Without a value the variable is absent.
  Environment(std::string name, std::optional<std::string> value) : name_(std::move(name)) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    set(value);
  }
  ~Environment() { set(before_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  void set(const std::optional<std::string>& value) const { value ? setenv(name_.c_str(), value->c_str(), 1) : unsetenv(name_.c_str()); }

  std::string name_;
  std::optional<std::string> before_;
};
