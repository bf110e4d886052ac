// The live line, its plain form, and how wide a text is.
#include "experiments/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <limits>

#include "experiments/quantity.hpp"

namespace paretoforge {
namespace {

constexpr double kPipeSeconds = 30;      // between two lines about one phase on a pipe
constexpr double kRedrawSeconds = 0.05;  // between two redraws of the live line; faster ones nobody sees
constexpr std::size_t kBarCells = 20, kLeastBarCells = 5;
constexpr std::size_t kAllColumns = std::numeric_limits<std::size_t>::max();

constexpr std::string_view kGreen = "\x1b[32m", kDim = "\x1b[2m", kPlain = "\x1b[0m";

std::string coloured_text(std::string_view colour, std::string_view text) {
  return std::string(colour) + std::string(text) + std::string(kPlain);
}

struct Character {
  std::string_view bytes;
  char32_t code;  ///< 0xFFFFFFFF where the byte is no UTF-8
};
constexpr char32_t kBroken = 0xFFFFFFFF;

/// The first character of a text that is not empty.
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {text.substr(0, 1), lead};
  const std::size_t length = lead >= 0xF0 && lead < 0xF5 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || lead >= 0xF5 || text.size() < length) return {text.substr(0, 1), kBroken};
  char32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80U) return {text.substr(0, 1), kBroken};
    code = code << 6U | (byte & 0x3FU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {text.substr(0, 1), kBroken};
  return {text.substr(0, length), code};
}

struct Block {
  char32_t first, last;
};
/// The blocks that matter in names; Unicode's whole table would be three hundred rows.
constexpr std::array<Block, 5> combining{
    {{0x300, 0x36F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}}};
constexpr std::array<Block, 9> wide{{{0x1100, 0x115F},
                                     {0x2E80, 0xA4CF},
                                     {0xAC00, 0xD7A3},
                                     {0xF900, 0xFAFF},
                                     {0xFE30, 0xFE6F},
                                     {0xFF00, 0xFF60},
                                     {0xFFE0, 0xFFE6},
                                     {0x1F300, 0x1FAFF},
                                     {0x20000, 0x3FFFD}}};

template <class Blocks>
bool in(const Blocks& blocks, char32_t code) {
  return std::any_of(blocks.begin(), blocks.end(), [&](Block b) { return b.first <= code && code <= b.last; });
}

/// Control characters of ASCII and Latin-1, and those that turn the direction of writing.
bool is_shown(char32_t code) {
  return code != kBroken && code >= 0x20 && (code < 0x7F || code > 0x9F) && (code < 0x202A || code > 0x202E) &&
         (code < 0x2066 || code > 0x2069);
}

std::size_t columns_of(char32_t code) {
  if (!is_shown(code)) return 1;
  return in(combining, code) ? 0 : in(wide, code) ? 2 : 1;
}

std::string bar(std::uint64_t done, std::uint64_t total, std::size_t cells, bool coloured) {
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto full = static_cast<std::size_t>(share * static_cast<double>(cells));
  std::string left, right;
  for (std::size_t i = 0; i < cells; ++i) (i < full ? left += "━" : right += "─");
  return coloured ? coloured_text(kGreen, left) + coloured_text(kDim, right) : left + right;
}

std::string hypervolume_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    columns += columns_of(character.code);
    text.remove_prefix(character.bytes.size());
  }
  return columns;
}

std::string cut_to_width(std::string_view text, std::size_t columns) {
  const bool cut = display_width(text) > columns;
  if (cut && columns == 0) return {};
  std::string result;
  for (std::size_t used = 0; !text.empty();) {
    const Character character = first_character(text);
    used += columns_of(character.code);
    if (cut && used + 1 > columns) break;
    result += is_shown(character.code) ? character.bytes : "?";
    text.remove_prefix(character.bytes.size());
  }
  return cut ? result + "…" : result;
}

std::string member_text(std::span<const Criterion> criteria, const Trial& trial) {
  std::string text = "front #" + std::to_string(trial.number);
  for (const Goal goal : {Goal::maximize, Goal::minimize})
    for (std::size_t i = 0; i < criteria.size(); ++i)
      if (const auto& value = trial.values.at(i); value && criteria[i].goal == goal)
        text += "   " + quantity_label(criteria[i].name) + " " + quantity_text(criteria[i].name, *value);
  return text;
}

ProgressOptions ProgressOptions::standard_error(bool quiet) {
  const char* term = std::getenv("TERM");
  const char* force = std::getenv("FORCE_COLOR");
  ProgressOptions options;
  options.stream = quiet ? nullptr : &std::cerr;
  options.is_terminal = isatty(STDERR_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
  options.colour = options.is_terminal || (is_set("FORCE_COLOR") && std::string_view(force) != "0");
  if (is_set("NO_COLOR")) options.colour = false;
  options.width = terminal_width;
  return options;
}

Progress::Progress(ProgressOptions options) : options_(std::move(options)) {
  if (!options_.width) options_.width = [] { return std::size_t{80}; };
  if (!options_.clock) options_.clock = steady_seconds;
}

void Progress::note(std::string_view text) {
  const std::lock_guard lock(mutex_);
  line(text);
}

void Progress::member(std::string_view text) {
  const std::lock_guard lock(mutex_);
  line("+ " + std::string(text), coloured_text(kGreen, "+") + " " + cut_to_width(text, kAllColumns));
}

void Progress::trial(std::uint64_t told, std::uint64_t budget, std::size_t front, std::size_t fitting,
                     double hypervolume) {
  const std::lock_guard lock(mutex_);
  update("", told, budget, "front " + std::to_string(front) + " (" + std::to_string(fitting) + " fit)",
         "hypervolume " + hypervolume_text(hypervolume));
}

void Progress::stage(std::string_view what, std::uint64_t done, std::uint64_t total) {
  const std::lock_guard lock(mutex_);
  update(what, done, total, {}, {});
}

void Progress::tick() {
  const std::lock_guard lock(mutex_);
  if (phase_.open) show(false);
}

void Progress::finish() {
  const std::lock_guard lock(mutex_);
  end_phase();
}

void Progress::update(std::string_view name, std::uint64_t done, std::uint64_t total, std::string middle,
                      std::string tail) {
  const std::string shown_name = cut_to_width(name, kAllColumns);
  const bool begins = !phase_.open || phase_.name != shown_name;
  if (begins) {
    end_phase();
    phase_ = {};
    phase_.name = shown_name;
    phase_.first = done;
    phase_.began = options_.clock();
    phase_.open = true;
    shown_ = phase_.began;
    last_.clear();
  }
  phase_.done = done;
  phase_.total = total;
  phase_.middle = std::move(middle);
  phase_.tail = std::move(tail);
  // Trials have a head line and members of their own; any other phase says at once that it has begun.
  show(begins && (options_.is_terminal || !phase_.name.empty()));
}

void Progress::show(bool now) {
  if (options_.stream == nullptr) return;
  const double time = options_.clock();
  if (!now && time - shown_ < (options_.is_terminal ? kRedrawSeconds : kPipeSeconds)) return;
  shown_ = time;
  last_ = words(0, false);
  if (!options_.is_terminal) return line(last_);
  *options_.stream << '\r' << live_line() << "\x1b[K" << std::flush;
  on_live_line_ = true;
}

void Progress::end_phase() {
  if (!phase_.open || options_.stream == nullptr) return;
  if (last_ != words(0, false)) show(true);
  if (on_live_line_) *options_.stream << '\n' << std::flush;
  on_live_line_ = false;
  phase_.open = false;
}

void Progress::line(std::string_view plain, std::string_view coloured) {
  if (options_.stream == nullptr) return;
  const std::string text =
      options_.colour && !coloured.empty() ? std::string(coloured) : cut_to_width(plain, kAllColumns);
  if (!on_live_line_) {
    *options_.stream << text << '\n' << std::flush;
    return;
  }
  *options_.stream << '\r' << text << "\x1b[K\n" << live_line() << "\x1b[K" << std::flush;
}

/// The parts of a phase's line, three spaces apart; no bar where it has no cells.
std::string Progress::words(std::size_t bar_cells, bool coloured) const {
  const std::uint64_t advanced = phase_.done - std::min(phase_.first, phase_.done);
  std::string eta;
  if (phase_.total > phase_.done && advanced > 0) {
    const double each = (options_.clock() - phase_.began) / static_cast<double>(advanced);
    eta = "ETA " + duration_text(each * static_cast<double>(phase_.total - phase_.done));
  }
  std::string count = std::to_string(phase_.done);
  if (phase_.total > 0) count += "/" + std::to_string(phase_.total);
  std::string text = phase_.name;
  if (bar_cells > 0 && phase_.total > 0)
    text += (text.empty() ? "" : "   ") + bar(phase_.done, phase_.total, bar_cells, coloured);
  if (!text.empty()) text += bar_cells > 0 && phase_.total > 0 ? "  " : "   ";
  text += count;
  for (const std::string& part : {phase_.middle, eta, phase_.tail})
    if (!part.empty()) text += "   " + part;
  return text;
}

/// One column stays free: a cursor behind the last one makes some terminals erase it with the rest of the line.
std::string Progress::live_line() const {
  const std::size_t width = std::max<std::size_t>(options_.width(), 2) - 1;
  for (std::size_t cells = kBarCells; cells >= kLeastBarCells; --cells)
    if (display_width(words(cells, false)) <= width)
      return options_.colour ? words(cells, true) : cut_to_width(words(cells, false), width);
  return cut_to_width(words(0, false), width);
}

}  // namespace paretoforge
