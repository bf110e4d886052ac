// models.json in a study's folder: what was found of the models made from its front, for the report.
#pragma once

#include <filesystem>
#include <vector>

#include "experiments/finish.hpp"
#include "experiments/report.hpp"

namespace paretoforge {

/// Writes the figures of finished models; those of other bundles that the file holds already stay. A damaged file is
/// begun anew.
void save_figures(const std::filesystem::path& file, const std::vector<FinishedModel>& models, const std::string& bundle_folder);

/// The models of the file, without layers; empty where there is no file. Throws ConfigError where it is damaged.
std::vector<ReportModel> load_figures(const std::filesystem::path& file);

/// A fact that the manifest of a bundle holds; empty where there is none.
std::string bundle_fact(const std::filesystem::path& bundle, const std::string& fact);

}  // namespace paretoforge
