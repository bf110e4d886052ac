#include "experiments/host.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "configs/table.hpp"
#include "experiments/files.hpp"
#include "exporters/calibration.hpp"
#include "exporters/float_model.hpp"
#include "exporters/formats.hpp"
#include "exporters/integer_model.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"
#include "space/table_points.hpp"

namespace paretoforge {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

/// The sample at a share of the way through the sorted values.
double quantile(const std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

/// Whether the 95 % interval of the median (by order statistics, so no distribution is assumed) is narrow enough.
bool median_settled(std::vector<double> times, double share) {
  if (times.size() < 25) return false;
  std::sort(times.begin(), times.end());
  const double half = 0.98 * std::sqrt(static_cast<double>(times.size())), middle = static_cast<double>(times.size()) / 2;
  const double low = times[static_cast<std::size_t>(middle - half)], high = times[static_cast<std::size_t>(middle + half)];
  return high - low < share * quantile(times, 0.5);
}

class TimedModel {
 public:
  TimedModel(const std::string& onnx, const TimingOptions& options, std::uint64_t seed)
      : session_(OnnxSession::from_bytes(onnx, {.threads = options.threads})) {
    Random random(seed);
    for (float& value : session_.input()) value = static_cast<float>(random.normal());
  }

  void round(const TimingOptions& options) {
    const auto begin = Clock::now();
    for (int i = 0; i < 3 || (i < 50 && milliseconds(Clock::now() - begin) < 10); ++i) session_.run();
    std::vector<double> times;
    const auto first = Clock::now();
    auto before = first;
    do {
      session_.run();
      const auto now = Clock::now();
      times.push_back(milliseconds(now - before));
      before = now;
    } while (times.size() < 5 || (milliseconds(before - first) < options.seconds_a_round * 1e3 &&
                                  (times.size() % 25 != 0 || !median_settled(times, options.settled))));
    rounds_.push_back(std::move(times));
  }

  /// The least of the rounds' medians is the round that was disturbed least; its percentiles go with it.
  Latency result() const {
    Latency best;
    std::int64_t repeats = 0;
    for (std::vector<double> times : rounds_) {
      std::sort(times.begin(), times.end());
      repeats += static_cast<std::int64_t>(times.size());
      const double median = quantile(times, 0.5);
      if (best.median_ms == 0 || median < best.median_ms) best = {median, quantile(times, 0.95), quantile(times, 0.99), 0};
    }
    best.repeats = repeats;
    return best;
  }

 private:
  OnnxSession session_;
  std::vector<std::vector<double>> rounds_;
};

/// Networks measured together: enough to interleave, few enough that little is lost when the program is stopped.
constexpr std::size_t batch_size = 20;

std::string latency_columns(const std::string& prefix) {
  return "," + prefix + "latency_ms," + prefix + "latency_p95_ms," + prefix + "latency_p99_ms," + prefix + "repeats";
}

std::string csv_cells(const Latency& latency) {
  return "," + number_text(latency.median_ms) + "," + number_text(latency.p95_ms) + "," + number_text(latency.p99_ms) + "," +
         std::to_string(latency.repeats);
}

/// Whether the point is a network at all, and one that can be exported.
bool is_measurable(const Space& space, const Architecture& point) {
  try {
    check_exportable(space.decode(point));
    return true;
  } catch (const ConfigError&) {
    return false;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

/// `count` different points (or all, where there are fewer), the same ones for the same seed.
std::vector<Architecture> drawn(const Space& space, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<Architecture> points;
  std::set<Architecture> seen;
  for (std::size_t tries = 0; points.size() < count && tries < 100 * count; ++tries) {
    Architecture point = space.sample(random);
    if (seen.insert(point).second && is_measurable(space, point)) points.push_back(std::move(point));
  }
  return points;
}

std::string header(const Space& space) {
  std::string text;
  for (const Decision& decision : space.decisions()) text += csv_field(decision.name) + ",";
  if (!text.empty()) text.pop_back();
  return text + latency_columns("") + latency_columns("float_") + "\n";
}

/// What the file holds already, and the points in it. A file of other columns is refused.
std::set<Architecture> measured_before(const Space& space, const std::filesystem::path& csv, std::string& content) {
  content = header(space);
  if (!std::filesystem::exists(csv)) return {};
  const Table table = Table::load(csv);
  const std::string before = read_file(csv);
  if (!before.starts_with(content.substr(0, content.size() - 1)))
    throw ConfigError("error: " + csv.string() + " is no table of measurements of this space\n   = name another file, or move it away");
  content = before.ends_with('\n') ? before : before + '\n';
  const std::vector<Architecture> points = points_of(space, table);
  return {points.begin(), points.end()};
}

}  // namespace

std::vector<Latency> time_models(const std::vector<std::string>& models, const TimingOptions& options, std::uint64_t seed,
                                 const std::atomic<bool>* stop) {
  std::vector<TimedModel> timed;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < models.size(); ++i) {
    timed.emplace_back(models[i], options, derived_seed(seed, i));
    order.push_back(i);
  }
  Random random(seed);
  for (int round = 0; round < options.rounds; ++round) {
    random.shuffle(order);
    for (const std::size_t i : order) {
      if (stop != nullptr && stop->load()) return {};
      timed[i].round(options);
    }
  }
  std::vector<Latency> results;
  for (const TimedModel& model : timed) results.push_back(model.result());
  return results;
}

TimedForms timed_forms(const Graph& graph, std::uint64_t seed) {
  const Model model = folded(random_model(graph, seed));
  Random random(derived_seed(seed, 1));
  std::vector<float> samples(static_cast<std::size_t>(4 * graph.shape(0).elements()));
  for (float& value : samples) value = static_cast<float>(random.normal());
  return {float_onnx(model), qdq_onnx(quantised(model, calibrate(model, samples, {.rule = RangeRule::min_max})))};
}

bool measure_host(const Space& space, const std::filesystem::path& csv, const HostMeasuring& options) {
  std::string content;
  const std::set<Architecture> before = measured_before(space, csv, content);
  std::vector<Architecture> todo;
  for (Architecture& point : drawn(space, options.networks, options.seed))
    if (!before.contains(point)) todo.push_back(std::move(point));
  const std::size_t all = todo.size() + before.size();
  for (std::size_t first = 0; first < todo.size(); first += batch_size) {
    const std::size_t last = std::min(todo.size(), first + batch_size);
    if (options.on_progress) options.on_progress(all - todo.size() + first, all);
    std::vector<std::string> models;
    for (std::size_t i = first; i < last; ++i) {
      TimedForms forms = timed_forms(pruned(space.decode(todo[i])), derived_seed(options.seed, i));
      models.push_back(std::move(forms.int8_onnx));
      models.push_back(std::move(forms.float_onnx));
    }
    const std::vector<Latency> results = time_models(models, options.timing, derived_seed(options.seed, first), options.stop);
    if (results.empty()) return false;
    for (std::size_t i = first; i < last; ++i) {
      std::string row;
      for (const std::string& label : space.labels(todo[i])) row += csv_field(label) + ",";
      if (!row.empty()) row.pop_back();
      content += row + csv_cells(results[2 * (i - first)]) + csv_cells(results[2 * (i - first) + 1]) + "\n";
    }
    write_file(csv, content);
  }
  if (options.on_progress) options.on_progress(all, all);
  return true;
}

}  // namespace paretoforge
