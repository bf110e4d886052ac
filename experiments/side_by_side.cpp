#include "experiments/side_by_side.hpp"

#include <algorithm>

namespace paretoforge {

SideBySide::Place::Place(SideBySide& all, double bytes, const std::stop_token& stop) : all_(all), bytes_(bytes) {
  std::unique_lock lock(all.mutex_);
  const auto may_begin = [&] {
    return all.running_ == 0 || (all.running_ < all.allowed_ && all.taken_ + bytes <= all.memory_);
  };
  if (!all.changed_.wait(lock, stop, may_begin)) throw TrainingInterrupted();
  ++all.running_;
  all.taken_ += bytes;
}

SideBySide::Place::~Place() {
  const std::lock_guard lock(all_.mutex_);
  if (--all_.running_ == 0) all_.taken_ = 0;  // no rounding is carried on
  else all_.taken_ -= bytes_;
  all_.changed_.notify_all();
}

bool SideBySide::fewer() {
  const std::lock_guard lock(mutex_);
  if (running_ < 2) return false;
  allowed_ = std::min(allowed_, running_ - 1);
  return true;
}

std::int64_t SideBySide::allowed() const {
  const std::lock_guard lock(mutex_);
  return allowed_;
}

}  // namespace paretoforge
