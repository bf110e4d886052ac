// What a running command says about itself: one live line on a terminal, plain lines now and then on a pipe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "search/objective.hpp"

namespace paretoforge {

/// Where and how to talk.
struct ProgressOptions {
  std::ostream* stream = nullptr;      ///< must outlive the Progress; nothing is said where there is none
  bool is_terminal = false;            ///< redraw a live line with carriage returns
  bool colour = false;                 ///< escape sequences for colours; has no part in `is_terminal`
  std::function<std::size_t()> width;  ///< columns of the terminal, asked at each redraw; 80 where empty
  std::function<double()> clock;       ///< seconds that never run back; the steady clock where empty

  /// For the standard error stream. A terminal is one that is not TERM=dumb. Colour is there on a terminal, with a
  /// FORCE_COLOR that is neither empty nor 0 everywhere, and with a NO_COLOR that is not empty nowhere.
  static ProgressOptions standard_error(bool quiet);
};

/// Tells a study's trials and a command's other long phases. Safe to call from many threads.
///
/// On a pipe there are no carriage returns, and a phase says where it stands every 30 s. A phase ends when another
/// begins, and with `finish`; it leaves one line that says how it ended.
class Progress {
 public:
  explicit Progress(ProgressOptions options);
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// The head line: "search quickstart · 3 objectives · host · seed 1 · 64 trials on 2 threads".
  void begin(std::string_view words) { note(words); }
  /// A line that stays, above the live line.
  void note(std::string_view text);
  /// A new member of the front: "+ front #41   accuracy 88.1 %   ..."; `text` as from member_text.
  void member(std::string_view text);
  /// `told` of `budget` trials are done, `front` members, of which `fitting` keep every limit.
  void trial(std::uint64_t told, std::uint64_t budget, std::size_t front, std::size_t fitting, double hypervolume);
  /// Another long phase: "measuring the host". A new name begins a new phase; `total` 0 means that it is not known.
  void stage(std::string_view what, std::uint64_t done, std::uint64_t total);
  /// Nothing new: lets the live line and the 30 seconds go on during a long step.
  void tick();
  /// Ends the live line. Called twice it does nothing the second time.
  void finish();

 private:
  struct Phase {
    std::string name;         ///< "" for trials
    std::uint64_t first = 0;  ///< done when it began: what a resumed study had already is no measure of speed
    std::uint64_t done = 0, total = 0;
    std::string tail;    ///< what stands behind the estimate
    std::string middle;  ///< and before
    double began = 0;
    bool open = false;
  };

  void update(std::string_view name, std::uint64_t done, std::uint64_t total, std::string middle, std::string tail);
  void show(bool now);
  void line(std::string_view plain, std::string_view coloured = {});
  void end_phase();
  std::string words(std::size_t bar_cells, bool coloured) const;
  std::string live_line() const;

  ProgressOptions options_;
  std::mutex mutex_;
  Phase phase_;
  double shown_ = 0;           ///< when the phase was last shown
  std::string last_;           ///< what was last shown of it
  bool on_live_line_ = false;  ///< the cursor stands behind a live line
};

/// "front #41   accuracy 88.1 %   latency 0.31 ms   memory 14 KiB": what is maximised first, then the others in order.
std::string member_text(std::span<const Criterion> criteria, const Trial& trial);

/// How many columns a terminal needs for the text: wide East Asian characters and emoji take two, combining marks
/// none, control characters and bytes that are no UTF-8 one (they are shown as '?').
std::size_t display_width(std::string_view text);
/// The text, cut so that it takes at most `columns`, with "…" at the end where something was cut. Control
/// characters and bytes that are no UTF-8 become '?': what a file is called must not command a terminal.
std::string cut_to_width(std::string_view text, std::size_t columns);

}  // namespace paretoforge
