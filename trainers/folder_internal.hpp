// Folders of files, one sample a file: which files there are, their classes, and which part each belongs to. Not
// public.
#pragma once

#include <functional>
#include <initializer_list>
#include <string_view>

#include "trainers/data_files_internal.hpp"

namespace paretoforge {

/// Reads one file and appends its sample. Throws DataError where the file is damaged.
using ReadSample = std::function<void(const std::filesystem::path& file, Images& samples)>;

/// The data set of a section with the keys folder, table, label, target, group, classes, test, validation and damaged, of files with these
/// endings (lower case, with the dot). Damaged files are left out, named and counted; more than the share that
/// `damaged` allows (1 % unless said) are refused.
Dataset read_folder(const Config& section, std::initializer_list<std::string_view> endings, const Shape& shape,
                    const ReadSample& read);

}  // namespace paretoforge
