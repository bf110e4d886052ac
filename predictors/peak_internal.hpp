// Best-first search for the order of least peak within one part of a program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "predictors/peak.hpp"

namespace paretoforge {

/// Dijkstra's algorithm over the sets of steps that have run (order ideals), where the length of a path is the
/// greatest memory met on it.
class OrderSearch {
 public:
  /// Own steps are 0 .. written.size() - 1; tensors that were there before follow them.
  struct Part {
    std::int64_t alive = 0;                         ///< bytes when it begins
    std::vector<std::int64_t> written;              ///< per step
    std::vector<std::int64_t> tensors;              ///< bytes of every tensor, the steps' own first
    std::vector<char> held;                         ///< per tensor: still alive when the part ends
    std::vector<std::vector<std::uint32_t>> reads;  ///< per step, tensors
    friend bool operator==(const Part&, const Part&) = default;
  };

  OrderSearch(const Part& part, std::size_t most_ideals);

  /// `least` is a peak that is reached elsewhere in any case, so that nothing below it is told apart; `known` is
  /// the peak of some order.
  PeakBytes run(std::int64_t least, std::int64_t known);

 private:
  using Word = std::uint64_t;
  struct Entry {
    std::int64_t peak;
    std::int32_t left;  ///< steps still to run: among equal peaks the set nearest to the end goes first
    std::uint32_t state;
  };

  bool contains(const Word* set, const Word* subset) const;
  bool is_ready(const Word* done, std::size_t step) const;
  std::int64_t freed_by(const Word* done, std::size_t step) const;
  void take_harmless_steps(Word* done, std::int64_t& alive, std::int64_t peak, std::int32_t& left) const;
  std::uint32_t state_of(const Word* done, std::int64_t alive);
  void offer(const Word* done, std::int64_t alive, std::int64_t peak, std::int32_t left);
  void expand(const Entry& entry);
  std::int64_t greedy_peak(std::int64_t least) const;
  void grow_index();

  const Part& part_;
  std::size_t most_, steps_, words_;
  std::vector<Word> needs_;    ///< per step, the own steps that it reads
  std::vector<Word> readers_;  ///< per tensor
  std::vector<Word> sets_;     ///< per state
  std::vector<std::int64_t> alive_, peak_;
  std::vector<std::uint32_t> index_;  ///< open addressing by hash of the set, state + 1, 0 empty
  std::vector<Entry> heap_;
  std::vector<Word> scratch_, child_;
};

}  // namespace paretoforge
