// What the readers of data sets share: files, errors, the parts of a data set before they are one. Not public.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "trainers/data.hpp"

namespace paretoforge {

/// What is wrong with a file of a data set.
class DataError : public std::runtime_error {
 public:
  DataError(const std::filesystem::path& file, const std::string& problem)
      : std::runtime_error(file.string() + ": " + problem) {}
};

/// Runs `work`; what it finds wrong with a file becomes a ConfigError at `where`.
template <class Work>
auto located(const Config& where, Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const DataError& problem) {
    where.fail(problem.what());
  } catch (const std::filesystem::filesystem_error& problem) {
    where.fail(problem.what());
  } catch (const std::bad_alloc&) {
    where.fail("these data do not fit in memory", "only its largest arrays lie in files; PARETOFORGE_LARGEST_IN_MEMORY=256MiB puts smaller ones there too");
  }
}

using Bytes = LargeVector<std::uint8_t>;

/// The file itself, or where it is absent NAME.gz or NAME.xz.
std::filesystem::path present_file(const std::filesystem::path& name);
/// That file whole, unpacked where it begins as gzip or xz do. Throws DataError: absent, damaged, cut short, or above
/// 16 GiB unpacked.
Bytes read_data_file(const std::filesystem::path& path);

/// The path that a value names, relative to the file it stands in.
std::filesystem::path data_path(const Config& value);
/// A path or a list of paths.
std::vector<std::filesystem::path> data_paths(const Config& value);

/// A training, validation or test part as read: its labels are still names.
struct Part {
  Images samples;                     ///< without labels, with targets
  std::vector<std::string> names;     ///< one per sample: what its label is called; of a regression empty texts
  std::vector<std::uint32_t> groups;  ///< samples of one group are not torn apart by a split; empty: each by itself
  std::vector<std::string> notes;
  bool numbered = false;  ///< the names are positions in the list of classes
  std::vector<std::string> targets = {};  ///< of a regression: the names of its targets
  std::map<std::string, std::string> first_places = {};  ///< by label: where it first stands in what was read, FILE:LINE or a file; of kinds that know

  std::size_t size() const { return names.size(); }
};

/// By less than this nothing can be divided in float32.
inline constexpr double least_deviation = 1e-36;

/// True for {share: ..., seed: ...}: a part that is drawn from the training part.
bool is_drawn(const Config& part);

/// One data set of its parts. Parts that are absent are drawn from the training part where the section's `test` and
/// `validation` say so, each class in the same share; the test part first. Reads `classes` too. Throws ConfigError at
/// the section: a class without a training sample, a label that is no class, a target that is constant, parts of different
/// shapes, no sample.
Dataset joined(const Config& section, Part train, std::optional<Part> validation, std::optional<Part> test);
/// The same of a section whose `train`, `test` and `validation` each name files.
Dataset joined(const Config& section, const std::function<Part(const Config&)>& read);

/// The samples of a numbered part of a data set whose classes are known, though not all of them need occur. Throws
/// DataError at `file`: a label beyond them.
Images labelled(Part part, std::size_t classes, const std::filesystem::path& file);

/// Digest of all samples, labels and classes.
std::uint64_t digest_of(const Dataset& data);

/// Refuses, as ConfigError at `list`, a file that is not what `list` (lines of sha256sum) says it is.
void check_sums(const Config& list);

Dataset read_fashion_mnist(const std::filesystem::path& folder, const Config* section);
Dataset read_cifar10(const std::filesystem::path& folder, const Config* section);
Dataset read_fsdd(const std::filesystem::path& folder, const Config* section);

Dataset read_npy(const Config& section);
Dataset read_csv(const Config& section);
Dataset read_idx(const Config& section);
Dataset read_records(const Config& section);
Dataset read_image_folder(const Config& section);
Dataset read_wav_folder(const Config& section);

}  // namespace paretoforge
