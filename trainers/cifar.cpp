// CIFAR-10: binary records of one label byte and 32 x 32 pixels as three planes (red, green, blue).
#include <fstream>

#include "trainers/data_files_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t plane = 32 * 32, record = 1 + 3 * plane;

std::vector<std::uint8_t> read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const std::string packed = path.string() + ".xz";
    throw DataError(path, std::filesystem::exists(packed) ? "is still compressed: decompress it first, xz -dk " + packed
                                                          : "no such file");
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void append_records(const std::filesystem::path& path, std::size_t classes, Images& images) {
  const auto bytes = read_whole(path);
  if (bytes.empty() || bytes.size() % record != 0)
    throw DataError(path, "is truncated: " + std::to_string(bytes.size()) +
                              " bytes are no whole number of records of " + std::to_string(record));
  for (std::size_t begin = 0; begin < bytes.size(); begin += record) {
    if (bytes[begin] >= classes)
      throw DataError(path, "label " + std::to_string(bytes[begin]) + " of record " + std::to_string(begin / record) +
                                " is out of range: there are " + std::to_string(classes) + " classes");
    images.labels.push_back(bytes[begin]);
    const std::uint8_t* planes = bytes.data() + begin + 1;
    for (std::size_t pixel = 0; pixel < plane; ++pixel)
      for (std::size_t channel = 0; channel < 3; ++channel) images.pixels.push_back(planes[channel * plane + pixel]);
  }
}

}  // namespace

Dataset read_cifar10(const std::filesystem::path& folder) {
  Dataset data;
  data.name = "cifar10";
  data.shape = data.train.shape = data.test.shape = {3, 32, 32};
  data.classes = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
  for (int batch = 1; batch <= 5; ++batch)
    append_records(folder / ("data_batch_" + std::to_string(batch) + ".bin"), data.classes.size(), data.train);
  append_records(folder / "test_batch.bin", data.classes.size(), data.test);
  return data;
}

}  // namespace paretoforge
