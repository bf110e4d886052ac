// The program from outside: what it prints, what it refuses and how, and that nothing is lost.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "exporters/onnx_runtime.hpp"
#include "program.hpp"

using program::run;
using program::Scratch;
namespace fs = std::filesystem;

namespace {

const std::string configs = PARETOFORGE_SOURCE_DIR "/configs";

/// Costs that need no data: the smallest complete study.
const std::string small_space = "input: [4]\nlayers:\n  - linear: {out: {choice: [1, 2, 3, 4, 5, 6, 7, 8], name: a}}\n  - linear: {out: {choice: [1, 2, 3, 4], name: b}}\n";
const std::string two_totals = "objectives: [{name: macs}, {name: weight_bytes, goal: maximize}]\n";
const std::string ten_trials = "search: {trials: 10}\n";
const std::string small_study = "space: space.yaml\n" + two_totals + ten_trials;

/// What a study with these texts is refused with; nothing may have been created.
std::string refused(const std::string& study, const std::string& space = small_space, const std::string& table = "") {
  const Scratch scratch("refused");
  scratch.write("space.yaml", space);
  scratch.write("table.csv", table);
  const auto result = run("search " + scratch.write("study.yaml", study).string() + " --out " + (scratch / "out").string());
  REQUIRE(result.code == 2);
  REQUIRE(result.out.empty());
  REQUIRE_FALSE(std::filesystem::exists(scratch / "out"));
  return result.err;
}

}  // namespace

TEST_CASE("a study runs, goes on where it stood, and is its own input") {
  const Scratch scratch("study");
  scratch.write("space.yaml", small_space);
  const std::string study = scratch.write("study.yaml", small_study).string(), out = (scratch / "out").string();
  REQUIRE(run("search " + study + " --out " + out).code == 0);
  const std::string first = program::read(scratch / "out/trials.csv");
  REQUIRE(std::count(first.begin(), first.end(), '\n') == 11);
  REQUIRE(run("search " + study + " --out " + out + " --set search.trials=20").code == 0);
  const std::string longer = program::read(scratch / "out/trials.csv");
  REQUIRE(longer.starts_with(first));
  const auto fewer = run("search " + study + " --out " + out);
  REQUIRE_THAT(fewer.err, ContainsSubstring("20 trials are there already"));
  REQUIRE(program::read(scratch / "out/trials.csv") == longer);
  REQUIRE(run("search " + (scratch / "out/study.yaml").string() + " --out " + (scratch / "again").string()).code == 0);
  REQUIRE(program::without_seconds(program::read(scratch / "again/trials.csv")) == program::without_seconds(longer));
  for (const char* file : {"study.db", "front.csv", "report.html"}) REQUIRE(std::filesystem::file_size(scratch / ("out/" + std::string(file))) > 0);
  REQUIRE_THAT(run("front " + out + " --format csv").out, ContainsSubstring("trial,state,a,b,macs,weight_bytes,seconds,message"));
  REQUIRE_THAT(run("front " + out + " --format json").out, ContainsSubstring("\"schema\": \"paretoforge.front/1\""));
}

TEST_CASE("another study in the folder is refused and nothing of the first is lost") {
  const Scratch scratch("other");
  scratch.write("space.yaml", small_space);
  const std::string study = scratch.write("study.yaml", small_study).string(), out = (scratch / "out").string();
  REQUIRE(run("search " + study + " --out " + out).code == 0);
  const std::string before = program::read(scratch / "out/trials.csv");
  const auto other = run("search " + study + " --out " + out + " --set search.seed=2");
  REQUIRE(other.code == 2);
  REQUIRE_THAT(other.err, ContainsSubstring("another study"));
  REQUIRE(program::read(scratch / "out/trials.csv") == before);
}

TEST_CASE("files of the user's that have the names of a study's own, or of a page, are not overwritten") {
  const Scratch scratch("own");
  scratch.write("space.yaml", small_space);
  const std::string mine = "# my notes\n" + small_study, file = scratch.write("study.yaml", mine).string(), here = file.substr(0, file.rfind('/'));
  const auto refused = run("search " + file + " --out " + here);
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("holds a study.yaml that is not of a study there"));
  CHECK(program::read(scratch / "study.yaml") == mine);
  CHECK_FALSE(std::filesystem::exists(scratch / "study.db"));

  const std::string out = (scratch / "out").string();
  REQUIRE(run("search " + file + " --out " + out).code == 0);
  REQUIRE(run("search " + file + " --out " + out).code == 0);  // its own study.yaml and report.html are replaced
  const std::string table = scratch.write("table.csv", "a,b\n1,2\n").string(), database = program::read(scratch / "out/study.db");
  for (const std::string& wrong : {table, out + "/study.db"}) {
    const auto result = run("report " + out + " --out " + wrong);
    CHECK(result.code == 2);
    CHECK_THAT(result.err, ContainsSubstring(wrong + " is no report"));
  }
  CHECK(program::read(table) == "a,b\n1,2\n");
  CHECK(program::read(scratch / "out/study.db") == database);
  CHECK(run("report " + out + " " + out + " --out " + out + "/page.html").code == 0);
  CHECK(run("report " + out + " --out " + out + "/page.html").code == 0);
}

TEST_CASE("a space that is exhausted ends the study, and so do limits that nothing keeps") {
  const Scratch scratch("ends");
  scratch.write("space.yaml", small_space);
  const std::string study = scratch.write("study.yaml", "space: space.yaml\n" + two_totals + "search: {trials: 1000, identity: decisions}\n").string();
  const auto all = run("search " + study + " --out " + (scratch / "all").string());
  REQUIRE(all.code == 0);
  REQUIRE_THAT(all.err, ContainsSubstring("every point of the space"));
  REQUIRE(program::read(scratch / "all/trials.csv").find("\n32,complete") != std::string::npos);
  const auto none = run("search " + study + " --out " + (scratch / "none").string() + " --set objectives.0.limit=1");
  REQUIRE(none.code == 3);
  REQUIRE_THAT(none.out, ContainsSubstring("nothing keeps every limit") && ContainsSubstring("macs"));
  REQUIRE_THAT(run("front " + (scratch / "none").string() + " --format table").out, ContainsSubstring("nothing keeps every limit"));
}

TEST_CASE("what is wrong with a study is said with its place, before anything is created") {
  REQUIRE_THAT(refused("space: space.yaml\n" + two_totals + "search: {trails: 10}\n"), ContainsSubstring("unknown key 'trails'") && ContainsSubstring("did you mean 'trials'?") && ContainsSubstring("study.yaml:3:10"));
  REQUIRE_THAT(refused("space: space.yaml\n" + two_totals + "search: {trials: many}\n"), ContainsSubstring("many") && ContainsSubstring("study.yaml:3"));
  REQUIRE_THAT(refused("space: space.yaml\n" + two_totals + "search: {trials: 5, algorithm: nsga2x}\n"), ContainsSubstring("no searcher is called 'nsga2x'") && ContainsSubstring("did you mean 'nsga2'?"));
  REQUIRE_THAT(refused("space: nowhere.yaml\n" + two_totals + ten_trials), ContainsSubstring("nowhere.yaml") && ContainsSubstring("study.yaml:1"));
  REQUIRE_THAT(refused("space: space.yaml\nobjectives: [{name: mac}]\n" + ten_trials), ContainsSubstring("did you mean 'macs'?") && ContainsSubstring("study.yaml:2"));
  REQUIRE_THAT(refused("space: space.yaml\nobjectives: [{name: seconds, table: {file: table.csv}}]\n" + ten_trials), ContainsSubstring("a column of every trials.csv"));
  REQUIRE_THAT(refused("space: space.yaml\n" + two_totals + "search: {trials: 5, population: 0}\n"), ContainsSubstring("population") && ContainsSubstring("study.yaml:3"));
  REQUIRE_THAT(refused("space: space.yaml\nobjectives: []\n" + ten_trials), ContainsSubstring("at least one objective"));
  REQUIRE_THAT(refused("space: space.yaml\nobjectives: [{name: macs}, {name: macs}]\n" + ten_trials), ContainsSubstring("two objectives are called 'macs'"));
  REQUIRE_THAT(refused("space: space.yaml\nobjectives: [{name: macs, limit: lots}]\n" + ten_trials), ContainsSubstring("lots"));
  REQUIRE_THAT(refused(""), ContainsSubstring("study.yaml"));
  REQUIRE_THAT(refused(std::string("\x7f" "ELF\x00\x01", 6)), ContainsSubstring("study.yaml"));
}

TEST_CASE("what is wrong with a space is said with its place") {
  REQUIRE_THAT(refused(small_study, "input: [4]\nlayers: [{linear: {out: {choice: []}}}]\n"), ContainsSubstring("an empty choice") && ContainsSubstring("space.yaml:2"));
  REQUIRE_THAT(refused(small_study, "input: [4]\nlayers: [{linear: {out: {choice: [1, 2], name: w}}}, {linear: {out: {choice: [1, 3], name: w}}}]\n"), ContainsSubstring("tied to another of a different shape"));
  REQUIRE_THAT(refused(small_study, "input: [3, 8, 8]\nlayers: [{conv: {out: {choice: [4, 8]}, kernel: 9, pad: valid}}]\n"), ContainsSubstring("layer '0'") && ContainsSubstring("larger than the padded input") && ContainsSubstring("each of 64 points"));
}

TEST_CASE("what is wrong with a table is said with its study") {
  const std::string study = "space: space.yaml\nobjectives: [{name: latency_ms, table: {file: table.csv}}, {name: macs}]\n" + ten_trials;
  REQUIRE_THAT(refused(study, small_space, "a,latency_ms\n1,2\n"), ContainsSubstring("'b'") && ContainsSubstring("study.yaml:2"));
  REQUIRE_THAT(refused(study, small_space, "a,b,latency\n1,1,2\n"), ContainsSubstring("latency_ms") && ContainsSubstring("study.yaml:2"));
  REQUIRE_THAT(refused(study, small_space, "a,b,latency_ms\n1,9,2\n"), ContainsSubstring("'9'") && ContainsSubstring("table.csv:2") && ContainsSubstring("study.yaml:2"));
  REQUIRE_THAT(refused(study, small_space, "a,b,latency_ms\n1,1,2\n1,1,3\n"), ContainsSubstring("twice") && ContainsSubstring("table.csv:3"));
  REQUIRE_THAT(refused("space: space.yaml\nobjectives: [{name: latency_ms, table: {file: none.csv}}]\n" + ten_trials), ContainsSubstring("none.csv") && ContainsSubstring("study.yaml:2"));
}

TEST_CASE("a table of a part of the space restricts the study, and NaN and infinity fail trials") {
  const Scratch scratch("part");
  scratch.write("space.yaml", small_space);
  scratch.write("table.csv", "a,b,latency_ms\n1,1,2\n2,1,nan\n3,1,inf\n4,2,5\n");
  const std::string study = scratch.write("study.yaml", "space: space.yaml\nobjectives: [{name: latency_ms, expensive: true, table: {file: table.csv}}, {name: macs}]\nsearch: {trials: 10}\n").string();
  const auto result = run("search " + study + " --out " + (scratch / "out").string());
  REQUIRE(result.code == 0);
  REQUIRE_THAT(result.err, ContainsSubstring("4 of the space's 32 points"));
  const std::string csv = program::read(scratch / "out/trials.csv");
  REQUIRE(std::count(csv.begin(), csv.end(), '\n') == 5);
  REQUIRE_THAT(csv, ContainsSubstring(",failed,2,1,") && ContainsSubstring(",failed,3,1,"));
}

#ifdef PARETOFORGE_WITH_TORCH
TEST_CASE("what is wrong with a training is said with its study") {
  const auto study = [](const std::string& train) {
    return "space: " + configs + "/spaces/tiny_image.yaml\nobjectives: [{name: macs}, {name: accuracy_pct, train: {" + train + "}}]\n" + ten_trials;
  };
  REQUIRE_THAT(refused(study("epochs: 1")), ContainsSubstring("needs 'data'") && ContainsSubstring("study.yaml:2"));
  REQUIRE_THAT(refused(study("data: fashion-mnistt")), ContainsSubstring("did you mean 'fashion-mnist'?"));
  REQUIRE_THAT(refused(study("data: {name: fashion-mnist, path: .}")), ContainsSubstring("study.yaml:2"));
  REQUIRE_THAT(refused(study("data: fashion-mnist, epochz: 1")), ContainsSubstring("did you mean 'epochs'?"));
  REQUIRE_THAT(refused(study("data: fashion-mnist, images: 70000")), ContainsSubstring("70000 images") && ContainsSubstring("study.yaml:2"));
  REQUIRE_THAT(refused("space: " + configs + "/spaces/mobile.yaml\nobjectives: [{name: macs}, {name: accuracy_pct, train: {data: fashion-mnist}}]\n" + ten_trials),
               ContainsSubstring("take 3 channels") && ContainsSubstring("study.yaml:2"));
}
#endif

TEST_CASE("TorchScript is exported, proved in LibTorch, and run again") {
  const Scratch scratch("torchscript");
  const std::string out = (scratch / "out").string();
  const auto exported = run("export " + configs + "/architectures/mlperf_tiny_ds_cnn.yaml --seed 1 --formats torchscript --out " + out);
#ifdef PARETOFORGE_WITH_TORCH
  REQUIRE(exported.code == 0);
  REQUIRE_THAT(program::read(scratch / "out/manifest.json"), ContainsSubstring("\"parity_torchscript\"") && ContainsSubstring("libtorch "));
  const auto verified = run("verify " + out);
  REQUIRE(verified.code == 0);
  REQUIRE_THAT(verified.out, ContainsSubstring("TorchScript, difference") && ContainsSubstring("passed"));
  const std::filesystem::path archive = scratch / "out/mlperf_tiny_ds_cnn/model.pt";
  std::ofstream(archive, std::ios::app) << " ";
  REQUIRE_THAT(run("verify " + out).err, ContainsSubstring("model.pt is not what was exported"));
#else
  REQUIRE(exported.code == 2);
  REQUIRE_THAT(exported.err, ContainsSubstring("no LibTorch"));
  REQUIRE_FALSE(std::filesystem::exists(out));
#endif
}

TEST_CASE("device files of another version or without the metric are refused") {
  const std::string study = "space: space.yaml\nobjectives: [{name: latency_ms, device: table.csv}]\n" + ten_trials;
  REQUIRE_THAT(refused(study, small_space, "format: 99\nname: x\n"), ContainsSubstring("99") && ContainsSubstring("study.yaml:2"));
  REQUIRE_THAT(refused(study, small_space, "{"), ContainsSubstring("study.yaml:2"));
}

TEST_CASE("folders that cannot hold a study, and damaged ones, are refused") {
  const Scratch scratch("folders");
  scratch.write("space.yaml", small_space);
  const std::string study = scratch.write("study.yaml", small_study).string();
  REQUIRE(run("search " + study + " --out /proc/no_such_folder").code == 2);
  REQUIRE(run("search " + study + " --out " + study).code == 2);
  REQUIRE(run("search " + study + " --out " + (scratch / "out").string()).code == 0);
  for (const std::string& damage : {std::string(), std::string("not a database"), program::read(scratch / "out/study.db").substr(0, 5000)}) {
    scratch.write("out/study.db", damage);
    const auto result = run("search " + study + " --out " + (scratch / "out").string());
    REQUIRE(result.code == 2);
    REQUIRE_THAT(result.err, ContainsSubstring("study.db"));
  }
  REQUIRE(run("front " + (scratch / "nowhere").string()).code == 2);
}

TEST_CASE("the command line says what it does not understand") {
  for (const char* wrong : {"", "serch x", "search", "search /no/such.yaml", "describe", "list nothing", "front", "export /no/such.yaml", "verify /no/such",
                            "fit /no/such.csv --space x --metric y --out z", "predict /no/such.yaml x.yaml"}) {
    const auto result = run(wrong);
    REQUIRE(result.code == 2);
    REQUIRE_FALSE(result.err.empty());
  }
  REQUIRE_THAT(run("serch x").err, ContainsSubstring("no command is called 'serch'") && ContainsSubstring("did you mean 'search'?"));
  REQUIRE(run("--help").code == 0);
  REQUIRE(run("--version").code == 0);
}

TEST_CASE("describe prints the totals of the MLPerf Tiny networks, as text, JSON and tables") {
  const auto text = run("describe " + configs + "/architectures/mlperf_tiny_ds_cnn.yaml");
  REQUIRE(text.code == 0);
  REQUIRE_THAT(text.out, ContainsSubstring("2,656,768"));
  const auto json = run("describe " + configs + "/architectures/mlperf_tiny_resnet8.yaml --json");
  REQUIRE_THAT(json.out, ContainsSubstring("\"macs\": 12501632") && ContainsSubstring("\"peak_activation_bytes\": 49152"));
  const auto chosen = run("describe " + configs + "/spaces/nasbench_macro.yaml --choose layer_0=mb3_k3,layer_7=mb6_k5 --json");
  REQUIRE_THAT(chosen.out, ContainsSubstring("\"layer_7\": \"mb6_k5\""));
  REQUIRE_THAT(run("describe " + configs + "/spaces/nasbench_macro.yaml --choose layer_9=mb3_k3").err, ContainsSubstring("did you mean 'layer_"));
  const Scratch scratch("describe");
  const auto table = scratch.write("in.csv", "layer_7,layer_0,layer_1,layer_2,layer_3,layer_4,layer_5,layer_6\nidentity,identity,identity,identity,identity,identity,identity,identity\n");
  REQUIRE(run("describe " + configs + "/spaces/nasbench_macro.yaml --table " + table.string() + " --out " + (scratch / "out.csv").string()).code == 0);
  REQUIRE_THAT(program::read(scratch / "out.csv"), ContainsSubstring("7713280,387882"));
}

TEST_CASE("what cannot be written is said, and nothing else is overwritten") {
  const Scratch scratch("write");
  const std::string space = scratch.write("space.yaml", small_space).string(), table = scratch.write("in.csv", "a,b\n1,1\n").string();
  REQUIRE(run("describe " + space + " --json 2>/dev/null >/dev/full; exit $?; true").code == 1);
  REQUIRE(run("describe " + space + " --table " + table + " --out " + table).code == 2);
  REQUIRE(program::read(scratch / "in.csv") == "a,b\n1,1\n");
  std::filesystem::create_symlink("target.csv", scratch / "link.csv");
  scratch.write("target.csv", "before");
  REQUIRE(run("describe " + space + " --table " + table + " --out " + (scratch / "link.csv").string()).code == 0);
  REQUIRE_THAT(program::read(scratch / "target.csv"), ContainsSubstring("macs"));
  REQUIRE(std::filesystem::is_symlink(scratch / "link.csv"));
  REQUIRE(run("export " + configs + "/architectures/mlperf_tiny_resnet8.yaml --seed -3 --out " + (scratch / "b").string()).code == 2);
}

TEST_CASE("export writes four-bit, 16-bit and float16 files and proves them; verify runs them again") {
  if (!paretoforge::OnnxRuntime::available()) {
    std::puts("SKIPPED: needs ONNX Runtime");
    return;
  }
  const Scratch scratch("forms");
  const std::string network = "export " + configs + "/architectures/mlperf_tiny_ds_cnn.yaml --seed 1 --out " + (scratch / "bundle").string();
  const auto made = run(network + " --bits 4 --calibration min_max --formats onnx_int4,onnx_int16,onnx_float16,onnx,tflite,tflite_int4");
  REQUIRE(made.code == 0);
  const auto folder = scratch / "bundle" / "mlperf_tiny_ds_cnn";
  REQUIRE(std::filesystem::file_size(folder / "model_int4.onnx") < std::filesystem::file_size(folder / "model.onnx") - 8000);
  REQUIRE(std::filesystem::file_size(folder / "model_int4.tflite") < std::filesystem::file_size(folder / "model.tflite") - 8000);
  REQUIRE_THAT(made.err, ContainsSubstring("skipped: running model_int4.tflite in Arm NN, which has no weights of 4 bits"));
  const auto checked = run("verify " + (scratch / "bundle").string());
  REQUIRE(checked.code == 0);
  REQUIRE_THAT(checked.out, ContainsSubstring("model_int4.onnx 16 of 16") && ContainsSubstring("model_int16.onnx") && ContainsSubstring("model_float16.onnx"));
  REQUIRE_THAT(run(network + " --formats onnx_int4").err, ContainsSubstring("--bits"));
  REQUIRE_THAT(run(network + " --formats tflite,tflite_int4").err, ContainsSubstring("tflite_int4 packs weights of 4 bits"));
  REQUIRE(run(network + " --formats onnx_int4").code == 2);
  REQUIRE(run(network + " --bits mixed").code == 2);
  REQUIRE_THAT(run(network + " --weight-bytes 20KiB").err, ContainsSubstring("--bits mixed --weight-bytes 20KiB"));
  REQUIRE(run(network + " --bits mixed --weight-bytes 1KiB").code == 1);
  REQUIRE_THAT(run(network + " --bits 5").err, ContainsSubstring("8, 4, mixed"));
  REQUIRE_THAT(run(network + " --calibration minmax").err, ContainsSubstring("did you mean 'min_max'"));
}

TEST_CASE("a row of a table whose point makes no network is named") {
  const Scratch scratch("no_network");
  const std::string space = scratch.write("space.yaml", "input: [1, 8, 8]\nlayers:\n  - pool: {kind: max, kernel: {choice: [9, 2, 4], name: w}}\n"
                                                        "  - linear: {out: 4}\n").string();
  const std::string table = scratch.write("in.csv", "w,latency_ms\n2,1\n4,1\n2,1\n9,1\n4,1\n2,1\n4,1\n").string(), out = (scratch / "out.csv").string();
  const std::string device = configs + "/devices/nrf5340.yaml ";
  const std::string board = scratch.write("board.yaml", "format: 1\nname: b\nmeasure: {kind: command, command: \"false {model}\"}\n").string();
  for (const std::string& command : {"describe " + space + " --table " + table + " --out " + out,
                                     "predict " + device + space + " --table " + table + " --out " + out,
                                     "predict " + device + space + " --metric latency_ms --measured latency_ms --table " + table,
                                     "measure " + space + " --device " + board + " --table " + table + " --out " + out,
                                     "fit " + table + " --space " + space + " --metric latency_ms --out " + (scratch / "device.yaml").string()}) {
    INFO(command);
    const auto result = run(command);
    CHECK(result.code == 2);
    CHECK_THAT(result.err, ContainsSubstring("does not fit") && ContainsSubstring(table + ":5"));
    CHECK_FALSE(fs::exists(out));
  }
}

TEST_CASE("networks beyond all bounds are refused, not counted wrongly") {
  const Scratch scratch("huge");
  const auto huge = scratch.write("huge.yaml", "input: [1000, 60000, 60000]\nlayers: [{conv: {out: 100000, kernel: 3}}]\n");
  const auto result = run("describe " + huge.string());
  REQUIRE(result.code == 2);
  REQUIRE_THAT(result.err, ContainsSubstring("2^31"));
}

TEST_CASE("what a person wrote in a device file stays as it is when a metric is fitted into it") {
  const Scratch scratch("by_hand");
  const std::string space = scratch.write("space.yaml", small_space).string();
  std::string csv = "a,b,latency_ms,energy_mj\n";
  for (int a = 1; a <= 8; ++a) csv += std::to_string(a) + ",2," + std::to_string(a + 3) + "," + std::to_string(2 * a + 1) + "\n";
  const std::string table = scratch.write("m.csv", csv).string();
  const std::string by_hand = "# ours\nformat: 1\nname: my board   # in the lab\n\nmeasure:\n  kind: command  # by ssh\n  command: ./bench {model}\n  timeout: 2min\n";
  const auto fit = [&](const fs::path& device, const std::string& metric, const std::string& more = "") {
    return run("fit " + table + " --space " + space + " --metric " + metric + " --model ridge --out " + device.string() + more);
  };
  const fs::path device = scratch.write("board.yaml", by_hand);
  REQUIRE(fit(device, "latency_ms").code == 0);
  const std::string once = program::read(device);
  CHECK(once.substr(0, by_hand.size()) == by_hand);
  REQUIRE(fit(device, "latency_ms").code == 0);
  CHECK(program::read(device) == once);
  scratch.write("board.yaml", once + "# the end\n");
  REQUIRE(fit(device, "energy_mj", " --description 'the one on the left'").code == 0);
  const std::string both = program::read(device);
  CHECK(both.substr(0, by_hand.size()) == by_hand);
  for (const char* part : {"# the end", "latency_ms:", "energy_mj:", "the one on the left"}) CHECK_THAT(both, ContainsSubstring(part));
  CHECK(run("predict " + device.string() + " " + space).code == 0);

  const fs::path flow = scratch.write("flow.yaml", "{format: 1, name: my board}  # in one line\n");
  const auto anew = fit(flow, "latency_ms");
  CHECK(anew.code == 0);
  CHECK_THAT(anew.err, ContainsSubstring("written anew"));
  CHECK(run("predict " + flow.string() + " " + space).code == 0);
}

TEST_CASE("an installed program lists what was installed beside it") {
  const Scratch scratch("installed");
  for (const char* folder : {"bin", "share/paretoforge/spaces", "share/paretoforge/devices"}) fs::create_directories(scratch / folder);
  const fs::path program = scratch / "bin/paretoforge", share = fs::canonical(scratch / "share/paretoforge");
  fs::copy_file(PARETOFORGE_PROGRAM, program);
  fs::copy_file(configs + "/spaces/tiny_image.yaml", share / "spaces/mine.yaml");
  fs::copy_file(configs + "/devices/nrf5340.yaml", share / "devices/board.yaml");
  for (const auto& [what, file] : {std::pair{"spaces", "mine.yaml"}, {"devices", "board.yaml"}}) {
    const std::string out = (scratch / "out").string();
    REQUIRE(std::system((program.string() + " list " + what + " >" + out).c_str()) == 0);
    const std::string listed = program::read(out);
    CHECK_THAT(listed, ContainsSubstring((share / what / file).string()));
    CHECK(std::count(listed.begin(), listed.end(), '\n') == 1);
  }
}

TEST_CASE("every table that can be listed lists something") {
  for (const char* what : {"spaces", "searchers", "cost-models", "exporters", "ops"}) REQUIRE_FALSE(run(std::string("list ") + what).out.empty());
#ifdef PARETOFORGE_WITH_TORCH
  REQUIRE_THAT(run("list data").out, ContainsSubstring("fashion-mnist") && ContainsSubstring("kind: npy"));
#endif
}
