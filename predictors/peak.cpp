// Splitting a program into parts that every order runs one after the other, and the peak of each.
#include "predictors/peak.hpp"

#include <algorithm>
#include <limits>

#include "predictors/peak_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::int32_t never = std::numeric_limits<std::int32_t>::max();

/// The last reader of each tensor: `never` for the output, the step itself where nobody reads it.
std::vector<std::int32_t> last_readers(const MemorySteps& steps) {
  std::vector<std::int32_t> last(steps.bytes.size());
  for (std::int32_t step = 0; step < steps.size(); ++step) {
    last[static_cast<std::size_t>(step)] = step;
    for (const std::int32_t input : steps.inputs(step)) last[static_cast<std::size_t>(input)] = step;
  }
  if (steps.output >= 0) last[static_cast<std::size_t>(steps.output)] = never;
  return last;
}

/// The steps that come at the same place in every order: all before them lead to them (each has a reader no later),
/// all after them need them (each reads something no earlier). The last step always ends a part.
std::vector<std::int32_t> part_ends(const MemorySteps& steps) {
  const std::int32_t n = steps.size();
  std::vector<std::int32_t> first_reader(steps.bytes.size(), never), latest_input(steps.bytes.size(), -1);
  for (std::int32_t step = 0; step < n; ++step)
    for (const std::int32_t input : steps.inputs(step)) {
      auto& reader = first_reader[static_cast<std::size_t>(input)];
      reader = std::min(reader, step);
      auto& latest = latest_input[static_cast<std::size_t>(step)];
      latest = std::max(latest, input);
    }
  for (std::int32_t step = n - 2; step >= 0; --step) {  // now the least over all later steps
    auto& latest = latest_input[static_cast<std::size_t>(step)];
    latest = std::min(latest, latest_input[static_cast<std::size_t>(step) + 1]);
  }
  std::vector<std::int32_t> ends;
  std::int32_t reached = -1;  // the latest of the first readers of what came before
  for (std::int32_t step = 0; step < n; ++step) {
    const bool last = step + 1 == n;
    if (last || (reached <= step && latest_input[static_cast<std::size_t>(step) + 1] >= step)) ends.push_back(step);
    reached = std::max(reached, first_reader[static_cast<std::size_t>(step)]);
  }
  return ends;
}

/// One part of the program, with what is alive when it begins.
struct Span {
  std::int32_t first, last;
  std::int64_t alive;     ///< bytes
  std::int64_t low;       ///< no order does with less: the largest single step
  std::int64_t in_order;  ///< the peak in the order given
};

/// Walks the program in the order given and notes each part.
std::vector<Span> spans(const MemorySteps& steps, const std::vector<std::int32_t>& last) {
  std::vector<Span> result;
  std::int64_t alive = 0;
  std::int32_t first = 0;
  for (const std::int32_t end : part_ends(steps)) {
    Span span{first, end, alive, 0, 0};
    std::int64_t through = alive;  // alive during the whole part, whatever the order
    for (std::int32_t step = first; step <= end; ++step)
      for (const std::int32_t input : steps.inputs(step))
        if (input < first && last[static_cast<std::size_t>(input)] == step)
          through -= steps.bytes[static_cast<std::size_t>(input)];
    for (std::int32_t step = first; step <= end; ++step) {
      const std::int64_t written = steps.bytes[static_cast<std::size_t>(step)];
      std::int64_t held = written, freed = 0;
      for (const std::int32_t input : steps.inputs(step)) {
        const auto i = static_cast<std::size_t>(input);
        if (input >= first || last[i] <= end) held += steps.bytes[i];
        if (last[i] == step) freed += steps.bytes[i];
      }
      span.low = std::max(span.low, through + held);
      span.in_order = std::max(span.in_order, alive + written);
      alive += written - freed;
      if (last[static_cast<std::size_t>(step)] == step) alive -= written;
    }
    result.push_back(span);
    first = end + 1;
  }
  return result;
}

/// A part as the search wants it: its own numbering, masks for inputs and readers.
OrderSearch::Part part_of(const MemorySteps& steps, const Span& span, const std::vector<std::int32_t>& last) {
  OrderSearch::Part part;
  part.alive = span.alive;
  std::vector<std::int32_t> outside;  // tensors from before that may be freed here; they follow the part's own
  const auto own = static_cast<std::size_t>(span.last - span.first + 1);
  part.written.assign(steps.bytes.begin() + span.first, steps.bytes.begin() + span.last + 1);
  part.tensors = part.written;
  part.held.resize(own);
  part.reads.resize(own);
  for (std::int32_t step = span.first; step <= span.last; ++step) {
    const auto local = static_cast<std::size_t>(step - span.first);
    part.held[local] = last[static_cast<std::size_t>(step)] > span.last;
    for (const std::int32_t input : steps.inputs(step)) {
      if (input >= span.first) {
        part.reads[local].push_back(static_cast<std::uint32_t>(input - span.first));
        continue;
      }
      if (last[static_cast<std::size_t>(input)] > span.last) continue;  // alive all through
      const auto found = std::find(outside.begin(), outside.end(), input);
      part.reads[local].push_back(static_cast<std::uint32_t>(own + static_cast<std::size_t>(found - outside.begin())));
      if (found != outside.end()) continue;
      outside.push_back(input);
      part.tensors.push_back(steps.bytes[static_cast<std::size_t>(input)]);
      part.held.push_back(false);
    }
  }
  return part;
}

}  // namespace

std::int32_t MemorySteps::add(std::int64_t size, std::span<const std::int32_t> inputs) {
  const auto from = static_cast<std::ptrdiff_t>(read.size());
  for (const std::int32_t input : inputs)
    if (std::find(read.begin() + from, read.end(), input) == read.end()) read.push_back(input);
  bytes.push_back(size);
  first_input.push_back(static_cast<std::int32_t>(read.size()));
  return this->size() - 1;
}

std::int64_t peak_in_order(const MemorySteps& steps) {
  std::int64_t peak = 0;
  for (const Span& span : spans(steps, last_readers(steps))) peak = std::max(peak, span.in_order);
  return peak;
}

PeakBytes least_peak(const MemorySteps& steps, std::size_t most_ideals) {
  const std::vector<std::int32_t> last = last_readers(steps);
  const std::vector<Span> parts = spans(steps, last);
  PeakBytes peak;
  for (const Span& span : parts) peak.low = std::max(peak.low, span.low);
  peak.high = peak.low;
  // Only a part whose given order lies above what the others need anyway is worth a search; equal parts are
  // searched once.
  std::vector<std::pair<OrderSearch::Part, PeakBytes>> searched;
  for (const Span& span : parts) {
    if (span.in_order <= peak.low) continue;
    OrderSearch::Part part = part_of(steps, span, last);
    const auto same = std::find_if(searched.begin(), searched.end(), [&](const auto& s) { return s.first == part; });
    if (same == searched.end()) {
      const PeakBytes found = OrderSearch(part, most_ideals).run(peak.low, span.in_order);
      searched.emplace_back(std::move(part), found);
      peak.low = std::max(peak.low, found.low);
      peak.high = std::max(peak.high, found.high);
    }
  }
  return peak;
}

}  // namespace paretoforge
