// Data sets of one's own in arrays, records and tables: what they become, and what is said of bad ones.
#include "own_data.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "catch.hpp"
#include "space/random.hpp"

using namespace paretoforge;
namespace fs = std::filesystem;

namespace {

using Labels = std::vector<Label>;

const std::string pairs = "{kind: npy, train: {samples: x.npy, labels: y.npy}, test: {samples: x.npy, labels: y.npy}}";

void write_pair(const TemporaryFolder& folder, const Bytes& samples, const Bytes& labels) {
  write_bytes(folder.path() / "x.npy", samples);
  write_bytes(folder.path() / "y.npy", labels);
}

/// `count` rows of a table: label, a, b.
std::string rows(const std::vector<std::string>& labels) {
  std::string text = "a,activity,b\n";
  for (std::size_t i = 0; i < labels.size(); ++i)
    text += std::to_string(i) + "," + labels[i] + "," + std::to_string(10 * i) + "\n";
  return text;
}

}  // namespace

TEST_CASE("NumPy arrays of any number type, byte order and element order hold the same samples") {
  const TemporaryFolder folder;
  const Bytes labels = npy("<i8", "(2,)", raw<std::int64_t>({0, 1}));
  const LargeVector<float> expected{1, 2, 3, 4, 5, 6};
  const auto loaded = [&](const Bytes& samples) {
    write_pair(folder, samples, labels);
    return load_own(folder, pairs).train;
  };
  CHECK(loaded(npy("<f4", "(2, 3)", raw<float>({1, 2, 3, 4, 5, 6}))).values == expected);
  CHECK(loaded(npy("<f8", "(2, 3)", raw<double>({1, 2, 3, 4, 5, 6}))).values == expected);
  CHECK(loaded(npy("<i2", "(2, 3)", raw<std::int16_t>({1, 2, 3, 4, 5, 6}))).values == expected);
  CHECK(loaded(npy("|i1", "(2, 3)", {1, 2, 3, 4, 5, 6})).values == expected);
  CHECK(loaded(npy(">u2", "(2, 3)", {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6})).values == expected);
  CHECK(loaded(npy("<f4", "(2, 3)", raw<float>({1, 4, 2, 5, 3, 6}), true)).values == expected);
  const Images pixels = loaded(npy("|u1", "(2, 3)", {1, 2, 3, 4, 5, 6}));
  CHECK(pixels.values.empty());
  CHECK(pixels.pixels == Bytes{1, 2, 3, 4, 5, 6});
  CHECK(pixels.shape == Shape{3, 1, 1});
  CHECK(pixels.labels == Labels{0, 1});
  CHECK(pixels.value(1, 2) == Approx(6 / 255.0));
}

TEST_CASE("A layout says what the axes are") {
  const TemporaryFolder folder;
  write_pair(folder, npy("|u1", "(2, 2, 3)", counting(12)), npy("|u1", "(2, 1)", {1, 0}));
  const auto with = [&](const std::string& layout) {
    return load_own(folder, pairs.substr(0, pairs.size() - 1) + layout + "}").train;
  };
  CHECK(with("").shape == Shape{1, 2, 3});
  CHECK(with("").pixels == counting(12));
  // Channels of a signal come last in memory.
  CHECK(with(", layout: cw").shape == Shape{2, 1, 3});
  CHECK(with(", layout: cw").pixels == Bytes{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11});
  CHECK(with(", layout: wc").shape == Shape{3, 1, 2});
  CHECK(with(", layout: wc").pixels == counting(12));
  CHECK(with(", layout: wh").pixels == Bytes{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11});
  const auto refused = [&](const std::string& layout, const std::string& part) {
    check_complaint(folder, pairs.substr(0, pairs.size() - 1) + ", layout: " + layout + "}", part);
  };
  refused("hwc", "names 3");
  refused("hh", "names each axis behind the samples once");
  refused("nhw", "such as chw");
  write_pair(folder, npy("|u1", "(2, 1, 2, 3)", counting(12)), npy("|u1", "(2,)", {1, 0}));
  check_complaint(folder, pairs, "such as layout: hwc or chw");
}

TEST_CASE("Arrays of an .npz file are named behind it") {
  const TemporaryFolder folder;
  write_npz(folder.path() / "d.npz",
            {{"x", npy("<f4", "(2, 1)", raw<float>({3, 4}))}, {"y", npy("<i4", "(2,)", raw<std::int32_t>({1, 0}))}});
  const std::string part = "{samples: d.npz:x, labels: d.npz:y}";
  const auto data = load_own(folder, "{kind: npy, train: " + part + ", test: " + part + ", classes: [no, yes]}");
  CHECK(data.train.values == LargeVector<float>{3, 4});
  CHECK(data.train.labels == Labels{1, 0});
  CHECK(data.classes == std::vector<std::string>{"no", "yes"});
  check_complaint(folder, "{kind: npy, train: {samples: d.npz:z, labels: d.npz:y}, test: " + part + "}",
                  "has no array 'z'; it has x, y");
  check_complaint(folder, "{kind: npy, train: {samples: d.npz, labels: d.npz:y}, test: " + part + "}", "d.npz:NAME");
  fs::resize_file(folder.path() / "d.npz", fs::file_size(folder.path() / "d.npz") / 2);
  check_complaint(folder, "{kind: npy, train: " + part + ", test: " + part + "}", "not a zip archive, or truncated");
}

TEST_CASE("Bad NumPy arrays are refused with what is wrong and where") {
  const TemporaryFolder folder;
  const Bytes good = npy("<f4", "(2, 1)", raw<float>({3, 4})), labels = npy("<i4", "(2,)", raw<std::int32_t>({1, 0}));
  const auto refused = [&](const Bytes& samples, const Bytes& with, const std::string& part) {
    write_pair(folder, samples, with);
    check_complaint(folder, pairs, part);
  };
  check_complaint(folder, pairs, "x.npy: no such file");
  refused({}, labels, "x.npy: is no NumPy array");
  refused({'P', 'K', 3, 4, 0, 0, 0, 0, 0, 0, 0}, labels, "is no NumPy array");
  refused(Bytes(good.begin(), good.begin() + 40), labels, "x.npy: is truncated: its header ends early");
  refused(Bytes(good.begin(), good.end() - 1), labels, "8 bytes expected, 7 found");
  refused(npy("|O", "(2, 1)", {}), labels, "Python objects");
  refused(npy("<f2", "(2, 1)", Bytes(4)), labels, "astype('float32')");
  refused(npy("<c8", "(2, 1)", Bytes(16)), labels, "a type that is not read");
  refused(npy("<f4", "(2,)", raw<float>({3, 4})), labels, "no axis beside that of the samples");
  refused(npy("<f4", "(0, 4)", {}), labels, "holds no sample");
  refused(npy("<f4", "(4294967296, 4294967296)", {}), labels, "impossible size");
  refused(npy("<f4", "(2, 1)", raw<float>({3, std::numeric_limits<float>::quiet_NaN()})), labels,
          "sample 1 holds a value that is not finite");
  refused(npy("<f8", "(2, 1)", raw<double>({3, 1e300})), labels, "not finite");
  refused(good, npy("<i4", "(3,)", raw<std::int32_t>({1, 0, 1})), "y.npy: holds 3 labels for 2 samples");
  refused(good, npy("<f4", "(2,)", raw<float>({0.5f, 1})), "no whole number from 0");
  refused(good, npy("<i4", "(2,)", raw<std::int32_t>({-1, 0})), "label -1");
  refused(good, npy("<i4", "(2, 2)", raw<std::int32_t>({1, 0, 0, 1})), "one label a sample, its size is 2x2");
  refused(good, npy("<i4", "(2,)", raw<std::int32_t>({2, 0})), "the class '1' has no training sample");
  refused(good, npy("<i4", "(2,)", raw<std::int32_t>({0, 0})), "all training samples are of one class");
  write_pair(folder, good, labels);
  const std::string head = pairs.substr(0, pairs.size() - 1);
  check_complaint(folder, head + ", classes: [a, b, c]}", "the class 'c' has no training sample");
  check_complaint(folder, head + ", classes: [a, a]}", "named twice");
  check_complaint(folder, head + ", clases: [a, b]}", "did you mean 'classes'");
  check_complaint(folder, "{path: .}", "data needs 'name' or 'kind'");
  check_complaint(folder, "{kind: numpy}", "must be one of npy, csv, idx, records, images, wav");
  check_complaint(folder, "{kind: npy, train: {samples: x.npy, labels: y.npy}}", "'test' is missing");
  check_complaint(folder, "{kind: npy, train: {samples: x.npy}, test: {share: 0.5}}", "a part has 'labels'");
  check_complaint(folder, "{kind: npy, train: {samples: x.npy, labels: y.npy}, test: {share: 1}}",
                  "from 1e-06 to 0.999999");
  check_complaint(folder, "{kind: npy, train: {samples: x.npy, labels: y.npy}, test: {share: 0.5}}",
                  "no class has two");
}

TEST_CASE("Parts of one data set have one shape and one type") {
  const TemporaryFolder folder;
  write_pair(folder, npy("<f4", "(2, 1)", raw<float>({3, 4})), npy("<i4", "(2,)", raw<std::int32_t>({1, 0})));
  const std::string section =
      "{kind: npy, train: {samples: x.npy, labels: y.npy}, test: {samples: t.npy, labels: y.npy}}";
  write_bytes(folder.path() / "t.npy", npy("<f4", "(2, 2)", raw<float>({3, 4, 5, 6})));
  check_complaint(folder, section, "the samples of train are 1x1x1, those of test 2x1x1");
  write_bytes(folder.path() / "t.npy", npy("|u1", "(2, 1)", {3, 4}));
  check_complaint(folder, section, "differ in type");
}

TEST_CASE("IDX files of any type, and records") {
  const TemporaryFolder folder;
  write_bytes(folder.path() / "x", idx(0xd02, {2, 2}, {0x3f, 0x80, 0, 0, 0x40, 0, 0, 0, 0xbf, 0x80, 0, 0, 0, 0, 0, 0}));
  write_gzip(folder.path() / "y.gz", idx(0x801, {2}, {1, 0}));
  const std::string part = "{samples: x, labels: y}";
  const auto data = load_own(folder, "{kind: idx, train: " + part + ", test: " + part + "}");
  CHECK(data.train.values == LargeVector<float>{1, 2, -1, 0});
  CHECK(data.train.labels == Labels{1, 0});
  check_complaint(folder, "{kind: idx, train: {samples: y.gz, labels: x}, test: " + part + "}",
                  "is no IDX file of samples");

  write_bytes(folder.path() / "a.bin",
              {9, 0, 1, 2, 3, 4, 9, 1, 5, 6, 7, 8});  // coarse label, fine label, 2 channels of 2
  const std::string records =
      "{kind: records, train: [a.bin, a.bin], test: a.bin, label_bytes: 2, layout: cw, sizes: [2, 2]";
  const auto read = load_own(folder, records + "}");
  CHECK(read.shape == Shape{2, 1, 2});
  CHECK(read.train.pixels == Bytes{1, 3, 2, 4, 5, 7, 6, 8, 1, 3, 2, 4, 5, 7, 6, 8});
  CHECK(read.train.labels == Labels{0, 1, 0, 1});
  fs::resize_file(folder.path() / "a.bin", 11);
  check_complaint(folder, records + "}", "11 bytes are no whole number of records of 6");
  check_complaint(folder, "{kind: records, train: [], test: a.bin, sizes: [4]}", "lists no file");
}

TEST_CASE("Rows of a table are samples") {
  const TemporaryFolder folder;
  write_text(folder.path() / "t.csv", rows({"walk", "run", "walk"}));
  const auto data = load_own(folder, "{kind: csv, train: t.csv, test: t.csv, label: activity}");
  CHECK(data.shape == Shape{2, 1, 1});
  CHECK(data.classes == std::vector<std::string>{"run", "walk"});
  CHECK(data.train.labels == Labels{1, 0, 1});
  CHECK(data.train.values == LargeVector<float>{0, 0, 1, 10, 2, 20});
  CHECK(load_own(folder, "{kind: csv, train: t.csv, test: t.csv, label: activity, features: [b]}").train.values ==
        LargeVector<float>{0, 10, 20});
  CHECK(load_own(folder, "{kind: csv, train: t.csv, test: t.csv, label: activity, shape: [1, 2, 1]}").shape ==
        Shape{1, 2, 1});
  CHECK(
      load_own(folder, "{kind: csv, train: t.csv, test: t.csv, label: activity, classes: [walk, run]}").train.labels ==
      Labels{0, 1, 0});
  // Numbers are sorted as numbers.
  write_text(folder.path() / "n.csv", rows({"10", "9", "-1"}));
  CHECK(load_own(folder, "{kind: csv, train: n.csv, test: n.csv, label: activity}").classes ==
        std::vector<std::string>{"-1", "9", "10"});
}

TEST_CASE("Columns are found by their names in every file of a table's data") {
  const TemporaryFolder folder;
  write_text(folder.path() / "t.csv", "a,b,activity\n1,10,walk\n2,20,run\n");
  write_text(folder.path() / "turned.csv", "activity,b,a\nwalk,10,1\nrun,20,2\n");
  const auto data = load_own(folder, "{kind: csv, train: t.csv, test: turned.csv, validation: turned.csv, label: activity}");
  CHECK(data.test.values == LargeVector<float>{1, 10, 2, 20});
  CHECK(data.test.labels == Labels{1, 0});
  CHECK(load_own(folder, "{kind: csv, train: [turned.csv, t.csv], test: t.csv, label: activity}").train.values == LargeVector<float>{10, 1, 20, 2, 10, 1, 20, 2});
  write_text(folder.path() / "other.csv", "a,c,activity\n1,10,walk\n2,20,run\n");
  write_text(folder.path() / "more.csv", "a,b,c,activity\n1,10,5,walk\n2,20,5,run\n");
  check_complaint(folder, "{kind: csv, train: t.csv, test: other.csv, label: activity}", "other.csv: has no column 'b', which");
  check_complaint(folder, "{kind: csv, train: t.csv, test: more.csv, label: activity}", "more.csv: has a column 'c', which");
  CHECK(load_own(folder, "{kind: csv, train: t.csv, test: more.csv, label: activity, features: [a, b]}").test.values == LargeVector<float>{1, 10, 2, 20});
}

TEST_CASE("Consecutive rows of one label and group are windows of a time series") {
  const TemporaryFolder folder;
  write_text(folder.path() / "t.csv", rows({"w", "w", "w", "w", "r", "r", "r", "w"}));
  const auto data =
      load_own(folder, "{kind: csv, train: t.csv, test: t.csv, label: activity, window: {length: 2, step: 1}}");
  CHECK(data.shape == Shape{2, 1, 2});
  CHECK(data.train.labels == Labels{1, 1, 1, 0, 0});  // r is 0; none where the label changes
  CHECK(std::vector<float>(data.train.values.begin(), data.train.values.begin() + 8) ==
        std::vector<float>{0, 0, 1, 10, 1, 10, 2, 20});
  CHECK(load_own(folder, "{kind: csv, train: t.csv, test: t.csv, label: activity, window: {length: 2}}").train.labels ==
        Labels{1, 1, 0});
  const auto refused = [&](const std::string& rest, const std::string& part) {
    check_complaint(folder, "{kind: csv, train: t.csv, label: activity, " + rest + "}", part);
  };
  refused("test: t.csv, window: {length: 9}", "no window of 9 rows fits");
  refused("test: t.csv, window: {length: 2, step: 3}", "from 1 to 2");
  refused("test: {share: 0.5}, window: {length: 2}", "group: COLUMN");
}

TEST_CASE("Groups are not torn apart") {
  const TemporaryFolder folder;
  std::string text = "person,x,y\n";
  for (int person = 0; person < 10; ++person)
    for (int i = 0; i < 6; ++i)
      text +=
          "p" + std::to_string(person) + "," + std::to_string(100 * person + i) + "," + std::to_string(i % 2) + "\n";
  write_text(folder.path() / "t.csv", text);
  const auto data = load_own(folder,
                             "{kind: csv, train: t.csv, label: y, group: person, test: {share: 0.3, seed: 5}, "
                             "validation: {share: 0.2, seed: 5}}");
  CHECK(data.test.size() == 18);
  const auto people = [](const Images& images, std::size_t first, std::size_t last) {
    std::set<int> all;
    for (std::size_t i = first; i < last; ++i) all.insert(static_cast<int>(images.values[i]) / 100);
    return all;
  };
  const std::size_t validation = data.validation.size(), train = data.train.size() - validation;
  CHECK(validation == 6);  // a fifth of seven people
  const auto a = people(data.train, 0, train), b = people(data.train, train, data.train.size()),
             c = people(data.test, 0, data.test.size());
  CHECK(a.size() + b.size() + c.size() == 10);
  std::set<int> all = a;
  all.insert(b.begin(), b.end()), all.insert(c.begin(), c.end());
  CHECK(all.size() == 10);
}

TEST_CASE("Bad tables are refused with file, line and column") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& text, const std::string& part, const std::string& rest = "") {
    write_text(folder.path() / "t.csv", text);
    const std::string message = complaint(folder, "{kind: csv, train: t.csv, test: t.csv, label: y" + rest + "}");
    INFO(message);
    CHECK(message.find("t.csv") != std::string::npos);
    CHECK(message.find(part) != std::string::npos);
  };
  refused("x,y\n1,a\nnan,b\n", "t.csv:3: column 'x' must hold finite numbers, found 'nan'");
  refused("x,y\n1,a\n,b\n", "found ''");
  refused("x,y\n1,a\nten,b\n", "found 'ten'");
  refused("x,y\n1,a\n1e99,b\n", "found '1e99'");
  refused("x,y\n1,a\n2\n", "this row has 1 field, the header has 2");
  refused("x,y\n1,a\n2,\n", "the label is empty");
  refused("x,y\n", "holds no row");
  refused("", "empty");
  refused("y\na\nb\n", "no column of numbers beside what is to be predicted");
  refused("x,z\n1,a\n", "has no column 'y'");
  refused("x,y\n1,a\n2,b\n", "has no column 'w'", ", features: [w]");
  refused("x,y\n1,a\n2,b\n", "a row has 1 numbers, the shape 4", ", shape: [1, 2, 2]");
  check_complaint(folder, "{kind: csv, train: nowhere.csv, test: t.csv, label: y}", "nowhere.csv: no such file");
  write_text(folder.path() / "t.csv", "x,y\n1,a\n2,b\n");
  write_text(folder.path() / "u.csv", "x,y\n1,a\n2,c\n");
  check_complaint(folder, "{kind: csv, train: t.csv, test: u.csv, label: y}",
                  "label 'c' of sample 1 of test (first at " + (folder.path() / "u.csv:3").string() + ") is out of range");
}

TEST_CASE("A drawn part takes the same share of each class, the same for the same seed, and nothing twice") {
  const TemporaryFolder folder;
  std::string text = "x,y\n";
  for (int i = 0; i < 100; ++i) text += std::to_string(i) + (i % 10 == 0 ? ",rare\n" : ",common\n");
  write_text(folder.path() / "t.csv", text);
  const auto drawn = [&](const std::string& rest) {
    return load_own(folder, "{kind: csv, train: t.csv, label: y, test: {share: 0.2, seed: 3}" + rest + "}");
  };
  const auto data = drawn(", validation: {share: 0.25, seed: 3}");
  CHECK(data.test.size() == 20);
  CHECK(std::count(data.test.labels.begin(), data.test.labels.end(), Label{1}) == 2);
  CHECK(data.validation.size() == 20);
  std::set<float> all(data.train.values.begin(), data.train.values.end());
  all.insert(data.test.values.begin(), data.test.values.end());
  CHECK(all.size() == 100);
  CHECK(drawn("").test.values == data.test.values);
  CHECK(load_own(folder, "{kind: csv, train: t.csv, label: y, test: {share: 0.2, seed: 4}}").test.values !=
        data.test.values);

  // What the data set holds back validates, whatever number is asked for; with 0 all is trained on.
  const Split parts = split(data, 5, 1);
  CHECK(parts.validation == data.validation);
  CHECK(parts.train.size() == 60);
  for (const auto position : parts.train)
    CHECK(std::find(data.validation.begin(), data.validation.end(), position) == data.validation.end());
  CHECK(split(data, 0, 1).train.size() == 80);
}

TEST_CASE("A digest tells other data, and only that") {
  const TemporaryFolder folder;
  write_text(folder.path() / "t.csv", "x,y\n1,a\n2,b\n");
  write_text(folder.path() / "same.csv", "x,y\r\n1.0,a\r\n2e0,b\r\n");
  write_text(folder.path() / "other.csv", "x,y\n1,a\n2.0001,b\n");
  const auto digest = [&](const std::string& file) {
    return load_own(folder, "{kind: csv, train: " + file + ", test: t.csv, label: y}").digest;
  };
  CHECK(digest("t.csv") == digest("same.csv"));
  CHECK(digest("t.csv") != digest("other.csv"));
}

TEST_CASE("Files are held against a list of sha256sum") {
  const TemporaryFolder folder;
  write_text(folder.path() / "t.csv", "x,y\n1,a\n2,b\n");
  const std::string section = "{kind: csv, train: t.csv, test: t.csv, label: y, checksums: SHA256SUMS}";
  const auto sums = [&](const std::string& digest, const std::string& name) {
    write_text(folder.path() / "SHA256SUMS", digest + "  " + name + "\n");
  };
  // Of these bytes, as sha256sum prints it.
  const std::string right = "01331cf653a16b7278f66569b5719303c2f18ce869c87638c09943a49d3e73dd";
  check_complaint(folder, section, "SHA256SUMS: no such file");
  sums(right, "t.csv");
  CHECK(complaint(folder, section).empty());
  sums(std::string(64, '0'), "t.csv");
  check_complaint(folder, section, "SHA-256 " + right + " instead of 000");
  sums(right, "gone.csv");
  check_complaint(folder, section, "gone.csv: no such file, and the list of checksums names it");
  sums("short", "t.csv");
  check_complaint(folder, section, "line 1 is no line of sha256sum");
  write_text(folder.path() / "SHA256SUMS", "\n");
  check_complaint(folder, section, "lists no file");
}

TEST_CASE("Paths of a section are made absolute, nothing else") {
  const Config data = Config::parse(
                          "data: {kind: npy, train: {samples: x.npz:a, labels: /y.npy}, test: {share: 0.5}, classes: "
                          "[train, test], checksums: sums}",
                          "s.yaml")
                          .at("data");
  const std::string text = absolute_data(data, "/base").yaml();
  CHECK(text.find("/base/x.npz:a") != std::string::npos);
  CHECK(text.find("\"/y.npy\"") != std::string::npos);
  CHECK(text.find("/base/sums") != std::string::npos);
  CHECK(text.find("[train, test]") != std::string::npos);
  CHECK(absolute_data(data, "/base").at("train").place().column == data.at("train").place().column);
}

TEST_CASE("A changed byte or a lost end of any file is read or refused, and never worse") {
  const TemporaryFolder folder;
  struct Row {
    const char* file;
    const char* section;
  };
  static constexpr Row rows[] = {
      {"x.npy", "{kind: npy, train: {samples: x.npy, labels: y.npy}, test: {samples: x.npy, labels: y.npy}}"},
      {"y.npy", "{kind: npy, train: {samples: x.npy, labels: y.npy}, test: {samples: x.npy, labels: y.npy}}"},
      {"d.npz", "{kind: npy, train: {samples: d.npz:x, labels: y.npy}, test: {samples: x.npy, labels: y.npy}}"},
      {"i.gz", "{kind: idx, train: {samples: i.gz, labels: j}, test: {samples: i.gz, labels: j}}"},
      {"j", "{kind: idx, train: {samples: i.gz, labels: j}, test: {samples: i.gz, labels: j}}"},
      {"r.bin.xz", "{kind: records, train: r.bin, test: r.bin, sizes: [2]}"},
      {"t.csv", "{kind: csv, train: t.csv, test: t.csv, label: y}"},
      {"p/a_1.png", "{kind: images, folder: p, label: name, size: [2, 2], test: {match: '*_2.png'}}"},
      {"p/b_1.png", "{kind: images, folder: p, label: name, size: [2, 2], test: {match: '*_2.png'}}"},  // a JPEG
      {"w/a_1.wav",
       "{kind: wav, folder: w, label: name, test: {match: '*_2.wav'}, features: {kind: samples, sample_rate: 1000, "
       "length: 4ms}}"},
  };
  write_pair(folder, npy("<f4", "(2, 2)", raw<float>({1, 2, 3, 4})), npy("<i8", "(2,)", raw<std::int64_t>({0, 1})));
  write_npz(folder.path() / "d.npz", {{"x", npy("<f4", "(2, 2)", raw<float>({1, 2, 3, 4}))}});
  write_gzip(folder.path() / "i.gz", idx(0x803, {2, 2, 2}, counting(8)));
  write_bytes(folder.path() / "j", idx(0x801, {2}, {0, 1}));
  write_bytes(folder.path() / "r.bin.xz", xz({0, 1, 2, 1, 3, 4}));
  write_text(folder.path() / "t.csv", "x,y\n1,a\n2,\"b\"\n");
  for (const char* name : {"p/a_1.png", "p/a_2.png"}) write_png(folder.path() / name, 2, 2, 3, counting(12));
  write_jpeg(folder.path() / "p/b_1.png", 2, 2, counting(12));
  for (const char* name : {"w/a_1.wav", "w/a_2.wav", "w/b_1.wav"})
    write_bytes(folder.path() / name, wav(1000, 1, 16, raw<std::int16_t>({1, 2, 3, 4})));
  Random random(1);
  for (const Row& row : rows) {
    INFO(row.file);
    CHECK(complaint(folder, row.section).empty());
    const Bytes good = read_bytes(folder.path() / row.file);
    std::size_t refused = 0;
    for (int i = 0; i < 150; ++i) {
      Bytes bytes = good;
      if (i % 3 == 0)
        bytes.resize(random.below(bytes.size()));
      else
        bytes[random.below(bytes.size())] = static_cast<std::uint8_t>(random.below(256));
      write_bytes(folder.path() / row.file, bytes);
      refused += !complaint(folder, row.section).empty();
    }
    CHECK(refused >= 25);  // half of those cut short at the least: a table or a stream without its end may be whole
    write_bytes(folder.path() / row.file, good);
  }
}
