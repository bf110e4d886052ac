// Fashion-MNIST: IDX files (LeCun's format for MNIST), gzipped or plain.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "trainers/data_files_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t largest_file = std::size_t{1} << 32;  // a damaged header must not fill the memory

class IdxFile {
 public:
  explicit IdxFile(const std::filesystem::path& path) : path_(path), file_(gzopen(path.c_str(), "rb"), &gzclose) {
    if (!file_) throw DataError(path_, "cannot be opened");
  }

  /// The big-endian numbers of the header: magic, then sizes.
  std::uint32_t header_number() {
    const auto bytes = read(4);
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
  }

  /// Exactly `count` bytes. Grows as it reads: what a truncated file promises is not allocated.
  std::vector<std::uint8_t> read(std::size_t count) {
    std::vector<std::uint8_t> bytes;
    while (bytes.size() < count) {
      const std::size_t begin = bytes.size(), part = std::min(count - begin, std::size_t{1} << 20);
      bytes.resize(begin + part);
      const int got = gzread(file_.get(), bytes.data() + begin, static_cast<unsigned>(part));
      if (got < 0) fail_reading();
      if (static_cast<std::size_t>(got) < part)
        throw DataError(path_, "is truncated: " + promised(count, begin + static_cast<std::size_t>(got)));
    }
    return bytes;
  }

  void expect_end() {
    char byte = 0;
    const int got = gzread(file_.get(), &byte, 1);
    if (got < 0) fail_reading();
    if (got > 0) throw DataError(path_, "is longer than its header says");
  }

 private:
  static std::string promised(std::size_t count, std::size_t got) {
    return std::to_string(count) + " bytes expected, " + std::to_string(got) + " found";
  }
  [[noreturn]] void fail_reading() {
    int code = 0;
    const std::string message = gzerror(file_.get(), &code);
    throw DataError(path_, code == Z_BUF_ERROR ? "is truncated: the gzip stream ends early" : "is damaged: " + message);
  }

  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

std::filesystem::path gzipped_or_plain(const std::filesystem::path& folder, const std::string& name) {
  const auto gzipped = folder / (name + ".gz");
  if (std::filesystem::exists(gzipped)) return gzipped;
  if (std::filesystem::exists(folder / name)) return folder / name;
  throw DataError(gzipped, "no such file (Debian's package dataset-fashion-mnist brings it)");
}

void expect_magic(const std::filesystem::path& path, std::uint32_t found, std::uint32_t expected) {
  if (found != expected)
    throw DataError(path, "is no IDX file of " + std::string(expected == 0x803 ? "images" : "labels") +
                              ": magic number " + std::to_string(found) + " instead of " + std::to_string(expected));
}

void read_images(const std::filesystem::path& path, Images& images) {
  IdxFile file(path);
  expect_magic(path, file.header_number(), 0x803);
  std::array<std::size_t, 3> sizes{};
  for (auto& size : sizes) size = file.header_number();
  const auto [count, height, width] = sizes;
  if (count == 0) throw DataError(path, "holds no image");
  if (height == 0 || width == 0 || height > 4096 || width > 4096 || count > largest_file / (height * width))
    throw DataError(path, "has images of an impossible size: " + std::to_string(count) + " of " +
                              std::to_string(height) + "x" + std::to_string(width));
  images.shape = {1, static_cast<std::int32_t>(height), static_cast<std::int32_t>(width)};
  images.pixels = file.read(count * height * width);
  file.expect_end();
}

void read_labels(const std::filesystem::path& path, std::size_t classes, std::size_t count, Images& images) {
  IdxFile file(path);
  expect_magic(path, file.header_number(), 0x801);
  const std::size_t found = file.header_number();
  if (found != count)
    throw DataError(path, "holds " + std::to_string(found) + " labels for " + std::to_string(count) + " images");
  images.labels = file.read(count);
  file.expect_end();
  for (std::size_t i = 0; i < count; ++i)
    if (images.labels[i] >= classes)
      throw DataError(path, "label " + std::to_string(images.labels[i]) + " of image " + std::to_string(i) +
                                " is out of range: there are " + std::to_string(classes) + " classes");
}

Images read_part(const std::filesystem::path& folder, const std::string& prefix, std::size_t classes) {
  Images images;
  read_images(gzipped_or_plain(folder, prefix + "-images-idx3-ubyte"), images);
  const std::size_t count = images.pixels.size() / static_cast<std::size_t>(images.shape.elements());
  read_labels(gzipped_or_plain(folder, prefix + "-labels-idx1-ubyte"), classes, count, images);
  return images;
}

}  // namespace

Dataset read_fashion_mnist(const std::filesystem::path& folder) {
  Dataset data;
  data.name = "fashion-mnist";
  data.classes = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                  "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  data.train = read_part(folder, "train", data.classes.size());
  data.test = read_part(folder, "t10k", data.classes.size());
  data.shape = data.train.shape;
  if (data.test.shape != data.shape)
    throw DataError(folder,
                    "training images are " + to_string(data.shape) + ", test images " + to_string(data.test.shape));
  return data;
}

}  // namespace paretoforge
