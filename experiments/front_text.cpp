#include "experiments/front_text.hpp"

#include <algorithm>
#include <cstdio>

#include "experiments/progress.hpp"
#include "experiments/quantity.hpp"
#include "search/wishes.hpp"

namespace paretoforge {
namespace {

std::vector<std::string> heading(const std::vector<Criterion>& criteria) {
  std::vector<std::string> row = {"trial"};
  for (const Criterion& criterion : criteria) row.push_back(quantity_label(criterion.name));
  return row;
}

std::vector<std::string> row_of(const std::vector<Criterion>& criteria, const Trial& trial) {
  std::vector<std::string> row = {"#" + std::to_string(trial.number)};
  for (std::size_t i = 0; i < criteria.size(); ++i) row.push_back(trial.values[i] ? quantity_text(criteria[i].name, *trial.values[i]) : "-");
  return row;
}

std::string percent(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %%", value);
  return text;
}

}  // namespace

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - display_width(row[i]) + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

std::string front_table(const StudyFile& study, const Front& front) {
  const auto known = criteria(study.objectives);
  auto head = heading(known);
  for (const Decision& decision : study.space->decisions()) head.push_back(decision.name);
  std::vector<std::vector<std::string>> rows = {head};
  for (const Trial& member : front.members()) {
    rows.push_back(row_of(known, member));
    for (const std::string& label : study.space->labels(member.architecture)) rows.back().push_back(label.empty() ? "-" : label);
  }
  return aligned(rows);
}

namespace {

/// ", 4 the soft limits too": of the members that keep every limit.
std::string wished_text(const Front& front) {
  const auto& known = front.criteria();
  const bool any = std::any_of(known.begin(), known.end(), [](const Criterion& criterion) { return criterion.soft_limit.has_value(); });
  if (!any) return "";
  const bool region = std::any_of(known.begin(), known.end(), [](const Criterion& criterion) { return criterion.enough.has_value(); });
  const Wishes wishes(known);
  const auto inside = std::count_if(front.members().begin(), front.members().end(), [&](const Trial& member) {
    return fits(known, member) && wishes.outside(costs(known, member)) == 0;
  });
  return ", " + std::to_string(inside) + (region ? " of them in the region of interest" : " of them the soft limits too");
}

}  // namespace

std::string front_text(const StudyFile& study, const Front& front) {
  const auto known = criteria(study.objectives);
  if (front.members().empty() && !front.nearest_miss()) return "no trial is complete: nothing to show\n";
  std::string text;
  if (!front.any_fits()) {
    text += "nothing keeps every limit";
    if (front.nearest_miss()) text += "; the nearest, trial #" + std::to_string(front.nearest_miss()->number) + ", misses: " + limits_broken(known, *front.nearest_miss());
    return text + "\n";
  }
  std::vector<std::vector<std::string>> rows = {heading(known)};
  rows[0].push_back("picked as");
  for (const Pick& pick : picks(front)) {
    rows.push_back(row_of(known, pick.trial));
    rows.back().push_back(pick.reason);
  }
  text += aligned(rows);
  text += "the front has " + std::to_string(front.members().size()) + (front.members().size() == 1 ? " member, " : " members, ") + std::to_string(front.fitting()) + (front.fitting() == 1 ? " keeps" : " keep") + " every limit" + wished_text(front) + "; 'paretoforge front DIR --format table' shows all\n";
  return text;
}

std::string models_text(const std::vector<ReportModel>& models) {
  const auto text = [](const std::string& name, const std::optional<double>& value) { return value ? quantity_text(name, *value) : std::string("-"); };
  const std::string of = of_regression(models) ? "R2 " : "";
  std::vector<std::vector<std::string>> rows = {{"model", of + "int8", of + "float", "latency", "predicted", "flash", "memory", "agrees", "fused", "chosen as"}};
  for (const ReportModel& model : models) {
    std::string predicted = "-";
    if (const auto& cost = model.predicted_latency_ms)
      predicted = quantity_text("latency_ms", cost->value) + " (" + quantity_text("latency_ms", cost->low) + " to " + quantity_text("latency_ms", cost->high) + ")";
    rows.push_back({model.name, percent(*model.int8_score_pct), percent(*model.float_score_pct), text("latency_ms", model.measured_latency_ms), predicted,
                    text("weight_bytes", model.weight_bytes), text("peak_activation_bytes", model.peak_bytes), percent(*model.agreement_pct),
                    *model.fused ? "yes" : "no", model.reason});
  }
  return aligned(rows);
}

}  // namespace paretoforge
