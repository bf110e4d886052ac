// The parts of the report: its data, its sentences, its tables. Private: shared by the report's sources alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "experiments/report.hpp"

namespace paretoforge::internal {

// Compiled in from experiments/report/: the style, the scripts joined, and their SHA-256 in hexadecimal.
extern const std::string_view report_style, report_script;
extern const std::string_view report_style_sha256, report_script_sha256;

// report_data.cpp
/// `shared` as from shared_hypervolumes.
std::string report_json(const std::vector<ReportStudy>& studies, const std::vector<std::vector<double>>& shared);
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
std::string comparison_html(const std::vector<ReportStudy>& studies, const std::vector<std::vector<double>>& shared);
std::string study_html(const ReportStudy& study, std::size_t position, bool alone);

/// Whether hypervolumes of the studies can share their bounds: same names and goals in the same order.
bool comparable(const std::vector<ReportStudy>& studies);
/// Per study the hypervolume after each trial, in bounds from the complete trials of all; empty unless comparable.
std::vector<std::vector<double>> shared_hypervolumes(const std::vector<ReportStudy>& studies);

}  // namespace paretoforge::internal
