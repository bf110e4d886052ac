// The readers of data sets, each fed with one file of a data set whose other files are good.
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>

#include "configs/temporary_folder.hpp"
#include "readers.hpp"
#include "trainers/data.hpp"

namespace paretoforge::fuzz {
namespace {

namespace fs = std::filesystem;

/// What holds for every data set, whoever wrote it.
void use(const Dataset& data) {
  for (const Images* part : {&data.train, &data.test}) {
    const auto elements = static_cast<std::size_t>(part->shape.elements());
    if (part->size() == 0 || part->shape.elements() != data.shape.elements()) std::abort();
    if (part->pixels.size() + part->values.size() != part->size() * elements) std::abort();
    for (const Label label : part->labels)
      if (label >= data.classes.size()) std::abort();
    for (const float value : part->values)
      if (!std::isfinite(value)) std::abort();
  }
  if (data.shape.elements() > 10'000) return;  // large images are slow, not wrong
  for (const float deviation : normalisation(data.train).deviation)
    if (!(deviation > 0)) std::abort();
  if (resized(data.train, 5, 3).size() != data.train.size()) std::abort();
}

class Folder {
 public:
  fs::path write(const fs::path& name, std::string_view bytes) const {
    const fs::path path = folder_.path() / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  void remove(const fs::path& name) const { fs::remove(folder_.path() / name); }

  bool read(const std::string& section) const {
    try {
      use(load_dataset(Config::parse("data: " + section, (folder_.path() / "study.yaml").string()).at("data")));
    } catch (const ConfigError&) {
      return false;
    }
    return true;
  }

 private:
  TemporaryFolder folder_;
};

constexpr std::string_view four_labels_npy(
    "\x93NUMPY\x01\0\x39\0{'descr': '|u1', 'fortran_order': False, 'shape': (4,),}\n\0\1\0\1", 71);
constexpr std::string_view four_labels_idx("\0\0\x08\x01\0\0\0\x04\0\1\0\1", 12);

}  // namespace

bool feed_npy(std::string_view bytes) {
  static const Folder folder;
  folder.write("labels.npy", four_labels_npy);
  const bool archive = bytes.starts_with("PK");
  folder.write(archive ? "x.npz" : "x.npy", bytes);
  if (archive) return folder.read("{kind: npy, train: {samples: 'x.npz:x', labels: 'x.npz:y'}, test: {share: 0.5}}");
  return folder.read("{kind: npy, train: {samples: x.npy, labels: labels.npy}, test: {share: 0.5}}");
}

bool feed_csv(std::string_view bytes) {
  static const Folder folder;
  folder.write("x.csv", bytes);
  const bool windows = folder.read("{kind: csv, train: x.csv, test: {share: 0.5}, label: y, group: g, window: {length: 2, step: 1}}");
  return folder.read("{kind: csv, train: x.csv, test: {share: 0.5}, label: y}") || windows;
}

/// Packed files too: gzip and xz are told by their first bytes.
bool feed_idx(std::string_view bytes) {
  static const Folder folder;
  folder.write("labels.idx", four_labels_idx);
  folder.write("x.idx", bytes);
  return folder.read("{kind: idx, train: {samples: x.idx, labels: labels.idx}, test: {share: 0.5}}");
}

bool feed_records(std::string_view bytes) {
  static const Folder folder;
  folder.write("x.bin", bytes);
  return folder.read("{kind: records, train: x.bin, test: {share: 0.5}, sizes: [2, 2], layout: hw}");
}

/// The one file in both classes, twice each.
bool feed_picture(std::string_view bytes) {
  static const Folder folder;
  const std::string ending = bytes.starts_with("\x89PNG") ? ".png" : ".jpg", other = ending == ".png" ? ".jpg" : ".png";
  for (const char* name : {"p/a/1", "p/a/2", "p/b/1", "p/b/2"}) {
    folder.remove(name + other);
    folder.write(name + ending, bytes);
  }
  const bool squeezed = folder.read("{kind: images, folder: p, size: [4, 4], test: {share: 0.5}}");
  return folder.read("{kind: images, folder: p, size: [3, 5], channels: 1, fit: crop, damaged: 1, test: {share: 0.5}}") || squeezed;
}

bool feed_wav(std::string_view bytes) {
  static const Folder folder;
  for (const char* name : {"w/a/1.wav", "w/a/2.wav", "w/b/1.wav", "w/b/2.wav"}) folder.write(name, bytes);
  const bool plain = folder.read("{kind: wav, folder: w, test: {share: 0.5}, features: {kind: samples, sample_rate: 8000, length: 20ms}}");
  return folder.read("{kind: wav, folder: w, damaged: 1, test: {share: 0.5}, features: {sample_rate: 8000, length: 60ms}}") || plain;
}

}  // namespace paretoforge::fuzz
