// Numbers to predict: readers, scores in closed form, the loss against least squares and medians, what stops and resumes.
#include <Eigen/Dense>
#include <array>
#include <cmath>
#include <cstdio>

#include "own_data.hpp"
#include "space/random.hpp"
#include "trainers/trainer.hpp"
#include "trainers/zero_cost.hpp"

using namespace paretoforge;

namespace {

/// `count` rows of three features and, as the fourth column, `target` of them.
std::string rows(std::size_t count, const std::function<double(double, double, double)>& target, std::uint64_t seed = 1) {
  Random random(seed);
  std::string text = "a,b,c,y\n";
  for (std::size_t i = 0; i < count; ++i) {
    const double a = random.uniform(), b = random.uniform(), c = random.uniform();
    text += std::to_string(a) + "," + std::to_string(b) + "," + std::to_string(c) + "," + std::to_string(target(a, b, c)) + "\n";
  }
  return text;
}

double plane(double a, double b, double c) { return 3 * a - 2 * b + 0.5 * c + 40; }

std::shared_ptr<const Dataset> table(const TemporaryFolder& folder, const std::string& train, const std::string& test) {
  write_text(folder.path() / "train.csv", train);
  write_text(folder.path() / "test.csv", test);
  return std::make_shared<const Dataset>(load_own(folder, "{kind: csv, train: train.csv, test: test.csv, target: y}"));
}

Graph linear_network(int features, int outputs) {
  Graph graph({features, 1, 1});
  graph.add(Linear{.out = outputs}, 0);
  return graph;
}

Graph hidden_network(int features, int hidden, int outputs) {
  Graph graph({features, 1, 1});
  graph.add(Linear{.out = outputs}, graph.add(Activation{}, graph.add(Linear{.out = hidden}, 0)));
  return graph;
}

TrainSettings settings(const std::string& text) { return TrainSettings::read(Config::parse("train: " + text, "test").at("train")); }

/// The outputs in the target's unit.
std::vector<double> predicted(const Model& model, const Images& images) {
  std::vector<double> result;
  for (const float y : logits(model, images)) result.push_back(double{model.output.mean[0]} + double{model.output.deviation[0]} * double{y});
  return result;
}

/// Ordinary least squares on the training part, of the test part.
std::vector<double> least_squares(const Dataset& data) {
  const auto matrix = [](const Images& images) {
    const auto features = static_cast<Eigen::Index>(images.shape.elements());
    Eigen::MatrixXd result(static_cast<Eigen::Index>(images.size()), features + 1);
    for (Eigen::Index i = 0; i < result.rows(); ++i) {
      for (Eigen::Index f = 0; f < features; ++f) result(i, f) = double{images.values[static_cast<std::size_t>(i * features + f)]};
      result(i, features) = 1;
    }
    return result;
  };
  const Eigen::VectorXd y = Eigen::Map<const Eigen::VectorXf>(data.train.targets.data(), static_cast<Eigen::Index>(data.train.size())).cast<double>();
  const Eigen::VectorXd found = matrix(data.test) * matrix(data.train).colPivHouseholderQr().solve(y);
  return {found.data(), found.data() + found.size()};
}

}  // namespace

TEST_CASE("scores of a regression are those of their formulas") {
  const std::vector<float> targets{1, 2, 3, 6}, outputs{0, 0, 1, 1};  // with these units 2, 2, 4, 4
  const Evaluation one = evaluation_of(outputs, targets, {{2}, {2}});
  CHECK(one.rmse == Approx(std::sqrt((1 + 0 + 1 + 4) / 4.0)));
  CHECK(one.mae == Approx(1));
  CHECK(one.r2_pct == Approx(100 * (1 - 6.0 / (4 + 1 + 0 + 9))));
  CHECK(one.loss == Approx(6.0 / 4 / 4));
  CHECK(std::isnan(one.accuracy_pct));

  const Evaluation two = evaluation_of(std::vector<float>{0, 1, 1, 1}, std::vector<float>{0, 7, 2, 7}, {{0, 6}, {1, 1}});  // the second never changes
  CHECK(two.rmse == Approx(std::sqrt(0.5) / 2));
  CHECK(two.mae == Approx(0.25));
  CHECK(two.r2_pct == Approx(50));

  CHECK(evaluation_of(targets, targets, {{0}, {1}}).r2_pct == 100);
  CHECK(evaluation_of(std::vector<float>(4, 0), targets, {{3}, {1}}).r2_pct == Approx(0).margin(1e-12));
  CHECK(std::isnan(evaluation_of({}, std::vector<float>{}, {{0}, {1}}).r2_pct));
  CHECK_THROWS_AS(evaluation_of(std::vector<float>{NAN}, std::vector<float>{1}, {{0}, {1}}), TrainingError);
}

TEST_CASE("a linear network trained on squared errors is least squares, whatever the target's unit") {
  const TemporaryFolder folder;
  Random noise(3);
  const auto noisy = [&](double a, double b, double c) { return plane(a, b, c) + 0.3 * (noise.uniform() - 0.5); };
  const auto data = table(folder, rows(400, noisy, 1), rows(100, noisy, 2));
  CHECK(data->regression());
  CHECK(data->targets == std::vector<std::string>{"y"});
  CHECK(data->shape == Shape{3, 1, 1});
  const TrainSettings how = settings("{epochs: 300, batch: 400, validation: 0, rate: 0.3, weight_decay: 0, schedule: cosine, test: true}");
  const TrainResult result = make_trainer(data, how)->train(linear_network(3, 1), how.budget);
  const std::vector<double> expected = least_squares(*data), found = predicted(result.model, data->test);
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(std::abs(found[i] - expected[i]) < 1e-3);
  CHECK(result.test.r2_pct > 98);
  CHECK(result.test.rmse == Approx(evaluate(result.model, data->test).rmse));

  auto larger = std::make_shared<Dataset>(*data);
  for (auto* part : {&larger->train, &larger->test})
    for (float& y : part->targets) y = 1000 * y + 7;
  const TrainResult scaled = make_trainer(larger, how)->train(linear_network(3, 1), how.budget);
  CHECK(scaled.test.rmse == Approx(1000 * result.test.rmse).epsilon(1e-3));
  CHECK(scaled.test.r2_pct == Approx(result.test.r2_pct).margin(1e-2));
}

TEST_CASE("of noise that no feature tells of, squared errors find the mean, absolute ones the median, Huber's lie between") {
  const TemporaryFolder folder;
  // 60 % are 0, 40 % are 10: mean 4, median 0.
  std::string text = "a,b,c,y\n";
  for (int i = 0; i < 200; ++i) text += "1,1,1," + std::string(i % 5 < 3 ? "0" : "10") + "\n";
  const auto data = table(folder, text, text);
  const auto found = [&](const std::string& loss) {
    const TrainSettings how = settings("{epochs: 400, batch: 200, validation: 0, rate: 0.05, weight_decay: 0, schedule: cosine, loss: " + loss + "}");
    return predicted(make_trainer(data, how)->train(linear_network(3, 1), how.budget).model, data->test)[0];
  };
  CHECK(found("squared") == Approx(4).margin(1e-2));
  CHECK(found("absolute") == Approx(0).margin(0.1));
  // Where 0.6 min(m, 1) = 0.4 min(d - m, 1), in deviations d / 10 of the target: m = 2/3 of one, which is 4.899.
  CHECK(found("huber") == Approx(10 * 2 / 3.0 * 0.4899).margin(5e-2));
}

TEST_CASE("two targets are learnt at once, each in its own unit, also quantised and in a federation") {
  const TemporaryFolder folder;
  std::string text = "a,b,c,small,large\n";
  Random random(5);
  for (int i = 0; i < 300; ++i) {
    const double a = random.uniform(), b = random.uniform(), c = random.uniform();
    text += std::to_string(a) + "," + std::to_string(b) + "," + std::to_string(c) + "," + std::to_string(0.001 * (a - b)) + "," + std::to_string(1000 * std::abs(b - c)) + "\n";
  }
  write_text(folder.path() / "t.csv", text);
  const auto data = std::make_shared<const Dataset>(load_own(folder, "{kind: csv, train: t.csv, test: {share: 0.2, seed: 1}, target: [small, large]}"));
  REQUIRE(data->targets.size() == 2);
  CHECK(data->train.targets.size() == 2 * data->train.size());
  CHECK(data->test.size() == 60);
  const auto r2 = [&](const std::string& more) {
    const TrainSettings how = settings("{epochs: 120, batch: 32, validation: 40, rate: 0.1, test: true" + more + "}");
    return make_trainer(data, how)->train(hidden_network(3, 32, 2), how.budget).test.r2_pct;
  };
  CHECK(r2("") > 95);
  CHECK(r2(", quantise: true") > 90);
  CHECK(r2(", trainer: federated, federated: {clients: 4, per_round: 4}") > 85);
  const TrainSettings how = settings("{epochs: 1, validation: 0}");
  CHECK_THROWS_WITH(make_trainer(data, how)->train(linear_network(3, 1), how.budget), ContainsSubstring("1 outputs, the data 2 targets"));
}

TEST_CASE("a regression that is stopped goes on to the last bit, and stops early by a score that is better the less it is") {
  const TemporaryFolder folder;
  const auto data = table(folder, rows(200, [](double a, double b, double c) { return std::sin(6 * a) * b + c; }, 1), rows(50, plane, 2));
  TrainSettings how = settings("{epochs: 8, batch: 16, validation: 40, rate: 0.1, loss: huber, augment: {mixup: 0.2}}");
  const Graph graph = hidden_network(3, 8, 1);
  const auto trainer = make_trainer(data, how);
  const TrainResult whole = trainer->train(graph, how.budget);
  how.budget.checkpoint = folder.path() / "kept";
  how.budget.until = 3;
  trainer->train(graph, how.budget);
  how.budget.until = 0;
  const TrainResult rest = trainer->train(graph, how.budget);
  CHECK(rest.continued_from > 0);
  CHECK(rest.model.weights.back().kernel == whole.model.weights.back().kernel);
  CHECK(rest.validation.rmse == whole.validation.rmse);
  // Another loss is another training.
  how.recipe.loss = RegressionLoss::absolute;
  CHECK(make_trainer(data, how)->train(graph, how.budget).continued_from == 0);

  for (const std::string score : {"", ", score: mae", ", score: loss"}) {
    const TrainSettings stopping = settings("{epochs: 40, batch: 16, validation: 40, rate: 0.1, early_stop: {patience: 5" + score + "}}");
    TrainSettings told = stopping;
    told.recipe.early_stop = {};
    told.budget.curve = true;
    const TrainResult stopped = make_trainer(data, stopping)->train(graph, stopping.budget);
    const std::vector<Evaluation> curve = make_trainer(data, told)->train(graph, told.budget).curve;
    const auto better = [&](const Evaluation& a, const Evaluation& b) {
      return score.empty() ? a.r2_pct > b.r2_pct : score.ends_with("mae") ? a.mae < b.mae : a.loss < b.loss;
    };
    std::size_t best = 0;
    for (std::size_t epoch = 1; epoch < curve.size() && epoch - best <= 5; ++epoch)
      if (better(curve[epoch], curve[best])) best = epoch;
    CHECK(stopped.best_epoch == static_cast<std::int64_t>(best + 1));
  }
}

TEST_CASE("features and targets far from zero, and tiny ones, are learnt as others; what float32 cannot tell apart is said") {
  const TemporaryFolder folder;
  const auto r2 = [&](double offset, double size, double answer_offset, double answer_size) {
    const auto moved = [&](std::uint64_t seed) {
      Random random(seed);
      std::string text = "a,b,c,y\n";
      for (int i = 0; i < 300; ++i) {
        const double a = random.uniform(), b = random.uniform(), c = random.uniform();
        char row[160];
        std::snprintf(row, sizeof row, "%.17g,%.17g,%.17g,%.17g\n", offset + size * a, b, c, answer_offset + answer_size * (plane(a, b, c) - 40));
        text += row;
      }
      return text;
    };
    const auto data = table(folder, moved(1), moved(2));
    const TrainSettings how = settings("{epochs: 60, batch: 32, validation: 0, rate: 0.1, weight_decay: 0, test: true}");
    return std::pair(make_trainer(data, how)->train(linear_network(3, 1), how.budget).test.r2_pct, data->notes);
  };
  for (const auto& [offset, size, answer_offset, answer_size] :
       {std::array{0.0, 1.0, 0.0, 1.0}, {1000.0, 0.2, 0.0, 1.0}, {0.0, 1e-20, 0.0, 1e-15}, {-1e6, 1e4, 1e5, 1e3}, {1e20, 1e20, 0.0, 1e25}}) {
    INFO(offset << " " << size << " " << answer_offset << " " << answer_size);
    const auto [score, notes] = r2(offset, size, answer_offset, answer_size);
    CHECK(score > 99);
    CHECK(notes.empty());
  }
  const auto notes = r2(1.7e9, 1, 1e8, 100).second;
  REQUIRE(notes.size() == 4);  // two columns of two files
  CHECK_THAT(notes[0], ContainsSubstring("column 'a' of ") && ContainsSubstring("train.csv lies from 1700000000") && ContainsSubstring("take a constant off it"));
  CHECK_THAT(notes[1], ContainsSubstring("column 'y'"));
}

TEST_CASE("zero-cost scores of a regression see its targets where they see any") {
  const TemporaryFolder folder;
  const auto data = table(folder, rows(100, plane, 1), rows(20, plane, 2));
  const ScoreBatch batch = draw_score_batch(*data, 32, 1);
  CHECK(batch.outputs == 1);
  ScoreBatch other = batch;
  for (float& y : other.images.targets) y += 1;
  const Graph graph = hidden_network(3, 16, 1);
  for (const ZeroCostKind& kind : zero_cost_scores()) {
    INFO(kind.name);
    const bool sees = kind.name == "grad_norm" || kind.name == "snip" || kind.name == "grasp" || kind.name == "fisher";
    CHECK((kind.score(graph, batch) != kind.score(graph, other)) == sees);
  }
}

TEST_CASE("targets are read from tables, windows and arrays, and what is wrong with them is named") {
  const TemporaryFolder folder;
  write_text(folder.path() / "t.csv", "time,a,y,z\n0,1,5,1\n1,2,6,1\n2,3,8,2\n3,4,9,3\n");
  const auto read = [&](const std::string& rest) { return load_own(folder, "{kind: csv, train: t.csv, test: t.csv, " + rest + "}"); };
  const Dataset data = read("target: [z, y], features: [a]");
  CHECK(data.train.targets == std::vector<float>{1, 5, 1, 6, 2, 8, 3, 9});
  CHECK(data.train.values == LargeVector<float>{1, 2, 3, 4});
  CHECK(data.train.labels == std::vector<Label>(4, 0));
  CHECK(data.classes.empty());
  CHECK(data.outputs() == 2);
  // A window's target is that of its last row, and windows do not end where it changes.
  const Dataset windows = read("target: y, features: [a, y], window: {length: 2, step: 1}");
  CHECK(windows.train.targets == std::vector<float>{6, 8, 9});
  CHECK(windows.shape == Shape{2, 1, 2});
  CHECK(read("target: y").digest != read("target: z").digest);
  const Dataset held = load_own(folder, "{kind: csv, train: t.csv, test: {share: 0.5, seed: 3}, validation: t.csv, target: y, features: [a]}");
  REQUIRE(held.train.size() == 6);
  CHECK(held.train.targets.size() == 6);
  for (const Images* part : {&held.train, &held.test})
    for (std::size_t i = 0; i < part->size(); ++i) CHECK(part->targets[i] == std::vector<float>{0, 5, 6, 8, 9}[static_cast<std::size_t>(part->values[i])]);

  const auto refused = [&](const std::string& rest, const std::string& why) { check_complaint(folder, "{kind: csv, train: t.csv, test: t.csv, " + rest + "}", why); };
  refused("features: [a]", "has a 'label', the column of classes, or a 'target'");
  refused("target: y, label: z", "has a 'label', the column of classes, or a 'target'");
  refused("target: x", "has no column 'x'");
  refused("target: [y, y]", "the target 'y' is named twice");
  refused("target: []", "'target' names no column");
  refused("target: y, features: [a, y]", "the column 'y' is what is to be predicted, and a feature");
  refused("target: y, classes: [5, 6]", "these data have targets: numbers, and no classes");
  write_text(folder.path() / "t.csv", "a,y\n1,5\n2,5\n3,5\n");
  refused("target: y", "the target 'y' is the same in all samples of train");
  refused("target: a, features: [y, y]", "the feature 'y' is named twice");
  write_text(folder.path() / "t.csv", "a,y\n1,5\n2,6\n3,7\n");
  write_text(folder.path() / "flat.csv", "a,y\n1,5\n2,5\n");
  check_complaint(folder, "{kind: csv, train: t.csv, test: flat.csv, target: y}", "the target 'y' is the same in all samples of test");
  write_text(folder.path() / "t.csv", "a,y\n1,5\n2,much\n");
  refused("target: y", "t.csv:3: column 'y' must hold finite numbers, found 'much'");
}

TEST_CASE("targets of arrays: a number or a row for each sample") {
  const TemporaryFolder folder;
  write_bytes(folder.path() / "x.npy", npy("<f4", "(3, 2)", raw<float>({1, 2, 3, 4, 5, 6})));
  const std::string section = "{kind: npy, train: {samples: x.npy, targets: y.npy}, test: {samples: x.npy, targets: y.npy}}";
  const auto with = [&](const Bytes& targets) { write_bytes(folder.path() / "y.npy", targets); };
  with(npy("<f8", "(3,)", raw<double>({0.5, -2, 7})));
  const Dataset one = load_own(folder, section);
  CHECK(one.train.targets == std::vector<float>{0.5, -2, 7});
  CHECK(one.targets == std::vector<std::string>{"target_1"});
  with(npy("|u1", "(3, 2)", {1, 2, 3, 4, 5, 6}));
  CHECK(load_own(folder, section).test.targets == std::vector<float>{1, 2, 3, 4, 5, 6});
  const auto refused = [&](const Bytes& targets, const std::string& why) {
    with(targets);
    check_complaint(folder, section, why);
  };
  refused(npy("<f4", "(2,)", raw<float>({1, 2})), "y.npy: holds targets of 2 samples, there are 3");
  refused(npy("<f4", "(3, 1, 1)", raw<float>({1, 2, 3})), "its size is 3x1x1");
  refused(npy("<f4", "(3,)", raw<float>({1, NAN, 3})), "target 1 of sample 1 is not finite");
  refused(npy("<f4", "(3, 2)", raw<float>({1, 4, 2, 4, 3, 4})), "the target 'target_2' is the same in all samples of train");
  check_complaint(folder, "{kind: npy, train: {samples: x.npy}, test: {samples: x.npy}}", "a part has 'labels'");
}

TEST_CASE("what is said of classes is refused for a regression, and the other way round") {
  const TemporaryFolder folder;
  const auto numbers = table(folder, rows(50, plane, 1), rows(20, plane, 2));
  write_text(folder.path() / "c.csv", "a,y\n1,p\n2,q\n3,p\n");
  const auto classes = std::make_shared<const Dataset>(load_own(folder, "{kind: csv, train: c.csv, test: c.csv, label: y}"));
  const auto refused = [&](const std::shared_ptr<const Dataset>& data, const std::string& key, const std::string& why) {
    CHECK_THROWS_WITH(make_trainer(data, settings("{validation: 1, " + key + "}")), ContainsSubstring(why));
  };
  refused(numbers, "label_smoothing: 0.1", "label_smoothing: csv data has targets, no classes");
  refused(numbers, "class_weights: balanced", "class_weights: csv data has targets, no classes");
  refused(numbers, "early_stop: {patience: 2, score: f1_pct}", "loss, r2_pct, rmse or mae");
  refused(classes, "loss: huber", "loss: csv data has classes, no targets");
  refused(classes, "early_stop: {patience: 2, score: rmse}", "loss, accuracy_pct");
  CHECK_THROWS_WITH(settings("{loss: hinge}"), ContainsSubstring("squared, absolute, huber"));
}

TEST_CASE("latency of a phone is told from that of others as least squares tells it, and better by a network with a hidden layer") {
  const char* folder = std::getenv("PARETOFORGE_DATA");
  if (folder == nullptr) {
    WARN("SKIPPED: needs PARETOFORGE_DATA (HELP's measurements of NAS-Bench-201)");
    return;
  }
  const std::string file = std::string(folder) + "/nasbench201/latency_by_device.csv";
  const TemporaryFolder here;
  const auto data = std::make_shared<const Dataset>(load_own(here, "{kind: csv, train: " + file + ", test: {share: 0.2, seed: 1}, target: samsung_a50_latency_ms, "
                                                                   "features: [1080ti_1_latency_ms, silver_4114_latency_ms, silver_4210r_latency_ms, titanx_256_latency_ms]}"));
  const Normalisation none{{0}, {1}};
  std::vector<float> flat;
  for (const double y : least_squares(*data)) flat.push_back(static_cast<float>(y));
  const double linear = evaluation_of(flat, data->test.targets, none).rmse;
  const auto rmse = [&](const Graph& graph) {
    const TrainSettings how = settings("{epochs: 8, batch: 64, validation: 500, rate: 0.05, test: true}");
    return make_trainer(data, how)->train(graph, how.budget).test.rmse;
  };
  CHECK(rmse(linear_network(4, 1)) == Approx(linear).epsilon(0.03));
  CHECK(rmse(hidden_network(4, 32, 1)) < linear);
}
