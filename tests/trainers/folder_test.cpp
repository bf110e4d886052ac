// Folders of pictures and recordings: classes, parts, decoding, and what is said of damaged files.
#include <algorithm>
#include <array>
#include <cmath>

#include "catch.hpp"
#include "data.hpp"
#include "own_data.hpp"
#include "trainers/features.hpp"

using namespace paretoforge;
namespace fs = std::filesystem;

namespace {

using Labels = std::vector<Label>;

Bytes filled(std::size_t size, std::uint8_t value) { return Bytes(size, value); }

/// Two classes of six grey pictures of 2x2; the picture's value says which it is.
void write_pictures(const TemporaryFolder& folder) {
  for (int i = 0; i < 6; ++i) {
    write_png(folder.path() / ("p/cat/" + std::to_string(i) + ".png"), 2, 2, 1,
              filled(4, static_cast<std::uint8_t>(10 + i)));
    write_png(folder.path() / ("p/dog/" + std::to_string(i) + ".PNG"), 2, 2, 1,
              filled(4, static_cast<std::uint8_t>(20 + i)));
  }
}

/// The first pixel of each sample.
std::vector<int> firsts(const Images& images, std::size_t from = 0, std::size_t to = SIZE_MAX) {
  std::vector<int> values;
  for (std::size_t i = from; i < std::min(to, images.size()); ++i) values.push_back(images.image(i)[0]);
  return values;
}

const std::string pictures = "kind: images, folder: p, size: [2, 2], channels: 1";

/// Four samples of a recording.
const std::string recordings = "kind: wav, folder: w, features: {kind: samples, sample_rate: 1000, length: 4ms}";

void write_recordings(const TemporaryFolder& folder) {
  for (int i = 0; i < 3; ++i)
    for (const char* word : {"no", "yes"}) {
      const auto level = static_cast<std::int16_t>((word[0] == 'n' ? 1 : 2) * 4096 + i);
      write_bytes(folder.path() / "w" / word / (std::string(word) + "_" + std::to_string(i) + ".wav"),
                  wav(1000, 1, 16, raw<std::int16_t>({level, level, level, level})));
    }
}

}  // namespace

TEST_CASE("A folder of pictures has a class for each folder, and parts chosen in four ways") {
  const TemporaryFolder folder;
  write_pictures(folder);
  const auto matched =
      load_own(folder, "{" + pictures + ", test: {match: '[01].*'}, validation: {match: 'cat/5.png'}}");
  CHECK(matched.classes == std::vector<std::string>{"cat", "dog"});
  CHECK(matched.shape == Shape{1, 2, 2});
  CHECK(firsts(matched.test) == std::vector<int>{10, 11, 20, 21});
  CHECK(matched.test.labels == Labels{0, 0, 1, 1});
  CHECK(firsts(matched.train) == std::vector<int>{12, 13, 14, 22, 23, 24, 25, 15});
  CHECK(matched.validation == std::vector<std::uint32_t>{7});

  write_text(folder.path() / "test.txt", "cat/3.png\r\n./dog/4.PNG\n");
  CHECK(firsts(load_own(folder, "{" + pictures + ", test: {list: test.txt}}").test) == std::vector<int>{13, 24});
  CHECK(load_own(folder, "{" + pictures + ", test: {share: 0.5, seed: 1}}").test.size() == 6);
  write_png(folder.path() / "q/cat/x.png", 2, 2, 1, filled(4, 99));
  CHECK(firsts(load_own(folder, "{" + pictures + ", test: {folder: q}}").test) == std::vector<int>{99});

  check_complaint(folder, "{" + pictures + "}", "'test' is missing");
  check_complaint(folder, "{" + pictures + ", test: {match: '*.bmp'}}", "no file of the folder is chosen");
  check_complaint(folder, "{" + pictures + ", test: {match: '*', list: test.txt}}", "chosen in one way");
  check_complaint(folder, "{" + pictures + ", test: {list: gone.txt}}", "gone.txt: no such file");
  write_text(folder.path() / "test.txt", "cat/3.png\ncta/4.png\ncat/4.gnp\n");
  check_complaint(folder, "{" + pictures + ", test: {list: test.txt}}", "test.txt lists cat/4.gnp and 1 more, which ");
  check_complaint(folder, "{" + pictures + ", test: {match: '*'}}", "train holds no sample");
  check_complaint(folder, "{" + pictures + ", test: {match: 'dog/*'}}", "all training samples are of one class, 'cat'");
}

TEST_CASE("Classes that are not named are passed over, folders of no class too") {
  const TemporaryFolder folder;
  write_pictures(folder);
  write_png(folder.path() / "p/cow/0.png", 2, 2, 1, filled(4, 30));
  write_png(folder.path() / "p/_noise_/0.png", 2, 2, 1, filled(4, 30));
  write_png(folder.path() / "p/.hidden/0.png", 2, 2, 1, filled(4, 30));
  write_text(folder.path() / "p/cat/readme.txt", "no picture");
  const auto data = load_own(folder, "{" + pictures + ", test: {share: 0.5}, classes: [dog, cat]}");
  CHECK(data.classes == std::vector<std::string>{"dog", "cat"});
  CHECK(data.train.size() + data.test.size() == 12);
  REQUIRE(data.notes.size() == 1);
  CHECK(data.notes[0] == "1 of its files are of classes that are not named");
  check_complaint(folder, "{" + pictures + ", test: {share: 0.5}, classes: [dog, cta]}",
                  "'cta' has no training sample");
  fs::create_directory(folder.path() / "p/empty");
  check_complaint(folder, "{" + pictures + ", test: {share: 0.5}}",
                  "p/empty: the class holds no .png or .jpg or .jpeg file");
  fs::remove(folder.path() / "p/empty");
  write_png(folder.path() / "p/loose.png", 2, 2, 1, filled(4, 30));
  check_complaint(folder, "{" + pictures + ", test: {share: 0.5}}", "loose.png: lies in no class's folder");
  check_complaint(folder, "{kind: images, folder: nowhere, size: [2, 2], test: {share: 0.5}}",
                  "nowhere: no such folder");
}

TEST_CASE("PNG and JPEG give the pixels that were written, grey or in colour, stretched or cropped") {
  const TemporaryFolder folder;
  const Bytes colours{200, 0, 0, 200, 0, 0, 0, 0, 100, 0, 0, 100};
  for (const char* label : {"a", "b"})
    for (const char* number : {"_1", "_2"})
      write_png(folder.path() / "p" / (std::string(label) + number + ".png"), 4, 1, 3, colours);
  const auto train = [&](const std::string& rest) {
    return load_own(folder, "{kind: images, folder: p, label: name, test: {match: '*_2.png'}, " + rest + "}").train;
  };
  const auto whole = train("size: [1, 4]");
  CHECK(whole.shape == Shape{3, 1, 4});
  CHECK(Bytes(whole.pixels.begin(), whole.pixels.begin() + 12) == colours);
  // The middle square is the second and third pixel; a crop to 1x1 in proportion is the one pixel left of the middle.
  CHECK(train("size: [1, 2], fit: crop").pixels[0] == 200);
  CHECK(train("size: [1, 2], fit: crop").pixels[3] == 0);
  CHECK(train("size: [1, 1], fit: crop").pixels[0] == 200);
  const auto stretched = train("size: [2, 4]").pixels;
  CHECK(Bytes(stretched.begin(), stretched.begin() + 12) == colours);
  CHECK(Bytes(stretched.begin() + 12, stretched.begin() + 24) == colours);
  const auto grey = train("size: [1, 4], channels: 1");
  CHECK(grey.shape == Shape{1, 1, 4});
  CHECK(grey.pixels[0] > grey.pixels[3]);

  // At quality 100 a block of one colour comes back within 2.
  write_jpeg(folder.path() / "j/a/1.jpg", 8, 8, [] {
    Bytes rgb;
    for (int i = 0; i < 64; ++i) rgb.insert(rgb.end(), {120, 60, 30});
    return rgb;
  }());
  fs::copy(folder.path() / "j/a", folder.path() / "j/b", fs::copy_options::recursive);
  fs::copy(folder.path() / "j/a/1.jpg", folder.path() / "j/a/2.jpg");
  const auto jpeg = load_own(folder, "{kind: images, folder: j, size: [8, 8], test: {match: 'a/2.jpg'}}").train;
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(jpeg.pixels[i] - std::array{120, 60, 30}[i]) <= 2);
  check_complaint(folder, "{kind: images, folder: j, size: [8], test: {share: 0.5}}", "size is [height, width]");
  check_complaint(folder, "{kind: images, folder: j, size: [8, 8], channels: 2, test: {share: 0.5}}",
                  "1 channel (grey) or 3");
  check_complaint(folder, "{kind: images, folder: j, size: [8, 8], fit: fill, test: {share: 0.5}}", "stretch, crop");
}

TEST_CASE("Damaged pictures are named and counted, and refused above a bound") {
  const TemporaryFolder folder;
  write_pictures(folder);
  const fs::path bad = folder.path() / "p/cat/0.png";
  const std::string section = pictures + ", test: {match: '5.*'}";
  const auto refused = [&](const Bytes& bytes, const std::string& part) {
    write_bytes(bad, bytes);
    check_complaint(folder, "{" + section + "}", part);
    check_complaint(folder, "{" + section + "}", "1 of 10 files cannot be read so far");
    const auto data = load_own(folder, "{" + section + ", damaged: 0.2}");
    CHECK(data.train.size() == 9);
    REQUIRE(data.notes.size() == 1);
    CHECK(data.notes[0].find("1 damaged file is left out, the first: " + bad.string()) == 0);
  };
  const Bytes good = read_bytes(folder.path() / "p/cat/1.png");
  refused({}, "0.png: is empty");
  refused({'G', 'I', 'F', '8', '9', 'a'}, "is neither PNG nor JPEG");
  refused(Bytes(good.begin(), good.end() - 20), "PNG");
  Bytes changed = good;
  changed[changed.size() - 16] ^= 0xff;  // in its data or their checksum
  refused(changed, "PNG");
  refused(Bytes(good.begin(), good.begin() + 10), "PNG");
  write_jpeg(folder.path() / "whole.jpg", 16, 16, Bytes(768, 90));
  const Bytes jpeg = read_bytes(folder.path() / "whole.jpg");
  refused(Bytes(jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(jpeg.size() / 2)), "is a damaged JPEG");
  refused({0xff, 0xd8, 0xff}, "is a damaged JPEG");
}

TEST_CASE("WAV files of every width are the numbers they hold") {
  const TemporaryFolder folder;
  const auto first = [&](const Bytes& file) {
    for (const char* name : {"w/a_1.wav", "w/a_2.wav", "w/b_1.wav"}) write_bytes(folder.path() / name, file);
    const auto data = load_own(folder, "{" + recordings + ", label: name, test: {match: 'a_2.wav'}}");
    return std::vector<float>(data.train.values.begin(), data.train.values.begin() + 4);
  };
  const std::vector<float> expected{0, 0.5f, -0.5f, -1};
  CHECK(first(wav(1000, 1, 8, {128, 192, 64, 0})) == expected);
  CHECK(first(wav(1000, 1, 16, raw<std::int16_t>({0, 16384, -16384, -32768}))) == expected);
  CHECK(first(wav(1000, 1, 24, {0, 0, 0, 0, 0, 0x40, 0, 0, 0xc0, 0, 0, 0x80})) == expected);
  CHECK(first(wav(1000, 1, 32, raw<std::int32_t>({0, 1 << 30, -(1 << 30), INT32_MIN}))) == expected);
  CHECK(first(wav(1000, 3, 32, raw<float>({0, 0.5f, -0.5f, -1}))) == expected);
  CHECK(first(wav(1000, 1, 16, raw<std::int16_t>({8192, -8192, 16384, 16384, -16384, -16384, -32768, -32768}), 2)) ==
        expected);  // the mean of two channels
  // A chunk that is not known, of an odd length, and a length that a pipe left open.
  Bytes streamed = wav(1000, 1, 16, raw<std::int16_t>({0, 16384, -16384, -32768}));
  const Bytes list{'L', 'I', 'S', 'T', 3, 0, 0, 0, 1, 2, 3, 0};
  streamed.insert(streamed.begin() + 36, list.begin(), list.end());
  std::fill_n(streamed.begin() + 36 + 12 + 4, 4, std::uint8_t{0xff});
  CHECK(first(streamed) == expected);
}

TEST_CASE("Recordings that cannot be read are refused with what to do") {
  const TemporaryFolder folder;
  write_recordings(folder);
  const std::string section = "{" + recordings + ", test: {match: '*_2.wav'}}";
  CHECK(load_own(folder, section).test.labels == Labels{0, 1});
  const auto refused = [&](const Bytes& bytes, const std::string& part) {
    write_bytes(folder.path() / "w/no/no_0.wav", bytes);
    check_complaint(folder, section, "no_0.wav: ");
    check_complaint(folder, section, part);
  };
  const Bytes good = wav(1000, 1, 16, raw<std::int16_t>({1, 2, 3, 4}));
  refused({}, "is empty");
  refused(Bytes(good.begin(), good.end() - 1), "8 bytes of samples expected, 7 found");
  refused(Bytes(good.begin(), good.begin() + 30), "is truncated");
  refused(Bytes(good.begin(), good.begin() + 36), "it has no data chunk");
  refused({'f', 'L', 'a', 'C', 0, 0, 0, 0, 0, 0, 0, 0, 0}, "does not begin with RIFF");
  refused(wav(1000, 7, 8, {1, 2, 3}), "is coded as mu-law");
  refused(wav(1000, 17, 4, {1, 2, 3}), "is coded as IMA ADPCM");
  refused(wav(1000, 3, 64, Bytes(16)), "64 bits a sample");
  refused(wav(1000, 1, 16, {}), "holds no sample");
  refused(wav(1000, 1, 16, {1, 0}, 0), "0 channels");
  refused(wav(44100, 1, 16, {1, 0}), "has 44100 samples a second, features: sample_rate says 1000");
  refused(wav(1000, 3, 32, raw<float>({NAN})), "not finite");
}

TEST_CASE("Spoken digits as published and as packed are the same") {
  const auto index = shared_data("fsdd/fsdd_index.csv");
  if (!index) return;
  const auto packed = load_dataset("fsdd", index->parent_path());
  CHECK(packed.train.size() == 2700);
  CHECK(packed.test.size() == 300);
  CHECK(packed.shape == Shape{40, 1, 49});
  for (Label digit = 0; digit < 10; ++digit)
    CHECK(std::count(packed.test.labels.begin(), packed.test.labels.end(), digit) == 30);

  // The first recordings, written as WAV files, are the same features; so are they through the general reader.
  const TemporaryFolder folder;
  write_bytes(folder.path() / "0_a_0.wav", wav(8000, 1, 16, raw<std::int16_t>(std::vector<std::int16_t>(2000, 700))));
  write_bytes(folder.path() / "1_a_7.wav", wav(8000, 1, 16, raw<std::int16_t>(std::vector<std::int16_t>(2000, -700))));
  const auto published = load_dataset("fsdd", folder.path());
  CHECK(published.train.labels == Labels{1});
  CHECK(published.test.labels == Labels{0});
  AudioFeatures features;
  features.sample_rate = 8000;
  const std::vector<float> expected = FeatureExtractor(features)(std::vector<float>(2000, 700.0f / 32768));
  CHECK(published.test.values == LargeVector<float>(expected.begin(), expected.end()));
}

TEST_CASE("A packed data set that contradicts its table is refused") {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& rows) {
    write_text(folder.path() / "fsdd_index.csv", "digit,speaker,take,offset_samples,n_samples\n" + rows);
    write_bytes(folder.path() / "fsdd_pcm16le_8khz.bin", Bytes(2000));
    return complaint(folder, "{name: fsdd, path: .}");
  };
  CHECK(message("1,a,0,0,500\n1,a,9,500,500\n").empty());
  CHECK(
      message("1,a,0,0,500\n1,a,9,600,500\n").find("'n_samples' holds 500, allowed are whole numbers from 0 to 400") !=
      std::string::npos);
  CHECK(message("10,a,0,0,500\n").find("'digit' holds 10") != std::string::npos);
  CHECK(message("1,a,-1,0,500\n").find("'take' holds -1") != std::string::npos);
  CHECK(message("1,a,0,0,500\n").find("holds neither") != std::string::npos);
  CHECK(complaint(folder, "{name: fsdd, path: ., features: {sample_rate: 16000}}").find("8000 samples a second") !=
        std::string::npos);
  CHECK(complaint(folder, "{name: fashion-mnist, path: ., features: {}}").find("unknown key 'features'") !=
        std::string::npos);
}
