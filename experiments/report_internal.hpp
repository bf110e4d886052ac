// The parts of the report: its data, its sentences, its tables. Private: shared by the report's sources alone.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/report.hpp"
#include "search/pareto.hpp"

namespace paretoforge::internal {

// Compiled in from experiments/report/: the style, the scripts joined, and their SHA-256 in hexadecimal.
extern const std::string_view report_style, report_script;
extern const std::string_view report_style_sha256, report_script_sha256;

// report_data.cpp
struct SearcherRuns;
/// `shared` as from shared_hypervolumes, `groups` as from searcher_groups.
std::string report_json(const std::vector<ReportStudy>& studies, const std::vector<std::vector<double>>& shared,
                        const std::vector<SearcherRuns>& groups);
/// With a header that holds neither time nor name.
std::string gzip(std::string_view bytes);
std::string base64(std::string_view bytes);
/// A hexadecimal SHA-256 as a source of a Content-Security-Policy: 'sha256-...'.
std::string policy_source(std::string_view sha256);

// report_words.cpp: each answers one question in a sentence or two, as plain text.
/// "1 model", "9 models"; thousands are grouped: "20,000 trials".
std::string counted(std::size_t count, std::string_view one, std::string_view many);
/// 41 as "#41".
std::string trial_name(std::uint64_t number);
/// Percentages with four digits, all else with three; "–" where there is none.
std::string value_text(std::string_view name, const std::optional<double>& value);
std::string value_text(const Criterion& criterion, const Trial& trial, std::size_t objective);
/// "0.31 ms latency, 14 KiB memory".
std::string values_words(const ReportStudy& study, const Trial& trial);
std::size_t fitting(const ReportStudy& study);
/// Where nothing fits a pick's reason is a sentence of its own; in tables and pictures it is short.
std::string pick_reason(const ReportStudy& study, const Pick& pick);
std::string verdict(const ReportStudy& study);
std::string verdict_detail(const ReportStudy& study);
std::string span_words(const ReportStudy& study);
std::string trust_words(const ReportStudy& study);
std::string length_words(const ReportStudy& study);
std::string shared_words(const ReportStudy& study);

// report_sections.cpp: HTML.
/// The text with & < > " ' as entities.
std::string escaped(std::string_view text);
std::string element(std::string_view tag, std::string_view text, std::string_view attributes = {});
/// A part of a study: a question, its answer, and what shows it. `kind` is where the script finds it.
std::string section(std::string_view kind, std::string_view question, std::string_view answer, std::string_view body);
std::string scrolled(std::string_view label, std::string_view table);
/// The place where the script draws a picture of that kind.
std::string drawing(std::string_view kind);
/// `numbers` says which columns are set to the right.
std::string head_row(const std::vector<std::string>& columns, const std::vector<bool>& numbers);
/// report_estimates.cpp; both empty where there are none.
std::string estimate_trust(const ReportStudy& study);
std::string estimates_table(const ReportStudy& study);
std::string comparison_html(const std::vector<ReportStudy>& studies, const std::vector<std::vector<double>>& shared);
std::string study_html(const ReportStudy& study, std::size_t position, bool alone);

/// Whether hypervolumes of the studies can share their bounds: same names and goals in the same order.
bool comparable(const std::vector<ReportStudy>& studies);
/// The criteria of studies that can be compared: limits may differ and say nothing, references only where all agree.
std::vector<Criterion> shared_criteria(const std::vector<ReportStudy>& studies);
/// Per study the hypervolume after each trial, in bounds from the complete trials of all; empty unless comparable.
std::vector<std::vector<double>> shared_hypervolumes(const std::vector<ReportStudy>& studies);

// report_searchers.cpp: studies of one problem as runs of searchers, whom seeds alone tell apart.
/// What at least a quarter, half and three quarters of a group's runs reach.
inline constexpr std::array<double, 3> attained_shares{0.25, 0.5, 0.75};

struct SearcherRuns {
  std::string settings;              ///< the search settings that its studies share
  std::vector<std::size_t> studies;  ///< their positions, in order of seed; one per seed
  /// After 1, 2, ... trials that count, up to the fewest that any study has: the shared hypervolume of each run.
  std::vector<std::vector<double>> hypervolume;
  std::vector<Costs> fronts;  ///< of each run after as many trials
  /// The hypervolume that at least this share of its runs reach after `trials` trials; 0 after none.
  double reached(double share, std::size_t trials) const;
  std::size_t trials() const { return hypervolume.empty() ? 0 : hypervolume[0].size(); }
};
/// Groups by settings, in order of appearance. None where the studies are not comparable, not of one space and
/// objectives, or where no group has two seeds.
std::vector<SearcherRuns> searcher_groups(const std::vector<ReportStudy>& studies,
                                          const std::vector<std::vector<double>>& shared);
/// How two of them differ in final hypervolume: over the seeds that both have, or, with fewer than two of those, over all runs.
struct SearcherPair {
  std::size_t first, second;                    ///< positions among the groups
  std::size_t seeds = 0, wins = 0, losses = 0;  ///< of the first
  double superiority = 0.5;                     ///< how often a run of the first is better than one of the second, of all such pairs
  std::size_t fewest = 0;                       ///< runs of the group that has fewer
  double p_value = 1;  ///< of the signed-rank test, or of the rank-sum test over all runs, adjusted for all pairs by Holm's method
  bool paired() const { return seeds > 1; }
};
std::vector<SearcherPair> searcher_pairs(const std::vector<ReportStudy>& studies,
                                         const std::vector<SearcherRuns>& groups);
std::string searcher_words(const std::vector<SearcherRuns>& groups, const std::vector<SearcherPair>& pairs);
/// Empty where there are no groups.
std::string searchers_html(const std::vector<ReportStudy>& studies, const std::vector<SearcherRuns>& groups);

}  // namespace paretoforge::internal
