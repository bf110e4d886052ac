// From a model's logarithms to a cost with its interval, and what lies outside the measurements.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "configs/files.hpp"
#include "configs/table.hpp"
#include "predictors/device.hpp"
#include "predictors/features.hpp"

namespace paretoforge {
namespace {

constexpr double tolerance = 1.25;    ///< beyond the measured range by this factor counts as outside
constexpr double never_measured = 2;  ///< the interval's factor for a kind of kernel that was not measured

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

std::string factor_text(double factor) { return number_text(std::round(factor * 10) / 10); }

/// Reasons why a network lies outside, and the factor by which each widens the interval.
class Outside {
 public:
  Outside(const FittedMetric& metric, std::span<const double> features) : metric_(metric), features_(features) {}

  void check_class(std::size_t first) {
    const std::string& count = feature_list()[first].name;
    const std::string kind = count.substr(0, count.find('.'));
    if (features_[first] > 0 && metric_.high[first] <= 0) {
      note(never_measured, kind);
      return;
    }
    const std::size_t work = first + 1;  // see feature_list: count, work, ...
    if (metric_.high[work] > 0 && features_[work] > tolerance * metric_.high[work])
      note_factor(features_[work] / metric_.high[work], kind + " work", "most");
  }

  void check_whole(std::size_t column) {
    const std::string what = feature_list()[column].name.substr(6);  // without "graph."
    const double low = metric_.low[column], high = metric_.high[column], value = features_[column];
    if (what == "resolution") {
      if (value > high || value < low)
        note(1 + 2 * std::abs(std::log(std::max(value, 1.0) / (value > high ? high : low))),
             what + " " + number_text(value));
      return;
    }
    if (high > 0 && value > tolerance * high) note_factor(value / high, what, "most");
    if (low > 0 && value * tolerance < low) note_factor(low / std::max(value, 1e-3 * low), what, "least");
  }

  std::vector<std::string> reasons;
  double factor = 1;

 private:
  void note(double widening, std::string reason) {
    factor = std::max(factor, widening);
    reasons.push_back(std::move(reason));
  }
  void note_factor(double ratio, const std::string& what, const char* end) {
    const bool above = end == std::string_view("most");
    note(1 + 2 * std::log(ratio),
         what + " " + factor_text(ratio) + (above ? " times the most" : " times below the least") + " measured");
  }

  const FittedMetric& metric_;
  std::span<const double> features_;
};

/// Where each kind's columns begin, and the whole-graph columns that are worth a warning: of a network, and of one of
/// which nothing is left, see FittedMetric::low.
struct Checked {
  std::vector<std::size_t> classes, whole, empty;
};

const Checked& checked() {
  static const Checked columns = [] {
    Checked found;
    const auto& list = feature_list();
    for (std::size_t c = 0; c < list.size(); ++c) {
      if (list[c].name.starts_with("written.")) continue;
      if (ends_with(list[c].name, ".count")) found.classes.push_back(c);
      if (list[c].name == "graph.work" || list[c].name == "graph.resolution" || list[c].name == "graph.kernels")
        found.whole.push_back(c);
      if (list[c].name == "graph.moved" || list[c].name == "graph.resolution") found.empty.push_back(c);
    }
    return found;
  }();
  return columns;
}

/// The kind "opaque" says little: the ops that are meant take its place, each once, by their own names.
void name_unknown(const Graph& graph, std::vector<std::string>& reasons) {
  const auto at = std::find(reasons.begin(), reasons.end(), kernel_class_name(KernelClass::opaque));
  if (at == reasons.end()) return;
  std::vector<std::string> names;
  for (NodeId id = 0; id < graph.size(); ++id)
    if (const auto* opaque = std::get_if<Opaque>(&graph.op(id)))
      if (std::find(names.begin(), names.end(), opaque->text()) == names.end()) names.emplace_back(opaque->text());
  reasons.insert(reasons.erase(at), names.begin(), names.end());
}

}  // namespace

std::string space_key(const Space& space) {
  std::string text;
  const auto add = [&](std::string_view part) { (text += part) += '\xff'; };  // which no name holds
  for (const Decision& decision : space.decisions()) {
    add(decision.name);
    for (const std::string& label : decision.labels) add(label);
    add("");
  }
  const std::uint64_t hash = checksum(text);
  std::array<char, 17> digits{};
  for (std::size_t i = 0; i < 16; ++i) digits[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
  return space.name() + ' ' + digits.data();
}

std::string metric_unit(std::string_view metric) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 13> units{{{"_ms", "ms"},
                                                                                 {"_us", "us"},
                                                                                 {"_s", "s"},
                                                                                 {"_mj", "mJ"},
                                                                                 {"_uj", "uJ"},
                                                                                 {"_j", "J"},
                                                                                 {"_mw", "mW"},
                                                                                 {"_w", "W"},
                                                                                 {"_kb", "KB"},
                                                                                 {"_kib", "KiB"},
                                                                                 {"_mib", "MiB"},
                                                                                 {"_bytes", "bytes"},
                                                                                 {"_pct", "%"}}};
  for (const auto& [end, unit] : units)
    if (ends_with(metric, end)) return std::string(unit);
  return {};
}

CostEstimate FittedMetric::predict(const Graph& as_written) const {
  CostEstimate estimate = predict_features(graph_features(as_written));
  name_unknown(as_written, estimate.extrapolates);
  return estimate;
}

CostEstimate FittedMetric::predict(const Graph& as_written, const Space& known, const Architecture& point) const {
  std::vector<double> features = graph_features(as_written);
  if (!space.empty() && space == space_key(known)) {
    const std::vector<float> encoding = known.encode(point);
    features.insert(features.end(), encoding.begin(), encoding.end());
  }
  return predict_features(features);
}

CostEstimate FittedMetric::predict_features(std::span<const double> features) const {
  Outside outside(*this, features);
  for (const std::size_t first : checked().classes) outside.check_class(first);
  for (const std::size_t column : nothing_left(features) ? checked().empty : checked().whole) outside.check_whole(column);
  const LogEstimate estimate = fitted->estimate(features);
  // Outside, even a model that is sure of itself may be off by the factor itself.
  const double half = std::max(interval * estimate.deviation * outside.factor, std::log(outside.factor) / 2);
  return {std::exp(estimate.mean), std::exp(estimate.mean - half), std::exp(estimate.mean + half),
          std::move(outside.reasons)};
}

}  // namespace paretoforge
