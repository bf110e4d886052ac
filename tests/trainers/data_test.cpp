// Data sets: files written here, good and bad; splits, resizing, normalisation.
#include "data.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "catch.hpp"
#include "configs/temporary_folder.hpp"
#include "data_files.hpp"
#include "trainers/data.hpp"

using namespace paretoforge;
namespace fs = std::filesystem;

namespace {

using Labels = std::vector<Label>;

/// Three training and two test images of 2x4.
void write_fashion(const fs::path& folder) {
  write_gzip(folder / "train-images-idx3-ubyte.gz", idx(0x803, {3, 2, 4}, counting(24)));
  write_gzip(folder / "train-labels-idx1-ubyte.gz", idx(0x801, {3}, {0, 9, 4}));
  write_bytes(folder / "t10k-images-idx3-ubyte", idx(0x803, {2, 2, 4}, counting(16)));
  write_bytes(folder / "t10k-labels-idx1-ubyte", idx(0x801, {2}, {1, 2}));
}

std::string error_of(const std::string& name, const fs::path& folder) {
  try {
    load_dataset(name, folder);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("IDX files, gzipped and plain") {
  const TemporaryFolder folder;
  write_fashion(folder.path());
  const auto data = load_dataset("fashion-mnist", folder.path());
  CHECK(data.shape == Shape{1, 2, 4});
  CHECK(data.classes.size() == 10);
  CHECK(data.train.labels == Labels{0, 9, 4});
  CHECK(data.train.pixels == counting(24));
  CHECK(data.test.size() == 2);
  CHECK(data.test.image(1)[0] == 8);
}

TEST_CASE("Damaged IDX files are refused with the file's name") {
  const TemporaryFolder folder;
  const auto images = folder.path() / "train-images-idx3-ubyte.gz",
             labels = folder.path() / "train-labels-idx1-ubyte.gz";
  const auto expect = [&](const fs::path& file, const std::string& part) {
    const auto message = error_of("fashion-mnist", folder.path());
    CHECK(message.rfind("error: ", 0) == 0);
    CHECK(message.find(file.string()) != std::string::npos);
    INFO(message);
    CHECK(message.find(part) != std::string::npos);
  };
  SECTION("missing") { expect(images, "no such file"); }
  write_fashion(folder.path());
  SECTION("truncated gzip") {
    // Incompressible, so that cutting the file cuts the stream.
    Bytes noise(5000);
    std::uint32_t state = 1;
    for (auto& byte : noise) byte = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
    write_gzip(images, idx(0x803, {625, 2, 4}, noise));
    fs::resize_file(images, fs::file_size(images) / 2);
    expect(images, "truncated");
  }
  SECTION("truncated content") {
    write_gzip(images, idx(0x803, {3, 2, 4}, counting(23)));
    expect(images, "24 bytes expected, 23 found");
  }
  SECTION("truncated header") {
    write_gzip(images, {0, 0});
    expect(images, "truncated");
  }
  SECTION("empty file") {
    write_bytes(images, {});
    expect(images, "truncated");
  }
  SECTION("too long") {
    write_gzip(images, idx(0x803, {3, 2, 4}, counting(25)));
    expect(images, "longer");
  }
  SECTION("magic") {
    write_gzip(images, idx(0x801, {3, 2, 4}, counting(24)));
    expect(images, "magic number");
  }
  SECTION("no images") {
    write_gzip(images, idx(0x803, {0, 2, 4}, {}));
    expect(images, "no sample");
  }
  SECTION("impossible size") {
    write_gzip(images, idx(0x803, {0xffffffff, 4096, 4096}, {}));
    expect(images, "impossible size");
  }
  SECTION("label out of range") {
    write_gzip(labels, idx(0x801, {3}, {0, 10, 4}));
    expect(labels, "label 10 of sample 1 is out of range");
  }
  SECTION("counts") {
    write_gzip(labels, idx(0x801, {2}, {0, 1}));
    expect(labels, "2 labels for 3 samples");
  }
  SECTION("parts of different shape") {
    write_bytes(folder.path() / "t10k-images-idx3-ubyte", idx(0x803, {2, 4, 4}, counting(32)));
    expect(folder.path(), "test images");
  }
}

TEST_CASE("CIFAR records become channels last") {
  const TemporaryFolder folder;
  for (int batch = 1; batch <= 5; ++batch) {
    Bytes record(3073);
    record[0] = static_cast<std::uint8_t>(batch);
    for (std::size_t i = 0; i < 3072; ++i) record[1 + i] = static_cast<std::uint8_t>(i / 1024 * 100 + i % 32);
    write_bytes(folder.path() / ("data_batch_" + std::to_string(batch) + ".bin"), record);
    write_bytes(folder.path() / "test_batch.bin", record);
  }
  const auto data = load_dataset("cifar10", folder.path());
  CHECK(data.train.labels == Labels{1, 2, 3, 4, 5});
  CHECK(data.shape == Shape{3, 32, 32});
  const std::uint8_t* pixel = data.train.image(2) + (5 * 32 + 7) * 3;
  CHECK(Bytes(pixel, pixel + 3) == Bytes{7, 107, 207});

  SECTION("truncated") {
    fs::resize_file(folder.path() / "data_batch_3.bin", 3000);
    CHECK(error_of("cifar10", folder.path()).find("data_batch_3.bin: is truncated") != std::string::npos);
  }
  SECTION("label") {
    write_bytes(folder.path() / "data_batch_3.bin", Bytes(3073, 11));
    CHECK(error_of("cifar10", folder.path()).find("label 11 of sample 0") != std::string::npos);
  }
  SECTION("compressed") {
    const fs::path plain = folder.path() / "data_batch_4.bin", packed = folder.path() / "data_batch_4.bin.xz";
    write_bytes(packed, xz(read_bytes(plain)));
    fs::remove(plain);
    CHECK(load_dataset("cifar10", folder.path()).train.pixels == data.train.pixels);
    Bytes bytes = read_bytes(packed);
    bytes[bytes.size() / 2] ^= 1;
    write_bytes(packed, bytes);
    CHECK(error_of("cifar10", folder.path()).find("data_batch_4.bin.xz: is damaged") != std::string::npos);
    bytes.resize(bytes.size() / 2);
    write_bytes(packed, bytes);
    CHECK_FALSE(error_of("cifar10", folder.path()).empty());
    fs::remove(packed);
    CHECK(error_of("cifar10", folder.path()).find("data_batch_4.bin: no such file") != std::string::npos);
  }
}

TEST_CASE("A data set is named in YAML") {
  const TemporaryFolder folder;
  write_fashion(folder.path());
  const auto parse = [&](const std::string& text) {
    return Config::parse(text, (folder.path() / "study.yaml").string()).at("data");
  };
  CHECK(load_dataset(parse("data: {name: fashion-mnist, path: .}")).train.size() == 3);
  const auto message = [&](const std::string& text) {
    try {
      load_dataset(parse(text));
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message("data: fashion-mnits").find("fashion-mnist") != std::string::npos);
  CHECK(message("data: {name: fashion-mnist, folder: .}").find("folder") != std::string::npos);
  CHECK(message("data: {name: fashion-mnist, path: nowhere}").find("study.yaml") != std::string::npos);
  CHECK(error_of("mnist", {}).find("unknown data set 'mnist'") != std::string::npos);
}

TEST_CASE("A split is a permutation, the same for the same seed") {
  const auto parts = split(100, 30, 7);
  CHECK(parts.validation.size() == 30);
  std::set<std::uint32_t> all(parts.train.begin(), parts.train.end());
  all.insert(parts.validation.begin(), parts.validation.end());
  CHECK(all.size() == 100);
  CHECK(*all.rbegin() == 99);
  CHECK(split(100, 30, 7).train == parts.train);
  CHECK(split(100, 30, 8).train != parts.train);
  CHECK(split(1, 0, 1).train == std::vector<std::uint32_t>{0});
  CHECK_THROWS_AS(split(10, 10, 1), std::invalid_argument);
  CHECK_THROWS_AS(split(0, 0, 1), std::invalid_argument);
}

TEST_CASE("Resizing keeps what it must") {
  const Images constant{.shape = {2, 5, 7}, .pixels = Bytes(70, 93), .labels = {4}};
  const auto bigger = resized(constant, 11, 3);
  CHECK(bigger.shape == Shape{2, 11, 3});
  CHECK(bigger.pixels == Bytes(66, 93));
  CHECK(bigger.labels == Labels{4});
  CHECK(resized(constant, 5, 7).pixels == constant.pixels);

  // Halved, triangle of width 2 about the middle of two pixels: weights 1/8, 3/8, 3/8, 1/8 away from the borders.
  const Images ramp{.shape = {1, 1, 8}, .pixels = {0, 0, 0, 80, 160, 0, 0, 0}, .labels = {0}};
  const auto half = resized(ramp, 1, 4);
  CHECK(half.pixels[1] == 50);  // 0/8 + 0*3/8 + 80*3/8 + 160/8
  CHECK(half.pixels[2] == 70);  // 80/8 + 160*3/8
}

TEST_CASE("Normalisation is per channel") {
  const Images images{.shape = {2, 1, 2}, .pixels = {0, 51, 255, 51}, .labels = {0}};
  const auto n = normalisation(images);
  CHECK(n.mean[0] == Approx(0.5));
  CHECK(n.deviation[0] == Approx(0.5));
  CHECK(n.mean[1] == Approx(0.2));
  CHECK(n.deviation[1] == 1.0f);  // constant
}

TEST_CASE("Fashion-MNIST as Debian installs it") {
  if (!fs::exists("/usr/share/datasets/fashion-mnist")) {
    std::cout << "SKIPPED: needs Debian's package dataset-fashion-mnist\n";
    return;
  }
  const auto data = load_dataset("fashion-mnist");
  CHECK(data.train.size() == 60000);
  CHECK(data.test.size() == 10000);
  CHECK(data.shape == Shape{1, 28, 28});
  for (std::uint8_t label = 0; label < 10; ++label)
    CHECK(std::count(data.test.labels.begin(), data.test.labels.end(), label) == 1000);
  const auto n = normalisation(data.train);
  CHECK(n.mean[0] == Approx(0.2860).margin(5e-5));
  CHECK(n.deviation[0] == Approx(0.3530).margin(5e-5));
}
