// The page around the sections: head, policy, data and script.
#include "experiments/report.hpp"

#include "experiments/report_internal.hpp"

namespace paretoforge {

namespace {

using namespace internal;

std::string head(const std::string& title) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src " +
         policy_source(report_script_sha256) + "; style-src " + policy_source(report_style_sha256) +
         "; base-uri 'none'; form-action 'none'\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
         escaped(title) + "</title>\n<style>" + std::string(report_style) + "</style>\n</head>\n";
}

std::string title_of(const std::vector<ReportStudy>& studies) {
  std::string names;
  if (studies.size() > most_told) return counted(studies.size(), "study", "studies") + " compared · Paretoforge";
  for (const ReportStudy& study : studies) names += (names.empty() ? "" : ", ") + study.name;
  return names + " · Paretoforge";
}

}  // namespace

std::string report_html(const std::vector<ReportStudy>& studies) {
  std::string html = head(title_of(studies)) + "<body>\n<main>\n";
  const bool alone = studies.size() == 1;
  const auto shared = shared_hypervolumes(studies);
  const auto groups = searcher_groups(studies, shared);
  if (!alone) html += "<header>\n<h1>" + counted(studies.size(), "study", "studies") + " compared</h1>\n</header>\n";
  if (studies.size() > 1) html += searchers_html(studies, groups) + comparison_html(studies, shared);
  if (studies.size() <= most_told)
    for (std::size_t i = 0; i < studies.size(); ++i) html += study_html(studies[i], i, alone);
  html +=
      "</main>\n<footer><p>Made by Paretoforge. This page loads nothing from anywhere: its own policy forbids it."
      "</p></footer>\n<p class=\"hidden\" role=\"status\" aria-live=\"polite\" id=\"said\"></p>\n";
  html += "<script type=\"application/octet-stream\" id=\"data\">" + base64(gzip(report_json(studies, shared, groups))) +
          "</script>\n";
  return html + "<script>" + std::string(report_script) + "</script>\n</body>\n</html>\n";
}

}  // namespace paretoforge
