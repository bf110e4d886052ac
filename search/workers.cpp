// Measuring on oneTBB: an arena of its own, results through a queue.
#include "search/workers_internal.hpp"

namespace paretoforge {

Workers::Workers(const Space& space, std::span<const Objective> objectives, unsigned threads)
    : space_(space),
      objectives_(objectives),
      // The thread that runs the study only waits, so it is not one of the workers.
      limit_(tbb::global_control::max_allowed_parallelism, threads + 1),
      arena_(static_cast<int>(threads), 0) {}

Workers::~Workers() {
  stop_.request_stop();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return running_ == 0; });
}

void Workers::begin(Assignment assignment) {
  {
    std::lock_guard lock(mutex_);
    ++running_;
    waiting_.push_back(std::move(assignment));
  }
  arena_.enqueue([this] { work_next(); });
}

void Workers::work_next() {
  std::unique_lock lock(mutex_);
  const Assignment assignment = std::move(waiting_.front());
  waiting_.pop_front();
  lock.unlock();
  work(assignment);
}

std::optional<Trial> Workers::next(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] { return !finished_.empty() || fault_; });
  if (finished_.empty() && fault_) std::rethrow_exception(fault_);
  if (finished_.empty()) return std::nullopt;
  Trial trial = std::move(finished_.front());
  finished_.pop_front();
  return trial;
}

void Workers::work(const Assignment& assignment) {
  std::optional<Trial> trial;
  std::exception_ptr fault;
  const bool dropped = closed_;
  try {
    if (!dropped && !stop_.stop_requested()) trial = measured(space_, objectives_, assignment, stop_.get_token());
  } catch (...) {
    fault = std::current_exception();
  }
  // Notified under the lock: once it is released the destructor may run.
  std::lock_guard lock(mutex_);
  if (trial) finished_.push_back(std::move(*trial));
  if (dropped) ++dropped_;
  else if (!trial && !fault) interrupted_ = true;
  if (fault && !fault_) fault_ = fault;
  --running_;
  changed_.notify_all();
}

}  // namespace paretoforge
