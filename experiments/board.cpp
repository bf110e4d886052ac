#include "experiments/board.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "configs/files.hpp"
#include "configs/table.hpp"
#include "configs/temporary_folder.hpp"
#include "experiments/child_process.hpp"
#include "experiments/host.hpp"
#include "experiments/machine.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr std::size_t together = 10, most_keys = 64, most_key = 100;
constexpr double settled_pct = 2;
constexpr std::string_view own_columns[] = {"state", "message", "interval_pct", "repeats", "device", "precision", "measured_at"};

bool is_own_column(const std::string& name) {
  return std::find(std::begin(own_columns), std::end(own_columns), name) != std::end(own_columns) || name == "reference" || name.starts_with("reference_");
}

/// Text of others on one line of ours: short, and without control characters.
std::string excerpt(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  text.erase(0, text.find_last_of("\r\n") + 1);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
  return text.size() > 120 ? text.substr(0, 117) + "..." : text;
}

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return {};
  const std::size_t before = text.find_last_of("\r\n", end);
  return text.substr(before == std::string::npos ? 0 : before + 1, end - (before == std::string::npos ? 0 : before + 1) + 1);
}

/// Why the value cannot be a measured one, empty where it can.
std::string complaint(const ordered_json& value) {
  if (value.is_null()) return "null";
  if (!value.is_number()) return "no number";
  const double number = value.get<double>();
  if (!std::isfinite(number)) return "not finite";
  return number < 0 ? "negative" : number == 0 ? "zero" : "";
}

/// Why a key cannot be a column, empty where it can.
std::string key_complaint(const std::string& key, const ordered_json& value) {
  if (key.empty() || key.size() > most_key) return "a key of " + std::to_string(key.size()) + " characters";
  if (value.is_structured()) return "key '" + excerpt(key) + "' holds a list or an object";
  return "";
}

std::string cell_text(const ordered_json& value) {
  if (value.is_null()) return {};
  return value.is_string() ? value.get<std::string>() : value.is_number() ? number_text(value.get<double>()) : value.dump();
}

/// Width of the 95 % interval of the mean of logarithms (Student's), in per cent; NaN for fewer than two values.
/// Answers are few, too few for order statistics (which need six), and medians or means themselves.
double interval_pct(const std::vector<double>& values) {
  constexpr double student[] = {12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23};  // 97.5 %, 1 to 10 degrees of freedom
  const std::size_t n = values.size();
  if (n < 2) return std::nan("");
  double mean = 0, square = 0;
  for (const double v : values) mean += std::log(v) / static_cast<double>(n);
  for (const double v : values) square += (std::log(v) - mean) * (std::log(v) - mean);
  const double error = std::sqrt(square / static_cast<double>(n - 1) / static_cast<double>(n));
  return 100 * 2 * (n - 2 < std::size(student) ? student[n - 2] : 2.2) * error;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/// One network and what the device has answered about it so far.
class Asked {
 public:
  explicit Asked(fs::path model) : model_(std::move(model)) {}

  const fs::path& model() const { return model_; }
  void answer(BoardAnswer answer) { answers_.push_back(std::move(answer)); }
  std::size_t answers() const { return answers_.size(); }

  /// Of the metric that varies most.
  double interval() const {
    double widest = std::nan("");
    for (std::size_t m = 0; m < answers_[0].metrics.size(); ++m) widest = std::fmax(widest, interval_pct(values(m)));
    return widest;
  }

  Cells cells(const std::vector<std::string>& names) const {
    Cells cells;
    for (std::size_t m = 0; m < names.size(); ++m) cells.emplace_back(names[m], number_text(median(values(m))));
    const double interval = this->interval();
    cells.emplace_back("interval_pct", std::isnan(interval) ? "" : number_text(std::round(interval * 100) / 100));
    cells.emplace_back("repeats", std::to_string(answers_.size()));
    for (const auto& [key, first] : answers_[0].extras) cells.emplace_back(key, extra(key, first));
    return cells;
  }

 private:
  std::vector<double> values(std::size_t metric) const {
    std::vector<double> values;
    for (const BoardAnswer& answer : answers_) values.push_back(answer.metrics[metric]);
    return values;
  }

  /// The median of a key that is a number in every answer, else what the first answer said.
  std::string extra(const std::string& key, const std::string& first) const {
    std::vector<double> values;
    for (const BoardAnswer& answer : answers_)
      for (const auto& [name, text] : answer.extras) {
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        if (name == key && !text.empty() && *end == '\0' && std::isfinite(value)) values.push_back(value);
      }
    return values.size() == answers_.size() ? number_text(median(values)) : first;
  }

  fs::path model_;
  std::vector<BoardAnswer> answers_;
};

class Board {
 public:
  Board(const Space& space, const Device& device, const Measurements& table, const MeasuringOptions& options)
      : space_(space), measure_(*device.measure), how_(measure_.command), table_(table), options_(options),
        same_{{"device", device.name}, {"precision", measure_.precision}} {}

  const Cells& same() const { return same_; }

  std::vector<std::optional<MeasuredNetwork>> measure(std::span<const Architecture> points, std::uint64_t seed, std::string& give_up) {
    const TemporaryFolder folder;
    std::vector<Asked> asked;
    for (const Architecture& point : points) asked.emplace_back(written(folder, point, derived_seed(seed, asked.size()), asked.size()));
    std::vector<std::optional<MeasuredNetwork>> found(points.size());
    std::vector<std::size_t> order(points.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    Random random(seed);
    for (int round = 0; round < how_.most_rounds && !order.empty(); ++round) {
      random.shuffle(order);
      for (const std::size_t i : order) {
        if (stopped() || !give_up.empty()) break;
        if (const std::string why = ask(asked[i]); !why.empty()) fail(found[i], why, give_up);
      }
      if (stopped() || !give_up.empty()) break;
      std::erase_if(order, [&](std::size_t i) { return found[i] || (round + 1 >= how_.rounds && asked[i].interval() < settled_pct); });
    }
    for (std::size_t i = 0; i < asked.size(); ++i)
      if (!found[i] && asked[i].answers() >= static_cast<std::size_t>(how_.rounds)) found[i] = MeasuredNetwork{with_state(asked[i].cells(how_.answers)), ""};
    return found;
  }

 private:
  bool stopped() const { return options_.stop != nullptr && options_.stop->load(); }

  fs::path written(const TemporaryFolder& folder, const Architecture& point, std::uint64_t seed, std::size_t number) const {
    const TimedForms forms = timed_forms(pruned(space_.decode(point)), seed);
    const fs::path path = folder.path() / ("model_" + std::to_string(number) + ".onnx");
    write_file(path, measure_.precision == "float" ? forms.float_onnx : forms.int8_onnx);
    return path;
  }

  /// One answer, retries included; why there is none.
  std::string ask(Asked& network) {
    std::string why;
    for (int attempt = 0; attempt <= how_.retries; ++attempt) {
      if (attempt > 0) rest(how_.pause_seconds);
      if (stopped()) return {};
      BoardAnswer answer = run(network.model());
      if (stopped()) return {};
      if ((why = answer.failure).empty()) {
        network.answer(std::move(answer));
        failures_ = 0;
        return {};
      }
    }
    return why + (how_.retries > 0 ? " (" + std::to_string(how_.retries + 1) + " tries)" : "");
  }

  BoardAnswer run(const fs::path& model) const {
    std::string command = how_.command;
    for (std::size_t at = 0; (at = command.find("{model}", at)) != std::string::npos;) {
      const std::string word = shell_word(model.string());
      command.replace(at, 7, word);
      at += word.size();
    }
    const CommandEnd end = run_command(command, how_.timeout_seconds, options_.stop);
    const std::string said = end.error.empty() ? "" : ": " + excerpt(end.error);
    if (end.how == CommandEnd::How::timed_out) return {{}, {}, "no answer within " + number_text(how_.timeout_seconds) + " s" + said};
    if (end.how == CommandEnd::How::signalled) return {{}, {}, "the command was ended by signal " + std::to_string(end.code) + said};
    if (end.code != 0) return {{}, {}, "the command ended with exit code " + std::to_string(end.code) + said};
    BoardAnswer answer = board_answer(end.out, how_.answers);
    for (const auto& [key, value] : answer.extras)
      if (answer.failure.empty() && (table_.is_decision(key) || is_own_column(key))) answer.failure = "the answer has the key '" + key + "', which is another column of the table";
    return answer;
  }

  void fail(std::optional<MeasuredNetwork>& found, const std::string& why, std::string& give_up) {
    found = MeasuredNetwork{with_state({}), why};
    if (++failures_ >= how_.give_up_after)
      give_up = std::to_string(failures_) + (failures_ == 1 ? " network" : " networks one after the other") + " failed; the last: " + why;
  }

  Cells with_state(Cells cells) const {
    cells.insert(cells.end(), same_.begin(), same_.end());
    cells.emplace_back("measured_at", utc_now());
    return cells;
  }

  void rest(double seconds) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (!stopped() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }

  const Space& space_;
  const Measuring& measure_;
  const MeasuringCommand& how_;
  const Measurements& table_;
  const MeasuringOptions& options_;
  Cells same_;
  int failures_ = 0;  ///< networks that failed one after the other
};

}  // namespace

BoardAnswer board_answer(const std::string& output, const std::vector<std::string>& answers) {
  const std::string line = last_line(output);
  if (line.empty()) return {{}, {}, "the command wrote nothing"};
  const ordered_json object = ordered_json::parse(line, nullptr, false);
  if (!object.is_object()) return {{}, {}, "the answer is no JSON object: " + excerpt(line)};
  if (object.size() > most_keys) return {{}, {}, "the answer has more than " + std::to_string(most_keys) + " keys"};
  BoardAnswer answer;
  for (const std::string& name : answers) {
    const auto value = object.find(name);
    if (value == object.end()) return {{}, {}, "the answer has no '" + name + "': " + excerpt(line)};
    if (const std::string why = complaint(*value); !why.empty()) return {{}, {}, "'" + name + "' is " + why + ": " + excerpt(line)};
    answer.metrics.push_back(value->get<double>());
  }
  for (const auto& [key, value] : object.items()) {
    if (std::find(answers.begin(), answers.end(), key) != answers.end()) continue;
    if (const std::string why = key_complaint(key, value); !why.empty()) return {{}, {}, why};
    answer.extras.emplace_back(key, cell_text(value));
  }
  return answer;
}

MeasuringEnd measure_board(const Space& space, const fs::path& csv, const MeasuringOptions& options, const Device& device) {
  std::vector<std::string> columns = device.measure->command.answers;
  for (const std::string& name : columns)
    if (is_own_column(name)) throw ConfigError("error: device '" + device.name + "' answers with '" + name + "', which is another column of the table");
  columns.insert(columns.end(), {"interval_pct", "repeats", "device", "precision", "measured_at"});
  const std::vector<std::string>& answers = device.measure->command.answers;
  for (const std::string& name : reference_columns(answers)) columns.push_back(name);
  Measurements table(space, csv, columns);
  Board board(space, device, table, options);
  for (const auto& [column, value] : board.same()) table.require_same(column, value);
  return measure_networks(space, table, options, together, answers,
                          [&](std::span<const Architecture> points, std::uint64_t seed, std::string& give_up) { return board.measure(points, seed, give_up); });
}

}  // namespace paretoforge
