// Running a study in its folder: measuring the host first where it asks for it, the search, the files it leaves.
#pragma once

#include <filesystem>

#include "experiments/progress.hpp"
#include "experiments/signals.hpp"
#include "experiments/study_file.hpp"
#include "search/store.hpp"
#include "search/study.hpp"

namespace paretoforge {

/// How many trials run side by side where nobody says: one per processor.
unsigned default_threads();

/// Opens the study's folder (refusing another study's) and writes study.yaml into it. A study that asks for fewer trials
/// than the folder holds asks for those from then on, and has a note that says so.
Store open_study(StudyFile& study, const std::filesystem::path& folder);

/// Measures and fits the host into folder/host.csv and folder/host.yaml unless that was done before. Returns false
/// where it was stopped.
bool prepare_host(StudyFile& study, const std::filesystem::path& folder, Progress& progress, const std::atomic<bool>& stop);

/// A study of networks that keep the limits of the cheap objectives, drawn at random, in folder/reference: the reference of an
/// objective with `ranks:`. Returns false where it was stopped. Throws std::runtime_error where too few could be trained.
bool prepare_reference(StudyFile& study, const std::filesystem::path& folder, unsigned threads, Progress& progress, const std::atomic<bool>& stop);

/// How many trials failed, and why the first did; empty where none did. `table`: where all are to be read.
std::string failures(const std::vector<Trial>& trials, const std::string& table);

/// The search itself; writes trials.csv and front.csv when it ends, however it ends.
StudyState run_search(StudyFile& study, Store& store, const std::filesystem::path& folder, unsigned threads, Progress& progress, const std::atomic<bool>& stop);

}  // namespace paretoforge
