// Folders whose files a table labels: classes and targets, groups, names with and without endings, and what is refused.
#include <algorithm>

#include "catch.hpp"
#include "data.hpp"
#include "own_data.hpp"

using namespace paretoforge;

namespace {

using Labels = std::vector<Label>;
using Names = std::vector<std::string>;

/// Grey pictures of 2x2, p/a0.png to p/a3.png and p/deep/b0.PNG to p/deep/b3.PNG; the value says which it is.
void write_pictures(const TemporaryFolder& folder) {
  for (int i = 0; i < 4; ++i) {
    write_png(folder.path() / ("p/a" + std::to_string(i) + ".png"), 2, 2, 1, Bytes(4, static_cast<std::uint8_t>(10 + i)));
    write_png(folder.path() / ("p/deep/b" + std::to_string(i) + ".PNG"), 2, 2, 1, Bytes(4, static_cast<std::uint8_t>(20 + i)));
  }
}

/// kind, age, weight and who of each; half the names without their ending.
const std::string table =
    "file_name,kind,age,weight,who\n"
    "deep/b0.PNG,cat,1,0.5,x\ndeep/b1,dog,2,1.5,x\n./deep/b2.PNG,cat,3,2.5,y\ndeep/b3,dog,4,3.5,y\n"
    "a0.png,cat,5,4.5,z\na1,dog,6,5.5,z\na2.png,cat,7,6.5,w\na3,dog,8,7.5,w\n";

const std::string pictures = "kind: images, folder: p, size: [2, 2], channels: 1, table: t.csv";

std::vector<int> firsts(const Images& images) {
  std::vector<int> values;
  for (std::size_t i = 0; i < images.size(); ++i) values.push_back(images.image(i)[0]);
  return values;
}

struct Files {
  TemporaryFolder folder;
  Files() {
    write_pictures(folder);
    write_text(folder.path() / "t.csv", table);
  }
  Dataset load(const std::string& rest) const { return load_own(folder, "{" + pictures + ", " + rest + "}"); }
  void refused(const std::string& rest, const std::string& part) const {
    check_complaint(folder, "{" + pictures + ", " + rest + "}", part);
  }
  /// With that table instead.
  void refused_table(const std::string& text, const std::string& rest, const std::string& part) const {
    write_text(folder.path() / "t.csv", text);
    refused(rest, part);
    write_text(folder.path() / "t.csv", table);
  }
};

}  // namespace

TEST_CASE("A table labels the files of a folder, wherever in it they lie and however they are named") {
  const Files files;
  const Dataset data = files.load("label: kind, test: {match: '[ab]0.*'}");
  CHECK(data.classes == Names{"cat", "dog"});
  CHECK(firsts(data.train) == std::vector<int>{11, 12, 13, 21, 22, 23});
  CHECK(data.train.labels == Labels{1, 0, 1, 1, 0, 1});
  CHECK(firsts(data.test) == std::vector<int>{10, 20});
  CHECK(data.test.labels == Labels{0, 0});
  CHECK(data.notes.empty());

  write_png(files.folder.path() / "p/loose.png", 2, 2, 1, Bytes(4, 99));
  CHECK(files.load("label: kind, test: {share: 0.5}").notes == Names{"1 of its files are in no row of the table"});
  const Dataset cats = files.load("label: kind, classes: [dog, cat], test: {share: 0.25}");
  CHECK(cats.classes == Names{"dog", "cat"});
  write_text(files.folder.path() / "u.csv", "id,kind\na0,cat\na1,dog\na2,dog\na3,cat\n");
  const std::string other = "{kind: images, folder: p, size: [2, 2], channels: 1, label: kind, test: {share: 0.5}, table: {file: u.csv, name: id}}";
  CHECK(load_own(files.folder, other).train.size() == 2);
}

TEST_CASE("A part in a folder of its own has a table of its own") {
  const Files files;
  write_png(files.folder.path() / "q/n1.png", 2, 2, 1, Bytes(4, 77));
  write_text(files.folder.path() / "q.csv", "file_name,kind,age\nn1,dog,9.5\n");
  const Dataset data = files.load("label: kind, test: {folder: q, table: q.csv}");
  CHECK(data.train.size() == 8);
  CHECK(firsts(data.test) == std::vector<int>{77});
  CHECK(data.test.labels == Labels{1});
  files.refused("label: kind, test: {folder: q}", "the folder has no table");
  files.refused("label: kind, test: {folder: q, list: q.csv}", "unknown key 'list'");
  for (const char* name : {"r/a_1.png", "r/b_1.png"}) write_png(files.folder.path() / name, 2, 2, 1, Bytes(4, 1));
  check_complaint(files.folder, "{kind: images, folder: r, size: [2, 2], label: name, test: {folder: q, table: q.csv}}", "the section itself has no table");
  write_text(files.folder.path() / "q.csv", "id,kind,age\nn1,dog,9.5\n");
  CHECK(files.load("label: kind, test: {folder: q, table: {file: q.csv, name: id}}").test.labels == Labels{1});
  files.refused("label: kind, test: {folder: q, table: {file: q.csv, nam: id}}", "did you mean 'name'?");
  files.refused("label: kind, test: {folder: p, table: t.csv}", " is in two parts");
  write_text(files.folder.path() / "q.csv", "file_name,kind,age\nn1,Dog,9.5\n");
  files.refused("label: kind, test: {folder: q, table: q.csv}", "q.csv:2) is out of range: there are 2 classes");
}

TEST_CASE("Groups of a table are not torn apart by a split") {
  const Files files;
  for (int seed = 1; seed <= 8; ++seed) {
    const Dataset data = files.load("label: kind, group: who, test: {share: 0.5, seed: " + std::to_string(seed) + "}");
    REQUIRE(data.test.size() == 4);
    std::vector<int> test = firsts(data.test);
    for (const int value : test)  // x: 20 and 21, y: 22 and 23, z: 10 and 11, w: 12 and 13
      CHECK(std::count(test.begin(), test.end(), value ^ 1) == 1);
  }
}

TEST_CASE("What validates by seed are whole groups, and parts that share groups are noted") {
  const Files files;
  const Dataset data = files.load("label: kind, group: who, test: {match: 'a[23].png'}");
  CHECK(data.notes.empty());
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const Split parts = split(data, 1, seed);
    REQUIRE(parts.validation.size() == 2);
    CHECK(parts.train.size() == 4);
    CHECK(data.groups[parts.validation[0]] == data.groups[parts.validation[1]]);
    for (const auto position : parts.train) CHECK(data.groups[position] != data.groups[parts.validation[0]]);
  }
  CHECK(split(data, 5, 1).train.size() == 2);  // one group is left
  CHECK(split(data, 0, 1).train.size() == 6);
  CHECK_THROWS_AS(split(data, 6, 1), std::invalid_argument);
  CHECK(files.load("label: kind, group: who, test: {match: 'a3.png'}").notes ==
        Names{"groups in test: 1, 1 of them in train, too: scores there are not of groups never seen"});
  files.refused("label: kind, group: who, test: {match: 'a*'}, validation: {match: 'x'}", "no file of the folder is chosen");
  write_text(files.folder.path() / "t.csv", "file_name,kind,who\na0,cat,x\na1,dog,x\na2,cat,y\na3,dog,y\n");
  files.refused("label: kind, group: who, test: {match: 'a[23].png'}", "all training samples are of one group");
  CHECK(files.load("label: kind, group: who, test: {match: 'a2.png'}, validation: {match: 'a3.png'}").groups.empty());
}

TEST_CASE("A table gives pictures and recordings numbers to predict") {
  const Files files;
  const Dataset data = files.load("target: [age, weight], test: {match: 'deep/*'}");
  CHECK(data.regression());
  CHECK(data.targets == Names{"age", "weight"});
  CHECK(data.train.targets == std::vector<float>{5, 4.5f, 6, 5.5f, 7, 6.5f, 8, 7.5f});
  CHECK(data.test.targets == std::vector<float>{1, 0.5f, 2, 1.5f, 3, 2.5f, 4, 3.5f});
  CHECK(files.load("target: age, group: who, test: {share: 0.25}").test.size() == 2);

  for (int i = 0; i < 4; ++i) {
    const auto level = static_cast<std::int16_t>(1000 * i);
    write_bytes(files.folder.path() / "w" / ("r" + std::to_string(i) + ".wav"), wav(1000, 1, 16, raw<std::int16_t>({level, level})));
  }
  write_text(files.folder.path() / "w.csv", "file_name,loud\nr0.wav,0\nr1.wav,1\nr2.wav,2\nr3.wav,3\n");
  const Dataset recordings = load_own(files.folder, "{kind: wav, folder: w, table: w.csv, target: loud, features: {kind: samples, sample_rate: 1000, length: 2ms}, test: {match: 'r[13].wav'}}");
  CHECK(recordings.train.targets == std::vector<float>{0, 2});
  CHECK(recordings.test.targets == std::vector<float>{1, 3});
  files.refused("target: age, classes: [cat, dog], test: {match: 'deep/*'}", "these data have targets: numbers, and no classes");
}

TEST_CASE("A table that does not fit its folder is refused, with its line") {
  const Files files;
  const std::string rest = "label: kind, test: {share: 0.5}";
  files.refused("test: {share: 0.5}", "a table has a 'label', the column of classes, or a 'target'");
  files.refused("label: kind, target: age, test: {share: 0.5}", "a 'label', the column of classes, or a 'target'");
  files.refused("label: '', test: {share: 0.5}", "'label' names no column");
  files.refused("label: knid, test: {share: 0.5}", "t.csv: has no column 'knid'; did you mean 'kind'?");
  files.refused("label: kind, group: whom, test: {share: 0.5}", "did you mean 'who'?");
  files.refused("target: kind, test: {share: 0.5}", "t.csv:2: column 'kind' must hold finite numbers, found 'cat'");
  files.refused_table("name,kind\na0,cat\n", rest, "t.csv: has no column 'file_name'; it has name, kind");
  files.refused_table("file_name,kind\n", rest, "t.csv: holds no row");
  files.refused_table("file_name,kind\na0,cat\na1,\n", rest, "t.csv:3: the label is empty");
  files.refused_table("file_name,kind\n,cat\n", rest, "t.csv:2: the name of the file is empty");
  files.refused_table("file_name,kind\na0,cat\na1,dog\n./a0,cat\n", rest, "t.csv:4: names 'a0', as line 2 does");
  files.refused_table("file_name,kind\na0,cat\na9.png,dog\nb9,cat\n", rest, "t.csv:3: names 'a9.png', which ");
  files.refused_table("file_name,kind\na0,cat\na9.png,dog\nb9,cat\n", rest, "did you mean 'a0.png'? (and 1 other rows name files that are not read)");
  files.refused_table("file_name,kind\na0.png,cat\na0,dog\n", rest, "t.csv:3: names 'a0', which another row names as 'a0.png'");
  files.refused_table("file_name,kind\n../t.csv,cat\n", rest, "which is not relative to ");
  write_text(files.folder.path() / "p/a0.gif", "GIF");
  files.refused_table("file_name,kind\na0.gif,cat\n", rest, "which is passed over: names end in .png or .jpg or .jpeg");
  files.refused_table("file_name,kind,who\na0,cat,\n", rest + ", group: who", "t.csv:2: the group is empty");
  files.refused("label: kind, group: '', test: {share: 0.5}", "'group' names no column");
  files.refused("target: '', test: {share: 0.5}", "'target' names no column");
  files.refused("label: kind, classes: [Cat, Dog], test: {share: 0.5}", "file of the classes named: there are cat, dog");
  files.refused_table("file_name,age\na0,1\na1,1\na2,1\na3,1\n", "target: age, test: {match: 'a0.png'}", "'age' is the same in all samples of train");
  write_png(files.folder.path() / "p/a1.jpg", 2, 2, 1, Bytes(4, 99));
  files.refused(rest, "'a1' may be a1.jpg or a1.png: add the ending");
  check_complaint(files.folder, "{kind: images, folder: p, size: [2, 2], target: age, test: {share: 0.5}}", "names a column of a table, and there is none");
  check_complaint(files.folder, "{kind: images, folder: p, size: [2, 2], label: kind, table: gone.csv, test: {share: 0.5}}", "gone.csv: no such file");
}

TEST_CASE("Targets that float32 tells little of apart are noted") {
  const Files files;
  write_text(files.folder.path() / "t.csv", "file_name,age\na0,1000000001\na1,1000000099\na2,1000000200\na3,1000000300\n");
  const Dataset data = files.load("target: age, test: {match: 'a[01].png'}");
  REQUIRE(data.notes.size() == 2);
  CHECK(data.notes[0].find("column 'age' of ") == 0);
}
