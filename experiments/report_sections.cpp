// The report's HTML: what is there without the script, and the places where the script draws.
#include <algorithm>

#include "experiments/quantity.hpp"
#include "experiments/report_internal.hpp"

namespace paretoforge::internal {

std::string element(std::string_view tag, std::string_view text, std::string_view attributes) {
  std::string html = "<" + std::string(tag);
  if (!attributes.empty()) html += " " + std::string(attributes);
  return html + ">" + escaped(text) + "</" + std::string(tag) + ">";
}

std::string section(std::string_view kind, std::string_view question, std::string_view answer, std::string_view body) {
  return "<section class=\"" + std::string(kind) + "\">\n" + element("h3", question) + "\n" +
         element("p", answer, "class=\"answer\"") + "\n" + std::string(body) + "</section>\n";
}

std::string scrolled(std::string_view label, std::string_view table) {
  return "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" + escaped(label) + "\">\n" +
         std::string(table) + "</div>\n";
}

std::string drawing(std::string_view kind) {
  return "<div class=\"plot\" data-plot=\"" + std::string(kind) +
         "\"><noscript>The picture needs JavaScript; the words and tables do not.</noscript></div>\n";
}

std::string head_row(const std::vector<std::string>& columns, const std::vector<bool>& numbers) {
  std::string html = "<thead><tr>";
  for (std::size_t i = 0; i < columns.size(); ++i)
    html += element("th", columns[i], numbers[i] ? "scope=\"col\" class=\"number\"" : "scope=\"col\"");
  return html + "</tr></thead>\n";
}

namespace {

std::string optional_cell(std::string_view name, const std::optional<double>& value) {
  return element("td", value_text(name, value), "class=\"number\"");
}

std::string value_cells(const ReportStudy& study, const Trial& trial) {
  std::string html;
  for (std::size_t i = 0; i < study.criteria.size(); ++i) {
    const bool broken = trial.values.at(i) && !keeps_limit(study.criteria[i], *trial.values[i]);
    const bool beyond = trial.values.at(i) && !keeps_soft_limit(study.criteria[i], *trial.values[i]);
    html += element("td",
                    value_text(study.criteria[i], trial, i) + (broken   ? " !"
                                                               : beyond ? " ~"
                                                                        : ""),
                    broken   ? "class=\"number broken\" title=\"breaks its limit\""
                    : beyond ? "class=\"number beyond\" title=\"past its soft limit\""
                             : "class=\"number\"");
  }
  return html;
}

/// "width1 24 · stage1 mb3_e2": the choices that are active.
std::string choices_words(const ReportStudy& study, const Trial& trial) {
  std::string text;
  for (std::size_t i = 0; i < study.decisions.size(); ++i) {
    const auto taken = trial.architecture.at(i);
    if (taken < 0) continue;
    text += (text.empty() ? "" : " · ") + study.decisions[i].name + " " +
            study.decisions[i].labels.at(static_cast<std::size_t>(taken));
  }
  return text;
}

std::string trial_row(const ReportStudy& study, const Trial& trial, std::string_view reason, bool with_reason) {
  std::string html = "<tr data-trial=\"" + std::to_string(trial.number) + "\">" +
                     element("th", trial_name(trial.number), "scope=\"row\"");
  if (with_reason) html += element("td", reason);
  return html + value_cells(study, trial) + element("td", choices_words(study, trial), "class=\"choices\"") + "</tr>\n";
}

std::string trial_table(const ReportStudy& study, std::string_view kind, bool with_reason, const std::string& rows) {
  std::vector<std::string> columns{"Trial"};
  if (with_reason) columns.push_back("Why");
  std::vector<bool> numbers(columns.size(), false);
  for (const Criterion& criterion : study.criteria) columns.push_back(quantity_label(criterion.name));
  numbers.resize(columns.size(), true);
  columns.push_back("Choices");
  numbers.push_back(false);
  return "<table class=\"" + std::string(kind) + "\">\n" + head_row(columns, numbers) + "<tbody>\n" + rows +
         "</tbody></table>\n";
}

std::string picks_section(const ReportStudy& study) {
  if (study.picks.empty()) return {};
  std::string rows;
  for (const Pick& pick : study.picks) rows += trial_row(study, pick.trial, pick_reason(study, pick), true);
  const std::string answer = fitting(study) == 0 ? "None keeps every limit; this one comes nearest."
                                                 : counted(study.picks.size(), "pick", "picks") + " out of " +
                                                       counted(fitting(study), "model", "models") +
                                                       " on the front, one for each reason people choose.";
  return section("picks", "Which models are worth a look?", answer,
                 scrolled("The picks", trial_table(study, "picks-table", true, rows)));
}

std::string front_section(const ReportStudy& study) {
  if (study.front.empty()) return {};
  std::string rows;
  for (const Trial& trial : study.front) rows += trial_row(study, trial, {}, false);
  const std::size_t fit = fitting(study), members = study.front.size();
  const std::string answer = counted(members, "model is", "models are") + " best in some way; " +
                             (fit == members ? "all keep" : std::to_string(fit) + (fit == 1 ? " keeps" : " keep")) +
                             " every limit.";
  return section("front", "What else is on the front?", answer,
                 scrolled("All members of the front", trial_table(study, "front-table", false, rows)));
}

/// "0.32 to 0.42 ms": the unit once where both ends have the same.
std::string interval_text(const ReportInterval& interval) {
  const std::string low = value_text("latency_ms", interval.low), high = value_text("latency_ms", interval.high);
  const auto unit = low.rfind("\u00a0");
  return (high.ends_with(low.substr(unit)) ? low.substr(0, unit) : low) + " to " + high;
}

std::string files_cell(const ReportModel& model) {
  std::string html = "<td class=\"files\">";
  for (const std::string& file : model.files) {
    const std::string name = file.substr(file.find_last_of('/') + 1);
    // Only paths below the page: a link must not run a script or leave for the network.
    const bool relative = file.find(':') == std::string::npos && !file.starts_with("/");
    html += (relative ? "<a href=\"" + escaped(file) + "\">" + escaped(name) + "</a>" : escaped(file)) + " ";
  }
  return html + "</td>";
}

std::string models_table(const ReportStudy& study) {
  if (study.models.empty()) return {};
  const std::string of = of_regression(study.models) ? "R2, " : "";
  std::string html = "<table class=\"models-table\">\n" +
                     head_row({"Model", of + "float", of + "int8", "flash", "memory", "predicted", "90 % interval", "measured",
                               "agreement", "fused", "files"},
                              {false, true, true, true, true, true, true, true, true, true, false}) +
                     "<tbody>\n";
  for (const ReportModel& model : study.models) {
    const auto& predicted = model.predicted_latency_ms;
    html += "<tr data-trial=\"" + std::to_string(model.trial) + "\">" +
            element("th", model.name.empty() ? trial_name(model.trial) : model.name, "scope=\"row\"") +
            optional_cell("accuracy_pct", model.float_score_pct) +
            optional_cell("accuracy_pct", model.int8_score_pct) + optional_cell("weight_bytes", model.weight_bytes) +
            optional_cell("peak_bytes", model.peak_bytes) +
            optional_cell("latency_ms", predicted ? std::optional(predicted->value) : std::nullopt) +
            element("td", predicted ? interval_text(*predicted) : "–", "class=\"number\"") +
            optional_cell("latency_ms", model.measured_latency_ms) +
            optional_cell("agreement_pct", model.agreement_pct) +
            element("td",
                    !model.fused   ? "–"
                    : *model.fused ? "yes"
                                   : "no",
                    "class=\"number\"") +
            files_cell(model) + "</tr>\n";
  }
  return scrolled("The exported models", html + "</tbody></table>\n");
}

std::string predictors_table(const ReportStudy& study) {
  if (study.predictors.empty()) return {};
  std::string html = "<table class=\"predictors-table\">\n" +
                     head_row({"Predictor of", "model", "fitted on", "scored on", "rank correlation", "within 10 %",
                               "inside the 90 % interval"},
                              {false, false, true, true, true, true, true}) +
                     "<tbody>\n";
  for (const ReportPredictor& predictor : study.predictors)
    html += "<tr>" + element("th", predictor.metric, "scope=\"row\"") + element("td", predictor.model) +
            element("td", std::to_string(predictor.train_rows), "class=\"number\"") +
            element("td", std::to_string(predictor.test_rows), "class=\"number\"") +
            optional_cell("", predictor.spearman) + optional_cell("share_pct", predictor.within_10_pct) +
            optional_cell("share_pct", predictor.coverage_90_pct) + "</tr>\n";
  return scrolled("How the predictors score", html + "</tbody></table>\n");
}

/// "at most 20 ms", "5 ms to 20 ms".
std::string wished_range(const Criterion& criterion) {
  const std::string worse = value_text(criterion.name, criterion.soft_limit);
  if (criterion.enough) return value_text(criterion.name, criterion.enough) + " to " + worse;
  return (criterion.goal == Goal::minimize ? "at most " : "at least ") + worse;
}

std::string facts_html(const ReportStudy& study) {
  std::string html = "<ul class=\"facts\">\n";
  const auto fact = [&](std::string_view value, std::string_view label) {
    html += "<li>" + element("b", value) + " " + element("span", label) + "</li>\n";
  };
  if (!study.picks.empty())
    for (std::size_t i = 0; i < study.criteria.size(); ++i) {
      const Criterion& criterion = study.criteria[i];
      fact(value_text(criterion, study.picks.front().trial, i),
           quantity_label(criterion.name) +
               (criterion.limit ? ", limit " + value_text(criterion.name, criterion.limit) : "") +
               (criterion.soft_limit ? ", wished for " + wished_range(criterion) : ""));
    }
  std::string told = "in " + duration_text(study.seconds);
  for (const TrialState state : {TrialState::infeasible, TrialState::pruned, TrialState::failed})
    if (const auto count = std::count_if(study.trials.begin(), study.trials.end(),
                                         [&](const Trial& trial) { return trial.state == state; });
        count > 0)
      told += ", " + std::to_string(count) + " " + std::string(state_name(state));
  fact(counted(study.trials.size(), "trial", "trials"), told);
  return html + "</ul>\n";
}

std::string again_section(const ReportStudy& study) {
  std::string rows;
  const auto row = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) rows += element("dt", name) + element("dd", value) + "\n";
  };
  row("searcher", study.algorithm);
  row("seed", std::to_string(study.seed));
  row("threads", std::to_string(study.threads));
  row("host", study.host);
  row("version", study.version);
  std::string body = "<dl class=\"values\">\n" + rows + "</dl>\n";
  if (!study.command.empty()) body = "<pre><code>" + escaped(study.command) + "</code></pre>\n" + body;
  if (!study.yaml.empty())
    body += "<details><summary>The study as it was run</summary>\n<pre><code>" + escaped(study.yaml) +
            "</code></pre>\n</details>\n";
  return section("again", "How do I run it again?",
                 "The same seed gives the same trials on the same kind of processor.", body);
}

std::string notes_html(const ReportStudy& study) {
  std::string html;
  for (const std::string& note : study.notes) html += element("li", note) + "\n";
  return html.empty() ? html : "<ul class=\"notes\">\n" + html + "</ul>\n";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      case '\0':
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string comparison_html(const std::vector<ReportStudy>& studies, const std::vector<std::vector<double>>& shared) {
  const auto volume = [&](std::size_t i) { return shared[i].empty() ? 0 : shared[i].back(); };
  std::string rows, answer = "The studies have different objectives, so their fronts have no common measure.";
  std::size_t best = 0;
  for (std::size_t i = 0; i < studies.size(); ++i) {
    const ReportStudy& study = studies[i];
    if (!shared.empty() && volume(i) > volume(best)) best = i;
    const auto number = [](std::size_t count) { return element("td", std::to_string(count), "class=\"number\""); };
    rows +=
        "<tr>" + element("th", study.name, "scope=\"row\"") + element("td", study.algorithm) + number(study.seed) +
        number(study.trials.size()) + number(study.front.size()) + number(fitting(study)) +
        element("td", shared.empty() ? "–" : quantity_text("", volume(i), 4), "class=\"number\"") +
        element("td", duration_text(study.seconds), "class=\"number\"") +
        element("td", study.picks.empty() ? "–" : values_words(study, study.picks.front().trial), "class=\"words\"") +
        "</tr>\n";
  }
  if (!shared.empty())
    answer = studies[best].name + " dominates the most: " + quantity_text("", volume(best), 4) +
             " of the volume, in bounds that all studies share, after " +
             counted(studies[best].trials.size(), "trial", "trials") + ".";
  if (studies.size() > most_told) answer += " Each study has a page of its own beside its trials.";
  const std::string table =
      "<table class=\"comparison-table\">\n" +
      head_row({"Study", "searcher", "seed", "trials", "front", "fit", "hypervolume", "time", "first pick"},
               {false, false, true, true, true, true, true, true, false}) +
      "<tbody>\n" + rows + "</tbody></table>\n";
  return section("comparison", "Which study found the better front?", answer,
                 (shared.empty() || studies.size() > most_told ? "" : drawing("comparison")) +
                     scrolled("The studies compared", table));
}

std::string study_html(const ReportStudy& study, std::size_t position, bool alone) {
  std::string html = "<article class=\"study\" data-study=\"" + std::to_string(position) + "\">\n";
  html += "<header>\n" + element("p", study.name + (study.host.empty() ? "" : " · " + study.host), "class=\"kicker\"") +
          element(alone ? "h1" : "h2", verdict(study)) + "\n" + element("p", verdict_detail(study), "class=\"lead\"") +
          element("p", study.description, "class=\"answer\"") + facts_html(study) + notes_html(study) + "</header>\n";
  html += section("tradeoff", "Which trade-off suits you?", span_words(study), drawing("tradeoff"));
  html += picks_section(study);
  html += section("model", "What does the selected model look like?", "", drawing("model"));
  html += section("trust", "Can the numbers be trusted?", trust_words(study),
                  drawing("trust") + models_table(study) + predictors_table(study) + estimates_table(study));
  html += section("length", "Was the search long enough?", length_words(study), drawing("hypervolume"));
  if (!study.decisions.empty())
    html += section("shared", "What do the good ones share?", shared_words(study), drawing("shared"));
  return html + front_section(study) + again_section(study) + "</article>\n";
}

}  // namespace paretoforge::internal
