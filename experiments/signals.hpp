// SIGINT and SIGTERM as a flag: the first asks to stop, a second ends the program at once.
#pragma once

#include <signal.h>

#include <atomic>

namespace paretoforge {

/// While one lives (one at a time) the two signals set `stop`.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  const std::atomic<bool>& stop() const;
  /// 130 after SIGINT, 143 after SIGTERM, 0 before.
  int exit_code() const;

 private:
  struct sigaction before_interrupt_ {}, before_terminate_ {};
};

}  // namespace paretoforge
