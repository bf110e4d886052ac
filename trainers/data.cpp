// The tables of data sets and of forms of data, and where their files are looked for.
#include "trainers/data.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "configs/paths.hpp"
#include "trainers/data_files_internal.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

constexpr std::array<DatasetKind, 3> kinds{{
    {"fashion-mnist", "70,000 grey images of clothes, 28x28, 10 classes", "/usr/share/datasets/fashion-mnist",
     read_fashion_mnist},
    {"cifar10", "60,000 colour images, 32x32, 10 classes", "", read_cifar10},
    {"fsdd", "3,000 recordings of spoken digits, 8 kHz, 6 speakers, 10 classes; as features", "", read_fsdd},
}};

constexpr std::array<DataForm, 6> forms{{
    {"npy", "NumPy arrays: .npy files, or arrays of an .npz file", read_npy},
    {"csv", "tables of numbers: a row is a sample, or rows are windows of time series", read_csv},
    {"idx", "IDX files, as MNIST's", read_idx},
    {"records", "binary records of a label and a sample, as CIFAR's", read_records},
    {"images", "a folder of PNG and JPEG files, one folder a class, or labels and targets from a table", read_image_folder},
    {"wav", "a folder of WAV files, as log-mel, MFCC or samples; labelled as images are", read_wav_folder},
}};

/// The keys of a data section that hold paths, wherever in it they stand.
constexpr std::array<std::string_view, 12> path_keys{"path",    "folder", "list", "checksums",  "samples", "labels",
                                                     "targets", "train",  "test", "validation", "file",    "table"};

template <class Table>
const typename Table::value_type* find_row(const Table& table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.name == name; });
  return found == table.end() ? nullptr : &*found;
}

template <class Table>
std::vector<std::string> names(const Table& table) {
  std::vector<std::string> all;
  for (const auto& row : table) all.emplace_back(row.name);
  return all;
}

fs::path environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? fs::path() : fs::path(value);
}

fs::path default_folder(const DatasetKind& kind) {
  if (kind.name == "fashion-mnist")
    if (auto folder = environment("PARETOFORGE_FASHION_MNIST"); !folder.empty()) return folder;
  if (!kind.folder.empty()) return kind.folder;
  if (auto data = environment("PARETOFORGE_DATA"); !data.empty()) return data / kind.name;
  throw DataError(kind.name,
                  "no folder is given for this data set: set path, or the environment variable "
                  "PARETOFORGE_DATA to the folder that holds it");
}

Dataset read(const DatasetKind& kind, const fs::path& folder, const Config* section) {
  const auto place = folder.empty() ? default_folder(kind) : folder;
  if (!fs::is_directory(place)) throw DataError(place, "no such folder (data set " + std::string(kind.name) + ")");
  return kind.read(place, section);
}

Dataset with_digest(Dataset data) {
  data.digest = digest_of(data);
  return data;
}

Dataset load_named(const Config& config) {
  if (config.is_map() && !config.has("name"))
    config.fail("data needs 'name' or 'kind'",
                "such as  data: fashion-mnist,  {name: cifar10, path: FOLDER}  or  {kind: csv, train: ..., test: ..., "
                "label: ...}");
  const Config name = config.is_map() ? config.at("name") : config;
  const auto path = config.is_map() ? config.find("path") : std::nullopt;
  const auto* kind = find_row(kinds, name.one_of(names(kinds)));
  if (config.is_map()) {
    if (kind->name == "fsdd")
      config.allow({"name", "path", "checksums", "features"});
    else
      config.allow({"name", "path", "checksums"});
    if (const auto list = config.find("checksums")) check_sums(*list);
  }
  return located(path ? *path : name, [&] {
    return read(*kind, path ? data_path(*path) : fs::path(), config.is_map() ? &config : nullptr);
  });
}

}  // namespace

std::span<const DatasetKind> datasets() { return kinds; }
std::span<const DataForm> data_forms() { return forms; }

Dataset load_dataset(const std::string& name, const fs::path& folder) {
  const auto* kind = find_row(kinds, name);
  if (kind == nullptr) {
    const auto near = nearest_name(name, names(kinds));
    throw ConfigError("error: unknown data set '" + name + "'" +
                      (near.empty() ? "" : "\n   = did you mean '" + near + "'?"));
  }
  try {
    return with_digest(read(*kind, folder, nullptr));
  } catch (const DataError& problem) {
    throw ConfigError(std::string("error: ") + problem.what());
  }
}

Dataset load_dataset(const Config& config) {
  const auto kind = config.is_map() ? config.find("kind") : std::nullopt;
  if (!kind) return with_digest(load_named(config));
  const auto* form = find_row(forms, kind->one_of(names(forms)));
  if (const auto list = config.find("checksums")) check_sums(*list);
  return with_digest(located(*kind, [&] { return form->read(config); }));
}

fs::path data_path(const Config& value) { return fs::path(value.place().file).parent_path() / value.text(); }

std::vector<fs::path> data_paths(const Config& value) {
  if (!value.is_list()) return {data_path(value)};
  std::vector<fs::path> paths;
  for (const Config& item : value.items()) paths.push_back(data_path(item));
  if (paths.empty()) value.fail(value.title() + " lists no file");
  return paths;
}

Config absolute_data(const Config& data, const fs::path& base) { return absolute_paths(data, path_keys, base); }

}  // namespace paretoforge
