// Best-first search over order ideals, with every step that can do no harm taken at once.
#include <algorithm>
#include <bit>
#include <limits>

#include "predictors/peak_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::int64_t infinite = std::numeric_limits<std::int64_t>::max();

void set_bit(std::uint64_t* set, std::size_t bit) { set[bit / 64] |= std::uint64_t{1} << (bit % 64); }
bool has_bit(const std::uint64_t* set, std::size_t bit) { return (set[bit / 64] >> (bit % 64) & 1) != 0; }

std::uint64_t hash_of(const std::uint64_t* set, std::size_t words) {
  std::uint64_t h = 0x9e3779b97f4a7c15u;
  for (std::size_t w = 0; w < words; ++w) {
    h = (h ^ set[w]) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  }
  return h;
}

}  // namespace

OrderSearch::OrderSearch(const Part& part, std::size_t most_ideals)
    : part_(part),
      most_(most_ideals),
      steps_(part.written.size()),
      words_((steps_ + 63) / 64),
      needs_(steps_ * words_),
      readers_(part.tensors.size() * words_),
      index_(256),
      scratch_(words_),
      child_(words_) {
  for (std::size_t step = 0; step < steps_; ++step)
    for (const std::uint32_t tensor : part.reads[step]) {
      if (tensor < steps_) set_bit(&needs_[step * words_], tensor);
      set_bit(&readers_[tensor * words_], step);
    }
}

bool OrderSearch::contains(const Word* set, const Word* subset) const {
  for (std::size_t w = 0; w < words_; ++w)
    if ((subset[w] & ~set[w]) != 0) return false;
  return true;
}

bool OrderSearch::is_ready(const Word* done, std::size_t step) const {
  return !has_bit(done, step) && contains(done, &needs_[step * words_]);
}

/// Bytes that are no longer needed once `step`, too, has run.
std::int64_t OrderSearch::freed_by(const Word* done, std::size_t step) const {
  const auto is_last_reader = [&](const Word* readers) {
    for (std::size_t w = 0; w < words_; ++w) {
      Word waiting = readers[w] & ~done[w];
      if (w == step / 64) waiting &= ~(Word{1} << (step % 64));
      if (waiting != 0) return false;
    }
    return true;
  };
  std::int64_t freed = 0;
  for (const std::uint32_t tensor : part_.reads[step])
    if (!part_.held[tensor] && is_last_reader(&readers_[tensor * words_])) freed += part_.tensors[tensor];
  if (!part_.held[step] && is_last_reader(&readers_[step * words_])) freed += part_.written[step];  // nobody reads it
  return freed;
}

/// A step that stays under the peak and leaves no more alive than before may run at once: what it frees later it
/// frees now, so every later moment of any order has as little alive or less.
void OrderSearch::take_harmless_steps(Word* done, std::int64_t& alive, std::int64_t peak, std::int32_t& left) const {
  for (bool again = true; again;) {
    again = false;
    for (std::size_t step = 0; step < steps_; ++step) {
      if (alive + part_.written[step] > peak || !is_ready(done, step)) continue;
      const std::int64_t change = part_.written[step] - freed_by(done, step);
      if (change > 0) continue;
      set_bit(done, step);
      alive += change;
      --left;
      again = true;
    }
  }
}

void OrderSearch::grow_index() {
  std::vector<std::uint32_t> larger(index_.size() * 4);
  for (std::uint32_t state = 0; state < alive_.size(); ++state) {
    std::size_t at = hash_of(&sets_[state * words_], words_) & (larger.size() - 1);
    while (larger[at] != 0) at = (at + 1) & (larger.size() - 1);
    larger[at] = state + 1;
  }
  index_ = std::move(larger);
}

std::uint32_t OrderSearch::state_of(const Word* done, std::int64_t alive) {
  if (alive_.size() * 2 > index_.size()) grow_index();
  std::size_t at = hash_of(done, words_) & (index_.size() - 1);
  for (; index_[at] != 0; at = (at + 1) & (index_.size() - 1))
    if (std::equal(done, done + words_, &sets_[(index_[at] - 1) * words_])) return index_[at] - 1;
  index_[at] = static_cast<std::uint32_t>(alive_.size()) + 1;
  sets_.insert(sets_.end(), done, done + words_);
  alive_.push_back(alive);
  peak_.push_back(infinite);
  return index_[at] - 1;
}

void OrderSearch::offer(const Word* done, std::int64_t alive, std::int64_t peak, std::int32_t left) {
  const std::uint32_t state = state_of(done, alive);
  if (peak >= peak_[state]) return;
  peak_[state] = peak;
  heap_.push_back({peak, left, state});
  std::push_heap(heap_.begin(), heap_.end(),
                 [](const Entry& a, const Entry& b) { return a.peak != b.peak ? a.peak > b.peak : a.left > b.left; });
}

void OrderSearch::expand(const Entry& entry) {
  std::copy_n(&sets_[entry.state * words_], words_, scratch_.begin());
  const std::int64_t alive = alive_[entry.state];
  for (std::size_t step = 0; step < steps_; ++step) {
    if (!is_ready(scratch_.data(), step)) continue;
    child_ = scratch_;
    const std::int64_t peak = std::max(entry.peak, alive + part_.written[step]);
    std::int64_t after = alive + part_.written[step] - freed_by(scratch_.data(), step);
    std::int32_t left = entry.left - 1;
    set_bit(child_.data(), step);
    take_harmless_steps(child_.data(), after, peak, left);
    offer(child_.data(), after, peak, left);
  }
}

/// The peak of the order that always takes the step with the least new peak, then the least left alive.
std::int64_t OrderSearch::greedy_peak(std::int64_t least) const {
  std::vector<Word> done(words_);
  std::int64_t alive = part_.alive, peak = least;
  for (auto left = static_cast<std::int32_t>(steps_);;) {
    take_harmless_steps(done.data(), alive, peak, left);
    if (left == 0) return peak;
    std::size_t best = steps_;
    std::int64_t best_peak = infinite, best_change = infinite;
    for (std::size_t step = 0; step < steps_; ++step) {
      if (!is_ready(done.data(), step)) continue;
      const std::int64_t next = std::max(peak, alive + part_.written[step]);
      const std::int64_t change = part_.written[step] - freed_by(done.data(), step);
      if (next > best_peak || (next == best_peak && change >= best_change)) continue;
      best = step, best_peak = next, best_change = change;
    }
    set_bit(done.data(), best);
    peak = best_peak;
    alive += best_change;
    --left;
  }
}

PeakBytes OrderSearch::run(std::int64_t least, std::int64_t known) {
  std::vector<Word> none(words_);
  std::int64_t alive = part_.alive;
  auto left = static_cast<std::int32_t>(steps_);
  take_harmless_steps(none.data(), alive, least, left);
  offer(none.data(), alive, least, left);
  while (true) {
    std::pop_heap(heap_.begin(), heap_.end(),
                  [](const Entry& a, const Entry& b) { return a.peak != b.peak ? a.peak > b.peak : a.left > b.left; });
    const Entry entry = heap_.back();
    heap_.pop_back();
    if (entry.peak > peak_[entry.state]) continue;  // reached with less since
    if (entry.left == 0) return {entry.peak, entry.peak};
    if (alive_.size() > most_) return {entry.peak, std::min(known, greedy_peak(least))};
    expand(entry);
  }
}

}  // namespace paretoforge
