#include "experiments/signals.hpp"

#include <unistd.h>

namespace paretoforge {
namespace {

std::atomic<bool> asked_to_stop{false};
std::atomic<int> taken{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free, "a handler may touch nothing else");

/// A handler rather than blocked signals: libraries begin threads of their own, which would take what is blocked here.
void note(int signal) {
  if (taken.exchange(signal) != 0) _exit(128 + signal);
  asked_to_stop = true;
}

}  // namespace

StopSignals::StopSignals() {
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &before_interrupt_);
  sigaction(SIGTERM, &action, &before_terminate_);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &before_interrupt_, nullptr);
  sigaction(SIGTERM, &before_terminate_, nullptr);
}

const std::atomic<bool>& StopSignals::stop() const { return asked_to_stop; }
int StopSignals::exit_code() const { return taken == 0 ? 0 : 128 + taken; }

}  // namespace paretoforge
