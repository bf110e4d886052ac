// The threads of a study. Private to it, and the only place that knows oneTBB.
#pragma once

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>

#include "search/measure_internal.hpp"

namespace paretoforge {

/// Measures assignments on a fixed number of threads and hands the results back as they finish. Destruction asks
/// what still runs to stop, waits for it, and forgets it.
class Workers {
 public:
  /// Keeps references: space and objectives must outlive it.
  Workers(const Space& space, std::span<const Objective> objectives, unsigned threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// In the order given, as threads become free.
  void begin(Assignment assignment);

  /// What has not begun on a thread by now never will, and counts as dropped.
  void close() { closed_ = true; }
  std::uint64_t dropped() const { return dropped_; }

  /// Waits at most so long for a finished trial; rethrows a fault of the infrastructure once everything that
  /// finished has been handed out.
  std::optional<Trial> next(std::chrono::milliseconds patience);

  /// Whether a measurement was interrupted: its trial will never come.
  bool interrupted() const { return interrupted_; }

 private:
  void work_next();
  void work(const Assignment& assignment);

  const Space& space_;
  std::span<const Objective> objectives_;
  tbb::global_control limit_;
  tbb::task_arena arena_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Assignment> waiting_;  ///< oneTBB promises no order of its own
  std::deque<Trial> finished_;
  std::exception_ptr fault_;
  std::atomic<bool> interrupted_ = false, closed_ = false;
  std::atomic<std::uint64_t> dropped_ = 0;
  int running_ = 0;
};

}  // namespace paretoforge
