// How many trainings run side by side: as many as memory holds.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <stop_token>

#include "trainers/trainer.hpp"

namespace paretoforge {

/// Lets trainings begin while memory lasts. None gives another result for waiting, and none fails for what ran beside it:
/// one that runs out of memory beside others runs again with fewer. Safe to use from many threads at once.
class SideBySide {
 public:
  static constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();

  /// `memory`: bytes that trainings may take together; `most`: how many may run at once. One alone always may begin.
  explicit SideBySide(double memory = std::numeric_limits<double>::infinity(), std::int64_t most = any) : memory_(memory), allowed_(most) {}

  /// Does the work, which is said to need so many bytes. Where it throws OutOfMemory while others run, one fewer is let
  /// begin from then on, and it is done again; alone, its error stands. Throws TrainingInterrupted where `stop` is set
  /// while it waits.
  template <class Work>
  auto run(double bytes, const std::stop_token& stop, Work&& work) {
    for (;;) {
      const Place place(*this, bytes, stop);
      try {
        return work();
      } catch (const OutOfMemory&) {
        if (!fewer()) throw;
      }
    }
  }

  /// How many may run at once now.
  std::int64_t allowed() const;

 private:
  /// A training's place among those that run, for as long as it lives.
  class Place {
   public:
    Place(SideBySide& all, double bytes, const std::stop_token& stop);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    SideBySide& all_;
    double bytes_;
  };

  /// After memory ran out: false where nothing else ran.
  bool fewer();

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  double memory_, taken_ = 0;
  std::int64_t running_ = 0, allowed_;
};

}  // namespace paretoforge
