// Studies that are degenerate or hopeless: each ends in a result or in one clear message of the real program.
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "program.hpp"

using program::run;
using program::Scratch;

namespace {

/// `decisions` linear layers of 1 .. `levels` outputs each.
std::string chain(int decisions, int levels) {
  std::string choice, text = "input: [2]\nlayers:\n";
  for (int level = 1; level <= levels; ++level) choice += (level > 1 ? ", " : "") + std::to_string(level);
  for (int i = 0; i < decisions; ++i)
    text += "  - linear: {out: {choice: [" + choice + "], name: d" + std::to_string(i) + "}}\n";
  return text;
}

/// A table over the two decisions d0 and d1 of 1..8 each; `cells` makes "accuracy,latency" of a row's number.
template <class Cells>
std::string table(const Cells& cells) {
  std::string text = "d0,d1,accuracy_pct,latency_ms\n";
  for (int row = 0; row < 64; ++row)
    text += std::to_string(row / 8 + 1) + "," + std::to_string(row % 8 + 1) + "," + cells(row) + "\n";
  return text;
}

const std::string tabled =
    "space: space.yaml\nobjectives:\n"
    "  - {name: latency_ms, table: {file: table.csv}}\n"
    "  - {name: accuracy_pct, goal: maximize, expensive: true, table: {file: table.csv}}\n"
    "search: {trials: 20}\n";

struct Outcome {
  int code;
  std::string out, err, trials;
};

/// Runs a study with one searcher; what takes 60 seconds hangs.
Outcome outcome(std::string_view searcher, const std::string& study, const std::string& space,
                const std::string& rows = "", const std::string& settings = "") {
  const Scratch scratch("bad");
  scratch.write("space.yaml", space);
  scratch.write("table.csv", rows);
  const auto result =
      run("search " + scratch.write("study.yaml", study).string() + " --out " + (scratch / "out").string() +
              " --set search.algorithm=" + std::string(searcher) + settings,
          "timeout 60");
  return {result.code, result.out, result.err, program::read(scratch / "out/trials.csv")};
}

std::ptrdiff_t trials_of(const Outcome& outcome) {
  return std::count(outcome.trials.begin(), outcome.trials.end(), '\n') - 1;
}

/// A study over the whole table: it comes to its end, whatever the rows hold.
Outcome every_row(std::string_view searcher, const std::string& rows) {
  const Outcome found = outcome(searcher, tabled, chain(2, 8), rows, " --set search.trials=64");
  CHECK(found.code == 0);
  CHECK(trials_of(found) == 64);
  return found;
}

/// The searcher that nobody asked for, and the baseline; tests/search walks through all of them.
template <class Check>
void with_searchers(const Check& check) {
  for (const std::string_view searcher : {"auto", "random"}) {
    INFO(searcher);
    check(searcher);
  }
}

}  // namespace

TEST_CASE("all objectives constant: one member of the front") {
  with_searchers([](std::string_view searcher) {
    const auto found = outcome(searcher, tabled, chain(2, 8), table([](int) { return "50,3"; }));
    CHECK(found.code == 0);
    CHECK(trials_of(found) == 20);
    CHECK_THAT(found.out, ContainsSubstring("the front has 1 member"));
  });
}

TEST_CASE("a single feasible point is found") {
  with_searchers([](std::string_view searcher) {
    const auto found =
        outcome(searcher, tabled, chain(2, 8), table([](int row) { return row == 37 ? "70,1" : "90,9"; }),
                " --set objectives.0.limit=2ms --set search.trials=2");
    CHECK(found.code == 0);
    CHECK_THAT(found.trials, ContainsSubstring(",complete,5,6,1,70,"));
  });
}

TEST_CASE("no feasible point: exit code 3, and the least infeasible with by how much") {
  with_searchers([](std::string_view searcher) {
    const auto rows = table([](int row) { return "50," + std::to_string(100 - row); });
    const auto cheap = outcome(searcher, tabled, chain(2, 8), rows, " --set objectives.0.limit=1ms");
    CHECK(cheap.code == 3);
    CHECK_THAT(cheap.out, ContainsSubstring("nothing keeps every limit") &&
                              ContainsSubstring("latency_ms is 37, over its limit 1"));
    const auto dear = outcome(searcher, tabled, chain(2, 8), rows, " --set objectives.1.limit=60%");
    CHECK(dear.code == 3);
    CHECK(trials_of(dear) == 20);
    CHECK_THAT(dear.out, ContainsSubstring("accuracy_pct is 50, under its limit 60"));
  });
}

TEST_CASE("NaN, infinities and numbers from 1e-300 to 1e300 in tables") {
  with_searchers([](std::string_view searcher) {
    const auto rows = table([](int row) {
      const char* values[] = {"nan,1e300", "1e-300,1e-300", "1e300,5",   "-1e300,inf",
                              "50,-inf",   "7,0",           "-0,1e-308", "1.7e308,-1.7e308"};
      return std::string(values[row % 8]);
    });
    CHECK_THAT(every_row(searcher, rows).trials, ContainsSubstring(",failed,"));
  });
}

TEST_CASE("failed trials in any number, all of them included") {
  with_searchers([](std::string_view searcher) {
    const auto all = outcome(searcher, tabled, chain(2, 8), table([](int) { return "nan,3"; }));
    CHECK(all.code == 3);
    CHECK_THAT(all.err, ContainsSubstring(" trials failed; the first, #1: "));
    CHECK(trials_of(all) == 20);
    CHECK_THAT(all.out, ContainsSubstring("no trial is complete"));
    every_row(searcher, table([](int row) { return row % 8 == 3 ? "50,3" : "nan,3"; }));
  });
}

TEST_CASE("a budget of 0 and of 1, and fewer points than the start asks for") {
  const std::string totals =
      "space: space.yaml\nobjectives: [{name: macs}, {name: weight_bytes, goal: maximize}]\nsearch: {trials: 50}\n";
  with_searchers([&](std::string_view searcher) {
    const auto none = outcome(searcher, totals, chain(2, 8), "", " --set search.trials=0");
    CHECK(none.code == 3);
    CHECK(trials_of(none) == 0);
    CHECK_THAT(none.out, ContainsSubstring("no trial is complete"));
    const auto one = outcome(searcher, totals, chain(2, 8), "", " --set search.trials=1");
    CHECK(one.code == 0);
    CHECK(trials_of(one) == 1);
    const auto few = outcome(searcher, totals, chain(1, 5));
    CHECK(few.code == 0);
    CHECK(trials_of(few) == 5);
    CHECK_THAT(few.err, ContainsSubstring("every point of the space"));
  });
}

TEST_CASE("a space of one point, with one decision, with 500, with more points than 2^64") {
  const std::string totals =
      "space: space.yaml\nobjectives: [{name: macs}, {name: weight_bytes, goal: maximize}]\nsearch: {trials: 40}\n";
  with_searchers([&](std::string_view searcher) {
    CHECK(trials_of(outcome(searcher, totals, "input: [2]\nlayers: [{linear: {out: 3}}]\n")) == 1);
    CHECK(trials_of(outcome(searcher, totals, chain(1, 1))) == 1);
    CHECK(trials_of(outcome(searcher, totals, chain(1, 100))) == 40);
    CHECK(trials_of(outcome(searcher, totals, chain(500, 2))) == 40);
    CHECK(trials_of(outcome(searcher, totals, chain(40, 8))) == 40);
  });
}

TEST_CASE("two devices are two objectives of one study; six objectives are allowed, and no more") {
  const std::string devices =
      "space: space.yaml\nobjectives:\n"
      "  - {name: phone_latency_ms, limit: 60, table: {file: table.csv, column: latency_ms}}\n"
      "  - {name: board_latency_ms, soft_limit: 40, table: {file: table.csv, column: accuracy_pct}}\n"
      "  - {name: macs}\n"
      "search: {trials: 30, identity: decisions}\n";
  const auto rows = table([](int row) { return std::to_string(row) + "," + std::to_string(64 - row); });
  const auto found = outcome("auto", devices, chain(2, 8), rows);
  CHECK(found.code == 0);
  CHECK_THAT(found.trials, ContainsSubstring("d0,d1,phone_latency_ms,board_latency_ms,macs,seconds"));
  CHECK_THAT(found.out, ContainsSubstring("within the soft limits"));
  std::string six = "space: space.yaml\nobjectives:\n";
  for (int i = 0; i < 6; ++i)
    six += "  - {name: latency" + std::to_string(i) + "_ms, table: {file: table.csv, column: latency_ms}}\n";
  const std::string budget = "search: {trials: 5, identity: decisions}\n";
  CHECK(outcome("auto", six + budget, chain(2, 8), rows).code == 0);
  const auto seven = outcome("auto", six + "  - {name: macs}\n" + budget, chain(2, 8), rows);
  CHECK(seven.code == 2);
  CHECK_THAT(seven.err, ContainsSubstring("at most 6 objectives, this one 7") && ContainsSubstring("study.yaml:3"));
}

TEST_CASE("wishes that contradict each other are refused with their place") {
  const auto refused = [](const std::string& wish) {
    const auto found = outcome(
        "auto", "space: space.yaml\nobjectives: [{name: macs, " + wish + "}]\nsearch: {trials: 5}\n", chain(2, 8));
    CHECK(found.code == 2);
    CHECK(found.out.empty());
    CHECK_THAT(found.err, ContainsSubstring("study.yaml:2"));
    return found.err;
  };
  CHECK_THAT(refused("limit: 20, soft_limit: 20"),
             ContainsSubstring("'soft_limit' of macs is 20, not better than its limit, 20"));
  CHECK_THAT(refused("goal: maximize, limit: 20, aspiration: 10"),
             ContainsSubstring("'aspiration' of macs is 10, not better than its limit"));
  CHECK_THAT(refused("interest: [5]"), ContainsSubstring("two ends"));
  CHECK_THAT(refused("interest: [5, 5]"), ContainsSubstring("no width"));
  CHECK_THAT(refused("interest: [5, 9], soft_limit: 8"), ContainsSubstring("'interest' says already"));
  CHECK_THAT(refused("reference: 5, interest: [6, 9]"), ContainsSubstring("not better than its reference, 5"));
  CHECK_THAT(refused("aspiration: lots"), ContainsSubstring("lots"));
}

TEST_CASE("the reference point is in the hypervolume that is printed") {
  const Scratch scratch("reference");
  scratch.write("space.yaml", chain(2, 8));
  const std::string study =
      scratch
          .write("study.yaml",
                 "space: space.yaml\nobjectives: [{name: macs, reference: 1000}, {name: weight_bytes, goal: maximize, "
                 "reference: 0}]\nsearch: {trials: 64, identity: decisions}\n")
          .string();
  REQUIRE(run("search " + study + " --out " + (scratch / "out").string()).code == 0);
  const auto front = nlohmann::json::parse(run("front " + (scratch / "out").string() + " --format json").out);
  // 4 d0 + ... : the volume of the front itself, from the best of each objective to the reference.
  std::vector<std::pair<double, double>> members;
  for (const auto& member : front["members"])
    members.emplace_back(member["values"]["macs"], member["values"]["weight_bytes"]);
  std::sort(members.begin(), members.end());
  double area = 0;
  for (std::size_t i = 0; i < members.size(); ++i)
    area += ((i + 1 < members.size() ? members[i + 1].first : 1000) - members[i].first) * members[i].second;
  CHECK(front["hypervolume"].get<double>() == Approx(area / ((1000 - members.front().first) * members.back().second)));
  CHECK(front["objectives"][0]["reference"] == 1000);
}

TEST_CASE("tables of a study whose study.db is gone are not written over") {
  const Scratch scratch("orphans");
  scratch.write("space.yaml", chain(2, 8));
  const std::string
      study =
          scratch.write("study.yaml", "space: space.yaml\nobjectives: [{name: macs}]\nsearch: {trials: 5}\n").string(),
      out = (scratch / "out").string();
  REQUIRE(run("search " + study + " --out " + out).code == 0);
  const std::string before = program::read(scratch / "out/trials.csv");
  std::filesystem::remove(scratch / "out/study.db");
  const auto again = run("search " + study + " --out " + out + " --set search.trials=9");
  CHECK(again.code == 2);
  CHECK_THAT(again.err,
             ContainsSubstring("trials.csv and front.csv of an earlier study") && ContainsSubstring("--out"));
  CHECK(program::read(scratch / "out/trials.csv") == before);
  CHECK_FALSE(std::filesystem::exists(scratch / "out/study.db"));
}

TEST_CASE(
    "a label with a comma is chosen in quotes, and a space whose first point does not fit is described by another") {
  const Scratch scratch("choose");
  const std::string space =
      scratch
          .write("space.yaml",
                 "input: [2]\nlayers:\n  - choice:\n      - {linear: {out: 3}, label: \"one, small\"}\n      - "
                 "{linear: {out: 9}, label: \"a \\\"big\\\" one\"}\n    name: size\n")
          .string();
  CHECK_THAT(run("describe " + space + " --choose 'size=\"one, small\"'").out, ContainsSubstring("size = one, small"));
  CHECK_THAT(run("describe " + space + " --choose '\"size=one, small\"'").out, ContainsSubstring("size = one, small"));
  CHECK_THAT(run("describe " + space + " --choose '\"size=a \"\"big\"\" one\"'").out,
             ContainsSubstring("size = a \"big\" one"));
  CHECK_THAT(run("describe " + space + " --choose 'size=a \"big\" one'").out,
             ContainsSubstring("size = a \"big\" one"));
  CHECK_THAT(run("describe " + space + " --choose 'size=\"one'").err, ContainsSubstring("not closed"));
  const std::string narrow =
      scratch
          .write("narrow.yaml",
                 "input: [1, 8, 8]\nlayers:\n  - conv: {out: 2, kernel: {choice: [9, 3], name: k}, pad: valid}\n")
          .string();
  const auto drawn = run("describe " + narrow);
  CHECK(drawn.code == 0);
  CHECK_THAT(drawn.out, ContainsSubstring("k = 3"));
  CHECK_THAT(drawn.err, ContainsSubstring("the first alternatives make no network") &&
                            ContainsSubstring("larger than the padded input"));
  CHECK(run("describe " + narrow + " --choose k=9").code == 2);
  CHECK(
      run("describe " +
          scratch
              .write("none.yaml",
                     "input: [1, 8, 8]\nlayers:\n  - conv: {out: 2, kernel: {choice: [9, 10], name: k}, pad: valid}\n")
              .string())
          .code == 2);
}

TEST_CASE("a bundle that does not fit on the disk is a failure, one in a wrong place a misuse") {
  const Scratch scratch("full");
  const std::string network = PARETOFORGE_SOURCE_DIR "/configs/architectures/mlperf_tiny_resnet8.yaml --seed 1 --out ";
  // A file that may not grow stands for a disk that is full.
  CHECK(run("export " + std::string(network) + (scratch / "bundle").string(), "ulimit -f 32;").code == 1);
  CHECK_FALSE(std::filesystem::exists(scratch / "bundle"));
  CHECK(run("export " + std::string(network) + "/proc/no_such_folder/bundle").code == 2);
  REQUIRE(run("export " + std::string(network) + (scratch / "bundle").string()).code == 0);
  const std::string card = program::read(scratch / "bundle/mlperf_tiny_resnet8/card.md");
  CHECK_THAT(card, ContainsSubstring("One architecture by itself") && !ContainsSubstring("Found by the study"));
}

TEST_CASE("TFLite is exported by the program, what it cannot hold is refused first, and runs that are skipped are told") {
  const Scratch scratch("tflite");
  const auto chain_of = [&](const std::string& layer) { return scratch.write("net.yaml", "input: [2, 8, 8]\nlayers:\n  - " + layer + "\n").string(); };
  const auto exported = [&](const std::string& network) { return run("export " + network + " --seed 1 --formats tflite,c --out " + (scratch / "bundle").string(), "PARETOFORGE_LITERT=/nowhere PARETOFORGE_ARMNN=/nowhere"); };
  const auto refused = exported(chain_of("pool: {kind: max, kernel: 4, stride: 2, pad: 3}"));
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("pool") && ContainsSubstring("in tflite: padding of more than half a window") && ContainsSubstring("net.yaml"));
  CHECK_FALSE(std::filesystem::exists(scratch / "bundle"));
  const auto made = exported(chain_of("conv: {out: 3, kernel: 3}"));
  CHECK(made.code == 0);
  CHECK(std::filesystem::exists(scratch / "bundle/net/model.tflite"));
  CHECK_THAT(made.err, ContainsSubstring("skipped: running model.tflite in LiteRT") && ContainsSubstring("skipped: running model.tflite in Arm NN") && ContainsSubstring("apt-get install"));
  CHECK(run("verify " + (scratch / "bundle").string()).code == 0);
}

TEST_CASE("measurements that cannot be fitted are misuse with their place, and the device file stays as it was") {
  const Scratch scratch("unfit");
  const std::string space = scratch.write("space.yaml", chain(2, 8)).string(),
                    device = (scratch / "device.yaml").string();
  const auto fit = [&](const std::string& csv) {
    return run("fit " + scratch.write("measured.csv", csv).string() + " --space " + space +
               " --metric latency_ms --out " + device);
  };
  const auto rows = [](const auto& latency) {
    return table([&](int row) { return "50," + std::string(latency(row)); });
  };
  const std::string good = rows([](int row) { return std::to_string(1 + row % 8 + row / 8); });
  REQUIRE(fit(good).code == 0);
  const std::string before = program::read(device);

  std::string header = good.substr(0, good.find('\n') + 1), first = good.substr(header.size());
  first = first.substr(0, first.find('\n') + 1);
  std::string misnamed = good, foreign = good;
  misnamed.replace(0, 2, "dd");
  foreign.replace(header.size(), 1, "9");
  const struct {
    std::string csv, said, place;
  } cases[] = {
      {header, "at least 5 rows; 0 of 0", "measured.csv"},
      {header + first, "at least 5 rows; 1 of 1", "measured.csv"},
      {rows([](int) { return "0"; }), "in line 2, is zero", "measured.csv"},
      {rows([](int row) { return row == 0 ? "-3" : "nan"; }), "in line 2, is negative", "measured.csv"},
      {rows([](int row) { return row == 4 ? "fast" : "1"; }), "must hold numbers, found 'fast'", "measured.csv:6"},
      {misnamed, "no column 'd0'", "measured.csv:1"},
      {"d0,d1,latency_ms,latency_ms\n1,1,2,2\n", "two columns are called 'latency_ms'", "measured.csv:1"},
      {foreign, "decision 'd0' has no '9': it is one of 1, 2", "measured.csv:2"},
      {header + "1,1,50\n", "this row has 3 fields, the header has 4", "measured.csv:2"},
  };
  for (const auto& [csv, said, place] : cases) {
    INFO(said);
    const auto found = fit(csv);
    CHECK(found.code == 2);
    CHECK(found.out.empty());
    CHECK_THAT(found.err, ContainsSubstring(said) && ContainsSubstring(place));
    CHECK(program::read(device) == before);
  }
  const auto constant = fit(rows([](int) { return "2.5"; }));
  CHECK(constant.code == 0);
  CHECK_THAT(constant.err, ContainsSubstring("every row holds 2.5"));
}

TEST_CASE("devices of another version and damaged ones, and models that are none, are misuse with their place") {
  const Scratch scratch("damaged");
  const std::string whole = program::read(PARETOFORGE_SOURCE_DIR "/configs/devices/nrf5340.yaml"),
                    network = PARETOFORGE_SOURCE_DIR "/configs/architectures/mlperf_tiny_resnet8.yaml";
  const auto predict = [&](const std::string& device, const std::string& model) {
    const auto found = run("predict " + device + " " + model);
    CHECK(found.code == 2);
    CHECK(found.out.empty());
    return found.err;
  };
  const auto damaged = [&](const std::string& text) {
    return predict(scratch.write("device.yaml", text).string(), network);
  };
  std::string later = whole, other = whole;
  later.replace(later.find("format: 1"), 9, "format: 9");
  other.replace(other.find("features: "), 10, "features: 9");
  CHECK_THAT(damaged(later), ContainsSubstring("'format' 9") && ContainsSubstring("device.yaml:"));
  CHECK_THAT(damaged(other), ContainsSubstring("'features' 9") && ContainsSubstring("fit the device again"));
  for (const std::size_t share : {2, 3, 5}) CHECK_THAT(damaged(whole.substr(0, whole.size() / share)), ContainsSubstring("device.yaml:"));
  CHECK_THAT(damaged(""), ContainsSubstring("device.yaml"));
  scratch.write("device.yaml", whole);
  const std::string device = (scratch / "device.yaml").string();
  CHECK_THAT(predict(device, scratch.write("text.onnx", "input: [3, 8, 8]\n").string()),
             ContainsSubstring("no ONNX model") && ContainsSubstring("text.onnx"));
  CHECK_THAT(predict(device, (scratch / "absent.onnx").string()), ContainsSubstring("no such file"));
}
