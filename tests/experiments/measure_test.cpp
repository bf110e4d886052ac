// `measure` with boards that are shell scripts: real child processes that answer, hang, crash and babble.
#include <signal.h>

#include <chrono>
#include <thread>

#include "catch.hpp"
#include "configs/table.hpp"
#include "exporters/mcu_runner.hpp"
#include "program.hpp"

using paretoforge::Table;
using program::run;
using program::Scratch;

namespace {

const std::string small_space = "input: [4]\nlayers:\n  - linear: {out: {choice: [1, 2, 3, 4, 5, 6, 7, 8], name: a}}\n  - linear: {out: {choice: [1, 2, 3, 4], name: b}}\n";

/// A folder with a space, a board (the body of a shell script whose first argument is the model) and its device file.
class Bench {
 public:
  Bench(const std::string& name, const std::string& board, const std::string& more = "") : scratch_(name) {
    scratch_.write("space.yaml", small_space);
    scratch_.write("board.sh", "cd " + (scratch_ / ".").string() + "\n" + board);
    device(more);
  }

  void device(const std::string& more) const {
    scratch_.write("board.yaml", "format: 1\nname: bench\nmeasure:\n  kind: command\n  command: sh " + (scratch_ / "board.sh").string() + " {model}\n  pause: 0\n" + more);
  }
  void board(const std::string& body) const { scratch_.write("board.sh", "cd " + (scratch_ / ".").string() + "\n" + body); }

  std::string arguments(const std::string& what = "--samples 6") const {
    return "measure " + (scratch_ / "space.yaml").string() + " --device " + (scratch_ / "board.yaml").string() + " " + what + " --quiet --out " + (scratch_ / "m.csv").string();
  }
  program::Result measure(const std::string& what = "--samples 6") const { return run(arguments(what)); }
  Table table() const { return Table::load(scratch_ / "m.csv"); }
  std::string csv() const { return program::read(scratch_ / "m.csv"); }
  const Scratch& scratch() const { return scratch_; }

 private:
  Scratch scratch_;
};

std::vector<std::string> column(const Table& table, const std::string& name) {
  std::vector<std::string> cells;
  for (std::size_t row = 0; row < table.rows(); ++row) cells.push_back(table.cell(row, table.column(name)));
  return cells;
}

std::size_t count(const Table& table, const std::string& name, const std::string& value) {
  const auto cells = column(table, name);
  return static_cast<std::size_t>(std::count(cells.begin(), cells.end(), value));
}

/// A board that says how large the model is: the same for the same network, and a banner before it.
const std::string sizes = "echo booting\nn=$(wc -c <\"$1\")\necho \"{\\\"latency_ms\\\": $n, \\\"energy_mj\\\": 0.5, \\\"celsius\\\": -3.5, \\\"firmware\\\": \\\"v1, final\\\"}\"\n";

}  // namespace

TEST_CASE("a board that answers: metrics, other keys as columns, and a rerun that adds") {
  const Bench bench("answers", sizes, "  answers: [latency_ms, energy_mj]\n");
  REQUIRE(bench.measure().code == 0);
  const Table first = bench.table();
  REQUIRE(first.rows() == 6);
  CHECK(count(first, "state", "complete") == 6);
  CHECK(column(first, "celsius") == std::vector<std::string>(6, "-3.5"));
  CHECK(column(first, "firmware") == std::vector<std::string>(6, "v1, final"));
  CHECK(column(first, "repeats") == std::vector<std::string>(6, "3"));  // the same each time: settled at once
  CHECK(column(first, "interval_pct") == std::vector<std::string>(6, "0"));
  CHECK(column(first, "device") == std::vector<std::string>(6, "bench"));
  for (const double bytes : first.numbers("latency_ms")) CHECK(bytes > 500);
  const std::string before = bench.csv();
  REQUIRE(bench.measure("--samples 9").code == 0);
  CHECK(bench.csv().starts_with(before));
  CHECK(bench.table().rows() == 9);
  const std::string nine = bench.csv();
  REQUIRE(bench.measure("--samples 9").code == 0);
  CHECK(bench.csv() == nine);
}

TEST_CASE("the first network is measured again in every part, and a board that has become slower shows") {
  const std::string times = "n=$(wc -c <\"$1\")\necho one >>asked\necho \"{\\\"latency_ms\\\": $((n * FACTOR))}\"\n";
  const auto with = [&](const std::string& factor) { return std::string(times).replace(times.find("FACTOR"), 6, factor); };
  const Bench bench("reference", with("2"), "  rounds: 1\n  most_rounds: 1\n");
  const auto first = bench.measure("--samples 12");  // two parts
  REQUIRE(first.code == 0);
  CHECK(first.err.empty());
  const Table before = bench.table();
  const std::string asked = program::read(bench.scratch() / "asked");
  CHECK(std::count(asked.begin(), asked.end(), '\n') == 13);
  CHECK(count(before, "reference", before.cell(0, 0) + " " + before.cell(0, 1)) == 12);
  CHECK(count(before, "reference_latency_ms", before.cell(0, before.column("latency_ms"))) == 12);

  bench.board(with("3"));
  const auto slower = bench.measure("--samples 15");
  CHECK(slower.code == 0);
  CHECK_THAT(slower.err, ContainsSubstring("took up to 50 % more than then") && ContainsSubstring("fit --steady"));
  const Table after = bench.table();
  REQUIRE(after.rows() == 15);
  const auto number = [&](std::size_t row, const char* name) { return after.number(row, after.column(name)); };
  CHECK(number(14, "reference_latency_ms") == 1.5 * number(0, "latency_ms"));
  CHECK(number(11, "reference_latency_ms") == number(0, "latency_ms"));

  const auto at = [&](const std::string& name) { return (bench.scratch() / name).string(); };
  const std::string fit = "fit " + at("m.csv") + " --space " + at("space.yaml") + " --metric latency_ms --out " + at("fitted.yaml");
  CHECK_THAT(run(fit).err, ContainsSubstring("took up to 50 % more") && ContainsSubstring("--steady divides that out"));
  const auto steady = run(fit + " --steady --json");
  CHECK(steady.err.find("--steady") == std::string::npos);
  CHECK_THAT(steady.out, ContainsSubstring("\"reference_drift_pct\": 50.0"));
  bench.board("echo '{\"latency_ms\": 1, \"reference\": 2}'\n");
  CHECK_THAT(bench.measure("--samples 16").err, ContainsSubstring("the answer has the key 'reference', which is another column"));
}

TEST_CASE("the models that a board gets are those of the precision asked for") {
  const Bench bench("precision", "cp \"$1\" got.onnx\necho '{\"latency_ms\": 1}'\n", "  rounds: 1\n  precision: float\n");
  REQUIRE(bench.measure("--samples 1").code == 0);
  const auto is_quantised = [&] { return program::read(bench.scratch() / "got.onnx").find("QuantizeLinear") != std::string::npos; };
  CHECK_FALSE(is_quantised());
  bench.device("  rounds: 1\n");
  const auto mixed = bench.measure("--samples 2");
  CHECK(mixed.code == 2);
  CHECK_THAT(mixed.err, ContainsSubstring("precision 'float', not 'int8'"));
  std::filesystem::remove(bench.scratch() / "m.csv");
  REQUIRE(bench.measure("--samples 1").code == 0);
  CHECK(is_quantised());
}

TEST_CASE("answers that differ are asked for again, up to a bound, and their median counts") {
  // 1, 2, 3, ... by turns of one network: never settled.
  const Bench bench("varies", "n=$(($(cat turn 2>/dev/null || echo 0) + 1))\necho $n >turn\necho \"{\\\"latency_ms\\\": $n}\"\n", "  most_rounds: 7\n");
  REQUIRE(bench.measure("--samples 1").code == 0);
  CHECK(column(bench.table(), "latency_ms") == std::vector<std::string>{"4"});
  CHECK(column(bench.table(), "repeats") == std::vector<std::string>{"7"});
  CHECK(bench.table().number(0, bench.table().column("interval_pct")) > 50);
}

TEST_CASE("a board that fails now and then is asked again; one that fails for one network costs that row alone") {
  const Bench flaky("flaky", "n=$(($(cat turn 2>/dev/null || echo 0) + 1))\necho $n >turn\n[ $((n % 3)) -eq 0 ] || { echo 'bus error' >&2; exit 7; }\n" + sizes);
  REQUIRE(flaky.measure("--samples 3").code == 0);
  CHECK(count(flaky.table(), "state", "complete") == 3);

  const Bench picky("picky", "n=$(wc -c <\"$1\")\ncase $1 in *model_2.onnx) echo 'no such op' >&2; exit 7;; esac\n" + sizes, "  retries: 1\n");
  const auto result = picky.measure();
  CHECK(result.code == 0);
  CHECK_THAT(result.err, ContainsSubstring("1 of 6 networks failed") && ContainsSubstring("exit code 7: no such op (2 tries)"));
  CHECK(count(picky.table(), "state", "complete") == 5);
  REQUIRE(count(picky.table(), "state", "failed") == 1);
  CHECK(count(picky.table(), "latency_ms", "") == 1);
  picky.board(sizes);  // mended
  REQUIRE(picky.measure().code == 0);
  CHECK(picky.table().rows() == 6);
  CHECK(count(picky.table(), "state", "complete") == 6);
}

TEST_CASE("what is no answer is a failed row with the reason") {
  const auto reason = [](const std::string& said) {
    const Bench bench("garbage", said, "  retries: 0\n  give_up_after: 100\n");
    const auto result = bench.measure("--samples 1");
    CHECK(result.code == 1);
    REQUIRE(count(bench.table(), "state", "failed") == 1);
    return column(bench.table(), "message").at(0);
  };
  CHECK_THAT(reason("echo hello, world"), ContainsSubstring("no JSON object: hello, world"));
  CHECK_THAT(reason("true"), ContainsSubstring("wrote nothing"));
  CHECK_THAT(reason("head -c 100000 /dev/urandom"), ContainsSubstring("no JSON object"));
  CHECK_THAT(reason("echo '{\"latency_ms\": NaN}'"), ContainsSubstring("no JSON object") && ContainsSubstring("NaN"));
  CHECK_THAT(reason("echo '{\"latency_ms\": 1e999}'"), ContainsSubstring("no JSON object"));
  CHECK_THAT(reason("echo '{\"latency_ms\": -1.5}'"), ContainsSubstring("'latency_ms' is negative"));
  CHECK_THAT(reason("echo '{\"latency_ms\": 0}'"), ContainsSubstring("'latency_ms' is zero"));
  CHECK_THAT(reason("echo '{\"latency_ms\": null}'"), ContainsSubstring("'latency_ms' is null"));
  CHECK_THAT(reason("echo '{\"latency_ms\": \"fast\"}'"), ContainsSubstring("'latency_ms' is no number"));
  CHECK_THAT(reason("echo '{\"latency_us\": 3}'"), ContainsSubstring("has no 'latency_ms'"));
  CHECK_THAT(reason("echo '[1]'"), ContainsSubstring("no JSON object"));
  CHECK_THAT(reason("echo '{\"latency_ms\": 1, \"a\": 2}'"), ContainsSubstring("key 'a', which is another column"));
  CHECK_THAT(reason("echo '{\"latency_ms\": 1, \"state\": 2}'"), ContainsSubstring("key 'state'"));
  CHECK_THAT(reason("echo '{\"latency_ms\": 1, \"log\": [2]}'"), ContainsSubstring("'log' holds a list"));
  CHECK_THAT(reason("kill -SEGV $$"), ContainsSubstring("exit code 139"));  // as the shell tells it
  CHECK_THAT(reason("no_such_program_at_all"), ContainsSubstring("exit code 127") && ContainsSubstring("no_such_program_at_all"));
}

TEST_CASE("a board that hangs is killed with everything it began, and after too many the command gives up") {
  // The child of the child holds the output open and writes its number, so that one can see that it is gone.
  const Bench bench("hangs", "sh -c 'trap \"\" TERM; echo $$ >>children; sleep 1000' &\nsleep 1000\n", "  timeout: 200ms\n  retries: 1\n  give_up_after: 2\n");
  const auto result = bench.measure();
  CHECK(result.code == 1);
  CHECK_THAT(result.err, ContainsSubstring("gave up: 2 networks one after the other failed") && ContainsSubstring("no answer within 0.2 s (2 tries)"));
  CHECK(bench.table().rows() == 2);
  CHECK(count(bench.table(), "state", "failed") == 2);
  std::ifstream children(bench.scratch() / "children");
  int seen = 0;
  for (pid_t child; children >> child; ++seen) {
    // An orphan that was killed stands in the table of processes until whoever adopted it has looked.
    std::string state;
    for (int i = 0; i < 200; ++i) {
      std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
      std::string number, name;
      if (!(stat >> number >> name >> state) || state == "Z") break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      state = "alive";
    }
    CHECK(state != "alive");
  }
  CHECK(seen == 4);
}

TEST_CASE("giving up keeps what was measured before") {
  const Bench bench("gives_up", sizes);
  REQUIRE(bench.measure("--samples 4").code == 0);
  const std::string before = bench.csv();
  bench.board("exit 1\n");
  bench.device("  retries: 0\n  give_up_after: 3\n");
  const auto result = bench.measure("--samples 20");
  CHECK(result.code == 1);
  CHECK_THAT(result.err, ContainsSubstring("3 networks one after the other failed"));
  CHECK(count(bench.table(), "state", "complete") == 4);
  for (std::size_t row = 0; row < 4; ++row) CHECK(bench.table().cell(row, bench.table().column("state")) == "complete");
  CHECK(count(bench.table(), "state", "failed") == 2);  // the third that failed was the reference, whose row stays
}

TEST_CASE("a signal stops a board at once, keeps what was measured and says how to go on") {
  const Bench bench("signal", "[ -e slow ] && { : >started; sleep 1000; }\n" + sizes, "  timeout: 1000\n");
  REQUIRE(bench.measure("--samples 3").code == 0);
  const std::string before = bench.csv();
  bench.scratch().write("slow", "");
  const std::string log = (bench.scratch() / "log").string(), started = (bench.scratch() / "started").string();
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    std::filesystem::remove(started);
    program::Running running(bench.arguments("--samples 6"), log);
    REQUIRE(running.wait_for(started));
    CHECK(running.stop(signal) == code);
    CHECK_THAT(program::read(log), ContainsSubstring("the same command goes on from there"));
    CHECK(bench.csv() == before);
  }
}

TEST_CASE("a table says which networks to measure") {
  const Bench bench("table", sizes);
  bench.scratch().write("wanted.csv", "b,a\n3,7\n1,2\n3,7\n");
  REQUIRE(bench.measure("--table " + (bench.scratch() / "wanted.csv").string()).code == 0);
  CHECK(column(bench.table(), "a") == std::vector<std::string>{"7", "2"});
  CHECK(column(bench.table(), "b") == std::vector<std::string>{"3", "1"});
}

TEST_CASE("device files that do not say how to measure are refused with their place") {
  const Bench bench("refused", sizes);
  const auto refused = [&](const std::string& device) {
    bench.scratch().write("board.yaml", device);
    const auto result = bench.measure();
    CHECK(result.code == 2);
    CHECK_FALSE(std::filesystem::exists(bench.scratch() / "m.csv"));
    return result.err;
  };
  const std::string head = "format: 1\nname: bench\n";
  CHECK_THAT(refused(head), ContainsSubstring("does not say how the device is measured"));
  CHECK_THAT(refused(head + "measure: {kind: command}\n"), ContainsSubstring("'command'") && ContainsSubstring("board.yaml:3"));
  CHECK_THAT(refused(head + "measure: {kind: command, command: ./bench}\n"), ContainsSubstring("where the model goes") && ContainsSubstring("board.yaml:3"));
  CHECK_THAT(refused(head + "measure: {kind: command, command: 'b {model}', time_out: 3}\n"), ContainsSubstring("did you mean 'timeout'?"));
  CHECK_THAT(refused(head + "measure: {kind: command, command: 'b {model}', timeout: 0}\n"), ContainsSubstring("'timeout' is 0.01 s to 1 d"));
  CHECK_THAT(refused(head + "measure: {kind: command, command: 'b {model}', rounds: 5, most_rounds: 4}\n"), ContainsSubstring("4"));
  CHECK_THAT(refused(head + "measure: {kind: command, command: 'b {model}', answers: []}\n"), ContainsSubstring("at least one answer"));
  CHECK_THAT(refused(head + "measure: {kind: command, command: 'b {model}', answers: [state]}\n"), ContainsSubstring("'state'"));
  CHECK_THAT(refused(head + "measure: {kind: command, command: 'b {model}', threads: 2}\n"), ContainsSubstring("unknown key 'threads'"));
  CHECK_THAT(refused(head + "measure: {kind: phone}\n"), ContainsSubstring("phone"));
  CHECK_THAT(run("measure " + (bench.scratch() / "space.yaml").string() + " --device nowhere.yaml --samples 2 --out " + (bench.scratch() / "m.csv").string()).err, ContainsSubstring("nowhere.yaml"));
}

TEST_CASE("a file that is no table of measurements is refused and stays as it is") {
  const Bench bench("damaged", sizes);
  for (const std::string content : {"a,b\n1\n", "a,c,latency_ms\n1,1,2\n", "a,b,latency_ms\n1,99,2\n", "\x7f" "ELF"}) {
    bench.scratch().write("m.csv", content);
    CHECK(bench.measure().code == 2);
    CHECK(bench.csv() == content);
  }
}

TEST_CASE("plans and predictions are written over nothing but their own kind") {
  const Bench bench("plan", sizes, "  rounds: 1\n");
  REQUIRE(bench.measure("--samples 12").code == 0);
  const auto at = [&](const std::string& name) { return (bench.scratch() / name).string(); };
  const std::string measured = bench.csv(), plan = "measure " + at("space.yaml") + " --plan 3 --out ";
  REQUIRE(run("fit " + at("m.csv") + " --space " + at("space.yaml") + " --metric latency_ms --out " + at("fitted.yaml")).code == 0);
  const std::string predict = "predict " + at("fitted.yaml") + " " + at("space.yaml") + " --table " + at("m.csv") + " --out ";
  for (const std::string& command : {plan, predict})
    for (const char* file : {"m.csv", "space.yaml", "fitted.yaml"}) {
      const std::string before = program::read(at(file));
      INFO(command << file);
      CHECK(run(command + at(file)).code == 2);
      CHECK(program::read(at(file)) == before);
    }
  for (int again = 0; again < 2; ++again) {
    CHECK(run(plan + at("plan.csv")).code == 0);
    CHECK(run(predict + at("predicted.csv")).code == 0);
  }
  CHECK(Table::load(at("plan.csv")).rows() == 3);
}

TEST_CASE("later measurements say whether a device file still holds") {
  const Bench bench("drift", sizes, "  rounds: 1\n");
  REQUIRE(bench.measure("--samples 32").code == 0);
  const auto at = [&](const std::string& name) { return (bench.scratch() / name).string(); };
  REQUIRE(run("fit " + at("m.csv") + " --space " + at("space.yaml") + " --metric latency_ms --out " + at("fitted.yaml")).code == 0);
  const std::string score = "predict " + at("fitted.yaml") + " " + at("space.yaml") + " --table " + at("m.csv") + " --measured ";
  const auto same = run(score + "latency_ms");
  CHECK(same.code == 0);
  CHECK_THAT(same.out, ContainsSubstring("No need to refit"));
  const Table table = bench.table();
  std::string slower = "a,b,latency_ms,broken\n";
  for (std::size_t row = 0; row < table.rows(); ++row)
    slower += table.cell(row, 0) + "," + table.cell(row, 1) + "," + std::to_string(1.3 * table.number(row, table.column("latency_ms"))) + ",\n";
  bench.scratch().write("m.csv", slower);
  const auto later = run(score + "latency_ms --json");
  CHECK_THAT(later.out, ContainsSubstring("\"schema\": \"paretoforge.drift/1\"") && ContainsSubstring("\"refit\": true") && ContainsSubstring("Refit: measured values lie 30."));
  CHECK(run(score + "broken").code == 2);
  CHECK_THAT(run(score + "latency").err, ContainsSubstring("did you mean 'latency_ms'?"));
}

TEST_CASE("an emulated core counts the same twice, keeps its rows, and is not mixed with another") {
  if (const std::string missing = paretoforge::missing_for_mcu(); !missing.empty()) {
    WARN("skipped: " << missing);
    return;
  }
  const Scratch scratch("mcu");
  scratch.write("space.yaml", small_space);
  const auto measure = [&](const std::string& device, const std::string& samples, const std::string& out) {
    return run("measure " + (scratch / "space.yaml").string() + " --quiet --device " + device + " --samples " + samples + " --out " + (scratch / out).string());
  };
  REQUIRE(measure("cortex_m4_qemu", "2", "a.csv").code == 0);
  REQUIRE(measure("cortex_m4_qemu", "3", "a.csv").code == 0);
  REQUIRE(measure("cortex_m4_qemu", "3", "b.csv").code == 0);
  CHECK(program::read(scratch / "a.csv") == program::read(scratch / "b.csv"));
  const Table table = Table::load(scratch / "a.csv");
  CHECK(table.rows() == 3);
  for (const double count : table.numbers("instructions")) CHECK(count > 50);
  const auto other = measure("cortex_m55_qemu", "3", "a.csv");
  CHECK(other.code == 2);
  CHECK(other.err.find("cortex_m4_qemu") != std::string::npos);
  const auto unknown = measure("cortex_m9_qemu", "3", "c.csv");
  CHECK(unknown.code == 2);
  CHECK(unknown.err.find("cortex_m33_qemu") != std::string::npos);
}
