// Training that goes wrong, as a stranger sees it: the trial fails with its reason, or the study stops with what to do.
#include <chrono>
#include <thread>

#include "catch.hpp"
#include "program.hpp"

using program::run;
using program::Scratch;

namespace {

namespace fs = std::filesystem;

/// Two classes that two numbers tell apart.
std::string table(int rows, const std::string& only = "") {
  std::string text = "a,b,class\n";
  for (int i = 0; i < rows; ++i) {
    const bool low = only.empty() ? i % 2 == 0 : only == "low";
    text += std::to_string((low ? 0 : 3) + i % 5) + "," + std::to_string(i % 7) + (low ? ",low\n" : ",high\n");
  }
  return text;
}

/// `training`: keys of the `train:` section beside the data.
std::string study(const std::string& training, const std::string& data = "{kind: csv, train: t.csv, test: {share: 0.2, seed: 1}, label: class}",
                  const std::string& width = "[4, 8, 12]") {
  return "space:\n  input: [2, 1]\n  layers:\n    - conv: {out: {choice: " + width + ", name: width}, kernel: 1, act: relu}\n"
         "    - pool: {kind: average, global: true}\n    - linear: {out: 2}\n"
         "objectives:\n  - {name: macs}\n  - {name: accuracy_pct, train: {data: " + data + ", " + training + "}}\n"
         "search: {algorithm: random, seed: 1, trials: 3}\n";
}

struct Outcome {
  int code;
  std::string err, trials;
};

Outcome search(const Scratch& scratch, const std::string& text, const std::string& before = "", const std::string& more = "") {
  const auto result = run("search " + scratch.write("study.yaml", text).string() + " --out " + (scratch / "out").string() + more, before);
  return {result.code, result.out + result.err, program::read(scratch / "out/trials.csv")};
}

std::ptrdiff_t failed(const Outcome& outcome) {
  std::ptrdiff_t count = 0;
  for (std::size_t at = 0; (at = outcome.trials.find(",failed,", at)) != std::string::npos; ++at) ++count;
  return count;
}

}  // namespace

TEST_CASE("training that diverges fails its trial with step and rate, and the study goes on") {
  const Scratch scratch("diverging");
  scratch.write("t.csv", table(200));
  const auto found = search(scratch, study("epochs: 30, rate: 1e3, weight_decay: 1"));
  INFO(found.err + found.trials);
  CHECK(failed(found) == 3);
  CHECK_THAT(found.trials, ContainsSubstring("not finite at step") && ContainsSubstring("rate "));
}

TEST_CASE("a study that extrapolates the first epochs of a one-cycle schedule is told what they are worth, and one whose name is no score's what it is") {
  const Scratch scratch("one_cycle");
  scratch.write("t.csv", table(200));
  const auto warned = search(scratch, study("epochs: 4, extrapolate: 2"));
  CHECK(warned.code == 0);
  CHECK_THAT(warned.err, ContainsSubstring("foretell little"));
  fs::remove_all(scratch / "out");
  const auto falling = search(scratch, study("epochs: 4, extrapolate: 2, schedule: cosine"));
  CHECK(falling.code == 0);
  CHECK(falling.err.find("foretell little") == std::string::npos);
  const Scratch other("other_name");
  other.write("t.csv", table(200));
  std::string renamed = study("epochs: 1");
  renamed.replace(renamed.find("accuracy_pct"), 12, "top1");
  CHECK_THAT(search(other, renamed).err, ContainsSubstring("'top1' is accuracy_pct"));
  fs::remove_all(other / "out");
  renamed.replace(renamed.find("top1"), 4, "loss, goal: minimize");
  CHECK(search(other, renamed).code == 2);
}

TEST_CASE("a time limit and a memory limit fail their trials with the reason") {
  const Scratch scratch("limits");
  scratch.write("t.csv", table(200));
  const auto slow = search(scratch, study("epochs: 1000000, time_limit: 50ms"));
  INFO(slow.err + slow.trials);
  CHECK(failed(slow) == 3);
  CHECK_THAT(slow.trials, ContainsSubstring("time_limit of 0.05 s"));
  CHECK_THAT(slow.err, ContainsSubstring("cannot be repeated exactly"));
  fs::remove_all(scratch / "out");
  const auto large = search(scratch, study("epochs: 1, batch: 128, memory_limit: 31KiB"));
  INFO(large.err + large.trials);
  CHECK_THAT(large.trials, ContainsSubstring("memory_limit") && ContainsSubstring("complete"));
  CHECK(failed(large) == 1);  // the widest
}

TEST_CASE("labels out of range, an empty class, one row, a batch larger than the data") {
  const Scratch scratch("edges");
  scratch.write("t.csv", table(200));
  const std::string classes = "{kind: csv, train: t.csv, test: {share: 0.2, seed: 1}, label: class, classes: ";
  const auto unknown = search(scratch, study("epochs: 1", classes + "[low, middle]}"));
  CHECK(unknown.code == 2);
  CHECK_THAT(unknown.err, ContainsSubstring("label 'high'") && ContainsSubstring("out of range") && ContainsSubstring("study.yaml:9"));

  scratch.write("t.csv", table(200, "low"));
  const auto empty = search(scratch, study("epochs: 2", classes + "[low, high]}"));
  CHECK(empty.code == 2);
  CHECK_THAT(empty.err, ContainsSubstring("the class 'high' has no training sample") && ContainsSubstring("study.yaml:9"));

  scratch.write("t.csv", table(200));
  const auto batch = search(scratch, study("epochs: 2, batch: 100000"));
  CHECK(batch.code == 0);
  CHECK(failed(batch) == 0);

  fs::remove_all(scratch / "out");
  scratch.write("t.csv", table(1));
  const auto one = search(scratch, study("epochs: 1"));
  CHECK(one.code == 2);
  INFO(one.err);
  CHECK_THAT(one.err, ContainsSubstring("study.yaml:9"));
  CHECK_FALSE(fs::exists(scratch / "out"));

  scratch.write("d.csv", table(10));
  scratch.write("t.csv", table(2));  // one row to learn from, one to validate on
  const std::string parts = "{kind: csv, train: t.csv, test: d.csv, label: class}";
  const auto alone = search(scratch, study("epochs: 2", parts));
  INFO(alone.err + alone.trials);
  CHECK(alone.code == 0);
  CHECK(failed(alone) == 0);
  fs::remove_all(scratch / "out");
  const auto blind = search(scratch, study("epochs: 1, validation: 0", parts));
  CHECK(blind.code == 2);
  CHECK_THAT(blind.err, ContainsSubstring("no sample is left to tell how good a network is") && ContainsSubstring("study.yaml:9"));
  CHECK_FALSE(fs::exists(scratch / "out"));
}

TEST_CASE("a data set that vanishes while a study runs takes nothing away from it") {
  const Scratch scratch("vanishing");
  scratch.write("t.csv", table(400));
  const std::string text = study("epochs: 60, batch: 8");
  const auto whole = search(scratch, text);
  REQUIRE(whole.code == 0);
  fs::rename(scratch / "out", scratch / "whole");

  program::Running running("search " + (scratch / "study.yaml").string() + " --out " + (scratch / "out").string());
  REQUIRE(running.wait_for(scratch / "out/study.yaml"));
  fs::remove(scratch / "t.csv");
  CHECK(running.end() == 0);
  CHECK(program::without_seconds(program::read(scratch / "out/trials.csv")) == program::without_seconds(whole.trials));
}

TEST_CASE("a folder for checkpoints that vanishes is a fault of the machine: no trial is blamed, and the study goes on later") {
  const Scratch scratch("checkpoints");
  scratch.write("t.csv", table(400));
  const std::string text = study("epochs: 4000, batch: 8");
  const std::string file = scratch.write("study.yaml", text).string(), out = (scratch / "out").string();
  program::Running running("search " + file + " --out " + out, scratch / "err");
  REQUIRE(running.wait_for(out + "/checkpoints"));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::error_code busy;
  for (int i = 0; i < 100 && fs::exists(out + "/checkpoints"); ++i) fs::remove_all(out + "/checkpoints", busy);
  const int code = running.end();
  const std::string err = program::read(scratch / "err");
  INFO(err);
  CHECK(code == 1);
  CHECK_THAT(err, ContainsSubstring("checkpoints"));
  CHECK(program::read(scratch / "out/trials.csv").find("failed") == std::string::npos);
}

TEST_CASE("trainings that run out of memory side by side run again with fewer") {
  const Scratch scratch("memory");
  scratch.write("t.csv", table(4000));
  // 3,000 rows a step: the widest takes gigabytes, more than the process is given.
  const std::string text = study("epochs: 1, batch: 3000", "{kind: csv, train: t.csv, test: {share: 0.2, seed: 1}, label: class}", "[4, 8, 120000]");
  const auto small = search(scratch, text, "ulimit -v 4000000;");
  INFO(small.err + small.trials);
  CHECK(failed(small) == 1);
  CHECK_THAT(small.trials, ContainsSubstring("out of memory") && ContainsSubstring("complete"));
}

TEST_CASE("early stop, averaged weights, AdamW and a federation are a matter of YAML") {
  const Scratch scratch("recipes");
  scratch.write("t.csv", table(300));
  const auto good = search(scratch, study("epochs: 6, optimizer: adamw, ema: 0.9, clip_norm: 1, early_stop: {patience: 2, score: loss}"));
  INFO(good.err);
  CHECK(good.code == 0);
  CHECK(failed(good) == 0);
  fs::remove_all(scratch / "out");
  const auto federated = search(scratch, study("epochs: 4, trainer: federated, federated: {clients: 8, per_round: 4, alpha: 0.3}"));
  INFO(federated.err);
  CHECK(federated.code == 0);
  CHECK(failed(federated) == 0);
  fs::remove_all(scratch / "out");
  const auto refused = [&](const std::string& training, const std::string& part) {
    const auto result = search(scratch, study(training));
    CHECK(result.code == 2);
    CHECK_THAT(result.err, ContainsSubstring(part) && ContainsSubstring("study.yaml:9"));
    CHECK_FALSE(fs::exists(scratch / "out"));
  };
  refused("federated: {clients: 3}", "add  trainer: federated");
  refused("trainer: federated, federated: {clients: 3, per_round: 4}", "fewer than 4 a round");
  refused("trainer: federated, federated: {clients: 3000}", "3000 clients are more than");
  refused("early_stop: {patience: 1}, validation: 0", "no sample is left to tell how good");
  refused("early_stop: {score: loss}", "patience");
  refused("early_stop: {patience: 1, score: los}", "did you mean 'loss'");
  refused("time_limit: soon", "time_limit");
}

TEST_CASE("a key that a training does not have is refused with what there is, rungs among it") {
  const Scratch scratch("unknown_key");
  scratch.write("t.csv", table(40));
  CHECK_THAT(search(scratch, study("rung: [{epochs: 1}], epochs: 2")).err, ContainsSubstring("unknown key 'rung' in train") && ContainsSubstring("did you mean 'rungs'?"));
  CHECK_THAT(search(scratch, study("zzz: 1")).err, ContainsSubstring("allowed here: data, ") && ContainsSubstring("quantise, rungs"));
}
