// report: one page for a study, or several compared.
#include <iostream>

#include "experiments/command_internal.hpp"
#include "experiments/files.hpp"
#include "experiments/report_study.hpp"

namespace paretoforge {
namespace {

/// What is replaced by a page was one.
void require_page(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path) || std::filesystem::file_size(path) == 0) return;
  const std::string there = read_file(path);
  if (there.starts_with("<!DOCTYPE html>") && there.find("· Paretoforge</title>") != std::string::npos) return;
  throw ConfigError("error: " + path.string() + " is no report, and would be replaced by one\n   = give --out another name");
}

int report(const std::vector<std::string>& folders, const std::string& out) {
  const std::filesystem::path page = !out.empty() ? std::filesystem::path(out) : folders.size() == 1 ? std::filesystem::path(folders[0]) / "report.html" : "report.html";
  std::vector<ReportStudy> studies;
  for (const std::string& folder : folders) studies.push_back(read_report_study(folder));
  require_writable(page);
  require_page(page);
  write_file(page, report_html(studies));
  std::cout << "report  " << page.string() << '\n';
  return exit_done;
}

}  // namespace

void add_report(CLI::App& app, Run& run) {
  struct Options {
    std::vector<std::string> folders;
    std::string out;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("report", "Write a page on a study, or on several compared");
  command->add_option("folders", options->folders, "Folders of studies")->required();
  command->add_option("--out", options->out, "The page; by default report.html in the study's folder, or here where there are several");
  command->callback([options, &run] { run = [options] { return report(options->folders, options->out); }; });
}

}  // namespace paretoforge
