// What programs that time networks against each other share.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

#include "space/graph.hpp"

namespace paretoforge {

inline double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// What this thread had of a processor: programs beside this one do not count.
inline double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Not empty; the upper of two in the middle.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Medians of microseconds a call, of rounds in which each has its turn, on this thread's clock: calls start no others.
inline std::vector<double> interleaved(const std::vector<std::function<void()>>& calls, double budget) {
  std::vector<std::vector<double>> times(calls.size());
  std::vector<int> repeats(calls.size(), 1);
  const double begin = seconds();
  for (int round = 0; round < 5 || seconds() - begin < budget; ++round)
    for (std::size_t c = 0; c < calls.size(); ++c) {
      const double from = thread_seconds();
      for (int i = 0; i < repeats[c]; ++i) calls[c]();
      const double each = (thread_seconds() - from) / repeats[c];
      if (round < 3) repeats[c] = std::clamp(static_cast<int>(2e-3 / each), 1, 10'000);  // 2 ms a turn
      else times[c].push_back(1e6 * each);
    }
  std::vector<double> medians;
  for (auto& of_call : times) medians.push_back(median(std::move(of_call)));
  return medians;
}

inline double million_macs(const Graph& graph) {
  double work = 0;
  for (NodeId id = 1; id < graph.size(); ++id)
    work += static_cast<double>(macs(graph.op(id), graph.shape(graph.inputs(id)[0]), graph.shape(id)));
  return work / 1e6;
}

}  // namespace paretoforge
