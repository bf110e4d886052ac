// The report: what is in the page without its script, what its data hold, and what must never be in it.
#include "experiments/report.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "experiments/report_internal.hpp"

using namespace paretoforge;
using nlohmann::json;

namespace {

/// Three objectives, two decisions, eight trials: one infeasible, one failed.
ReportStudy small_study() {
  ReportStudy study;
  study.name = "quickstart";
  study.algorithm = "nsga2";
  study.seed = 7;
  study.host = "a host";
  study.seconds = 125;
  study.criteria = {
      {"latency_ms", Goal::minimize, 0.5}, {"peak_activation_bytes"}, {"accuracy_pct", Goal::maximize, {}, true}};
  study.decisions = {{"width", {"8", "16"}, true, {8, 16}}, {"extra", {"skip", "conv"}, false, {}}};
  const std::vector<std::array<double, 3>> values{{0.1, 4096, 80},     {0.2, 8192, 85},   {0.3, 8192, 84},
                                                  {0.4, 16384, 91.25}, {0.45, 16384, 91}, {0.6, 14336, 92}};
  for (std::size_t i = 0; i < values.size(); ++i)
    study.trials.push_back({i + 1,
                            {i < 3 ? 0 : 1, i == 3 ? -1 : 1},
                            TrialState::complete,
                            {values[i][0], values[i][1], values[i][2]},
                            1,
                            ""});
  study.trials.push_back({7, {0, 0}, TrialState::infeasible, {0.9, 4096, {}}, 1, "over"});
  study.trials.push_back({8, {0, 1}, TrialState::failed, {{}, {}, {}}, 1, "nan"});
  const Front front(study.criteria, study.trials);
  study.front = front.members();
  study.picks = picks(front);
  study.hypervolume = hypervolume_history(study.criteria, study.trials);
  return study;
}

ReportModel exported(std::uint64_t trial) {
  ReportModel model;
  model.name = "trial_" + std::to_string(trial);
  model.trial = trial;
  model.layers = {{"stem", "conv 3x3 /2", "8 × 14 × 14", 14112, 72, 1568, 0.25, {}},
                  {"head", "linear", "10", 80, 90, 10, 0.05, {0}}};
  model.float_score_pct = 91.5;
  model.int8_score_pct = 91.25;
  model.predicted_latency_ms = {{0.4, 0.35, 0.45}};
  model.measured_latency_ms = 0.5;
  model.agreement_pct = 99.97;
  model.fused = true;
  model.files = {"bundle/trial_4/model.onnx"};
  return model;
}

std::string between(const std::string& text, const std::string& left, const std::string& right) {
  const auto begin = text.find(left);
  REQUIRE(begin != std::string::npos);
  const auto end = text.find(right, begin + left.size());
  REQUIRE(end != std::string::npos);
  return text.substr(begin + left.size(), end - begin - left.size());
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string from_base64(const std::string& text) {
  std::string bytes;
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const auto digit = std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/").find(c);
    REQUIRE(digit != std::string_view::npos);
    group = group << 6U | static_cast<std::uint32_t>(digit);
    if ((bits += 6) >= 8) bytes += static_cast<char>(group >> (bits -= 8) & 0xFFU);
  }
  return bytes;
}

std::string gunzip(std::string bytes) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  std::string text(std::max<std::size_t>(1 << 16, bytes.size() * 100), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  REQUIRE(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

std::string payload(const std::string& page) {
  return from_base64(between(page, "<script type=\"application/octet-stream\" id=\"data\">", "</script>"));
}

json data(const std::string& page) { return json::parse(gunzip(payload(page))); }

/// The page without what the script and the style say.
std::string visible(const std::string& page) { return between(page, "<body>", "<script type="); }

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("base64 of the RFC's examples") {
  using internal::base64;
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xff\xfe\xfd") == "//79");
  CHECK(internal::policy_source("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") ==
        "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
}

TEST_CASE("the data in the page are the study's") {
  ReportStudy study = small_study();
  study.models = {exported(4)};
  study.predictors = {{"latency_ms", "gp", 40, 60, 0.98, 91.7, 90.0, {{0.2, {0.21, 0.19, 0.23}}}}};
  const json page = data(report_html({study}));
  CHECK(page["schema"] == "paretoforge-report-1");
  REQUIRE(page["studies"].size() == 1);
  const json& found = page["studies"][0];
  CHECK(found["trials"]["number"] == json({1, 2, 3, 4, 5, 6, 7, 8}));
  CHECK(found["trials"]["state"] == json({0, 0, 0, 0, 0, 0, 1, 3}));
  CHECK(found["trials"]["values"][0] == json({0.1, 0.2, 0.3, 0.4, 0.45, 0.6, 0.9, nullptr}));
  CHECK(found["trials"]["values"][2] == json({80.0, 85.0, 84.0, 91.25, 91.0, 92.0, nullptr, nullptr}));
  CHECK(found["trials"]["choices"] == json({{0, 0, 0, 1, 1, 1, 0, 0}, {1, 1, 1, -1, 1, 1, 0, 1}}));
  CHECK(found["decisions"][1] == json({{"name", "extra"}, {"labels", {"skip", "conv"}}}));
  CHECK(found["front"] == json({0, 1, 3, 5}));
  CHECK(found["picks"][0] == json({{"trial", 3}, {"reason", "most accurate that fits the limits"}}));
  CHECK(found["criteria"][0]["label"] == "latency");
  CHECK(found["criteria"][0]["limit"] == 0.5);
  CHECK(found["criteria"][1]["limit"].is_null());
  CHECK(found["criteria"][2]["maximize"] == true);
  CHECK(found["models"][0]["layers"][1]["inputs"] == json({0}));
  CHECK(found["models"][0]["predicted"] == json({0.4, 0.35, 0.45}));
  CHECK(found["predictors"][0]["samples"] == json({{0.2, 0.21, 0.19, 0.23}}));
  // Hypervolume: only where it rises, and at both ends.
  const auto& steps = found["hypervolume"];
  CHECK(steps["told"].front() == 1);
  CHECK(steps["told"].back() == 8);
  CHECK(steps["value"].back() == study.hypervolume.back());
  for (std::size_t i = 0; i < steps["told"].size(); ++i)
    CHECK(steps["value"][i] == study.hypervolume[steps["told"][i].get<std::size_t>() - 1]);
}

TEST_CASE("numbers come back bit for bit, and what is no number is null") {
  ReportStudy study = small_study();
  const double third = 1.0 / 3, tiny = std::numeric_limits<double>::denorm_min();
  study.trials[0].values[0] = third;
  study.trials[1].values[0] = tiny;
  study.models = {exported(4)};
  study.models[0].measured_latency_ms = std::nan("");
  const json found = data(report_html({study}))["studies"][0];
  CHECK(found["trials"]["values"][0][0].get<double>() == third);
  CHECK(found["trials"]["values"][0][1].get<double>() == tiny);
  CHECK(found["models"][0]["measured"].is_null());
}

TEST_CASE("the same studies give the same bytes, and gzip holds no time") {
  const std::string page = report_html({small_study()});
  CHECK(page == report_html({small_study()}));
  const std::string bytes = payload(page);
  CHECK(bytes.substr(0, 8) == std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00", 8));
}

TEST_CASE("the page loads nothing and allows nothing but its own script and style") {
  ReportStudy study = small_study();
  study.models = {exported(4)};
  const std::string page = report_html({study});
  CHECK_FALSE(holds(page, "http://"));
  CHECK_FALSE(holds(page, "https://"));
  CHECK_FALSE(holds(page, "src="));
  CHECK_FALSE(holds(page, " style="));
  CHECK_FALSE(holds(page, "innerHTML"));
  CHECK_FALSE(holds(page, "<link"));
  CHECK_FALSE(holds(page, "url("));
  const std::string policy = between(page, "Content-Security-Policy\" content=\"", "\"");
  CHECK(policy == "default-src 'none'; script-src " + internal::policy_source(internal::report_script_sha256) +
                      "; style-src " + internal::policy_source(internal::report_style_sha256) +
                      "; base-uri 'none'; form-action 'none'");
  // What the browser hashes is what stands between the tags.
  CHECK(between(page, "<style>", "</style>") == internal::report_style);
  CHECK(between(page, "<script>", "</script>") == internal::report_script);
}

TEST_CASE("text stays text wherever it comes from") {
  const std::string evil = "</script><b>&\"'";
  ReportStudy study = small_study();
  study.name = study.description = study.host = study.algorithm = study.command = study.yaml = study.version = evil;
  study.notes = {evil};
  study.decisions[0].name = study.decisions[1].labels[1] = evil;
  study.criteria[1].name = evil;
  study.picks[0].reason = evil;
  study.models = {exported(4)};
  study.models[0].name = study.models[0].layers[0].name = evil;
  study.models[0].files = {evil, "javascript:alert(1)", "/etc/passwd", "a\"b.onnx"};
  study.predictors = {{evil, evil, 1, 1, 1, 1, 1, {}}};
  for (const auto& studies : {std::vector{study}, std::vector{study, study}}) {
    const std::string page = report_html(studies);
    CHECK(count(page, "</script>") == 2);
    CHECK_FALSE(holds(page, "<b>&"));
    CHECK(holds(visible(page), "&lt;/script&gt;&lt;b&gt;&amp;&quot;&#39;"));
    CHECK_FALSE(holds(page, "href=\"javascript"));
    CHECK_FALSE(holds(page, "href=\"/"));
    CHECK(holds(page, "href=\"a&quot;b.onnx\""));
    CHECK(data(page)["studies"][0]["name"] == evil);
    CHECK(data(page)["studies"][0]["decisions"][0]["name"] == evil);
  }
}

TEST_CASE("bytes that are no UTF-8 end in no error") {
  ReportStudy study = small_study();
  study.name = std::string("caf\xe9\0x", 6);
  CHECK(data(report_html({study}))["studies"][0]["name"] == std::string("caf\uFFFD\0x", 8));
}

TEST_CASE("verdict, picks and front are there without the script") {
  ReportStudy study = small_study();
  study.notes = {"Only part of the space was searched."};
  const std::string page = visible(report_html({study}));
  CHECK(holds(page, "<h1>3 models fit the limits. 2 are worth a look.</h1>"));
  CHECK(holds(
      page,
      "Most accurate that fits the limits: #4 with 91.25\u00a0% accuracy, 0.4\u00a0ms latency, 16\u00a0KiB memory."));
  CHECK(holds(page,
              "The front holds 4 models, with latency from 0.1\u00a0ms to 0.6\u00a0ms, memory from 4\u00a0KiB to "
              "16\u00a0KiB, accuracy from 80\u00a0% to 92\u00a0%."));
  CHECK(holds(page, "4 models are best in some way; 3 keep every limit."));
  CHECK(holds(page, "Only part of the space was searched."));
  const std::string table = between(page, "<table class=\"front-table\">", "</table>");
  CHECK(count(table, "<tr data-trial=") == 4);
  CHECK(holds(table, "<td class=\"number broken\" title=\"breaks its limit\">0.6\u00a0ms !</td>"));
  CHECK(holds(table, "<td class=\"choices\">width 16</td>"));  // the other choice is inactive in trial 4
  CHECK(holds(between(page, "<table class=\"picks-table\">", "</table>"), "most accurate that fits the limits"));
}

TEST_CASE("how far the numbers can be trusted, in words") {
  ReportStudy study = small_study();
  CHECK(internal::trust_words(study) == "No model was exported and measured again yet.");
  study.models = {exported(4), exported(2)};
  study.models[1].measured_latency_ms = 0.4;
  CHECK(internal::trust_words(study) ==
        "Measured again after export, 2 models differed from the prediction by 10\u00a0% on average, and 1 of 2 lay "
        "inside "
        "the 90 % interval. Becoming int8 cost at most 0.25 points of accuracy. The files and the reference chose the "
        "same "
        "class for at least 99.97\u00a0% of the inputs. The runtime fused every convolution to an integer one.");
  study.models[0].fused = false;
  study.models[0].float_score_pct = study.models[1].float_score_pct = 90;
  study.predictors = {{"latency_ms", "gp", 40, 60, 0.98, 91.7, {}, {}}};
  const std::string words = internal::trust_words(study);
  CHECK(holds(words, " In 1 model the runtime left convolutions in floating point."));
  CHECK(holds(words, " No model lost accuracy when it became int8."));
  CHECK(holds(words,
              " Of 60 networks that the predictor of latency had not seen, 91.7\u00a0% were predicted within 10 %, "
              "the rank correlation was 0.98."));
}

TEST_CASE("whether the search was long enough, in words") {
  ReportStudy study = small_study();
  decltype(study.front) front;
  study.hypervolume = {0, 0.2, 0.5, 0.8, 0.8, 0.8, 0.8, 0.8};
  CHECK(internal::length_words(study) ==
        "99 % of the final hypervolume was reached after 4 trials of 8, and the last quarter of the trials added "
        "0\u00a0%: "
        "more trials would probably add little.");
  study.hypervolume = {0.4, 0.4, 0.4, 0.8};
  CHECK(holds(internal::length_words(study), "added 50\u00a0%: more trials may still pay."));
  study.hypervolume = {0, 0};
  CHECK(internal::length_words(study) == "No trial is better than the worst of the front in everything: hypervolume is still 0.");
  std::swap(study.front, front);
  CHECK(internal::length_words(study) == "No complete trial: hypervolume is still 0.");
  std::swap(study.front, front);
  study.criteria.resize(1);
  study.criteria[0].reference = 1;
  study.front.resize(1);
  CHECK(internal::length_words(study) ==
        "No trial is better than the reference point in everything: hypervolume is still 0.");
}

TEST_CASE("what the good ones share, in words") {
  CHECK(internal::shared_words(small_study()) ==
        "What the front takes more often than all trials: width = 16 in 50\u00a0% (of all trials 38\u00a0%).");
  CHECK(internal::shared_words({}) == "No choice stands out: the front takes each about as often as all trials do.");
}

TEST_CASE("where nothing fits the page says by how much the nearest misses") {
  ReportStudy study = small_study();
  study.criteria[0].limit = 0.05;
  const Front front(study.criteria, study.trials);
  study.front = front.members();
  study.picks = picks(front);
  const std::string page = visible(report_html({study}));
  CHECK(holds(page, "<h1>Nothing fits the limits.</h1>"));
  CHECK(holds(page, "The nearest is #1: latency 0.1\u00a0ms where 0.05\u00a0ms is allowed."));
  CHECK(holds(page, "<td>nearest to the limits</td>"));
}

TEST_CASE("a study of which nothing is known yet still makes a page") {
  ReportStudy study;
  study.name = "new";
  study.criteria = {{"latency_ms"}};
  CHECK(holds(visible(report_html({study})), "<h1>Nothing was tried yet.</h1>"));
  study.trials = {{1, {}, TrialState::failed, {std::nullopt}, 0, "broken"}};
  study.hypervolume = {0};
  CHECK(holds(visible(report_html({study})), "<h1>No trial was completed.</h1>"));
  CHECK(holds(report_html({}), "0 studies compared"));
}

TEST_CASE("several studies are compared in bounds they share") {
  ReportStudy first = small_study(), second = small_study();
  second.name = "worse";
  second.trials.resize(1);
  second.criteria[0].limit.reset();  // limits may differ
  const std::string page = report_html({first, second});
  CHECK(holds(visible(page), "<h1>2 studies compared</h1>"));
  CHECK(holds(visible(page), "quickstart dominates the most: "));
  const json shared = data(page)["shared_hypervolume"];
  REQUIRE(shared.size() == 2);
  // The lone trial has the least latency and memory and the least accuracy of all: it dominates nothing of the box.
  CHECK(shared[1]["value"] == json({0.0}));
  // Only trial 2 lies inside the box: at 1/5, 1/3 and 7/12 of it.
  CHECK(shared[0]["value"].back().get<double>() == Approx(4.0 / 5 * 2 / 3 * 5 / 12));
  second.criteria[0].name = "energy_mj";
  const std::string apart = report_html({first, second});
  CHECK(holds(visible(apart), "no common measure"));
  CHECK(data(apart)["shared_hypervolume"].empty());
}

namespace {

/// A run of two objectives to be minimised: the values of its trials, all complete.
ReportStudy run_of(const std::string& settings, std::uint64_t seed, const std::vector<std::array<double, 2>>& values) {
  ReportStudy study;
  study.name = settings + " " + std::to_string(seed);
  study.settings = settings;
  study.problem = "one space, two objectives";
  study.seed = seed;
  study.criteria = {{"latency_ms"}, {"energy_mj"}};
  for (const auto& [latency, energy] : values)
    study.trials.push_back({study.trials.size() + 1, {}, TrialState::complete, {latency, energy}, 1, ""});
  study.front = Front(study.criteria, study.trials).members();
  return study;
}

/// Eight seeds of a searcher that is good and one that is not, all within the box from 0 to 10.
std::vector<ReportStudy> two_searchers() {
  std::vector<ReportStudy> studies;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const double off = 0.1 * static_cast<double>(seed);
    studies.push_back(run_of("good", seed, {{10, 10}, {0, 9}, {9, 0}, {2 + off, 2}}));
    studies.push_back(run_of("poor", seed, {{10, 10}, {0, 9}, {9, 0}, {6 + off, 6}, {5, 5}}));
  }
  return studies;
}

}  // namespace

TEST_CASE("studies that differ in settings and seeds are runs of searchers") {
  const auto studies = two_searchers();
  const auto groups = internal::searcher_groups(studies, internal::shared_hypervolumes(studies));
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].settings == "good");
  CHECK(groups[1].studies == std::vector<std::size_t>{1, 3, 5, 7, 9, 11, 13, 15});
  CHECK(groups[1].trials() == 4);  // the fewest that any has: the fifth trial of the poor one does not count
  // (2 + 0.1 k, 2) in a box of 10 x 10 whose edges two others hold: 1 - 0.9 and the corner.
  CHECK(groups[0].hypervolume[0].back() == Approx((10 * 1 + (10 - 2.1) * 7 + 1 * 2) / 100.0));
  CHECK(groups[0].reached(0.25, 4) == groups[0].hypervolume[1].back());
  CHECK(groups[0].reached(0.5, 4) == groups[0].hypervolume[3].back());
  CHECK(groups[0].reached(1, 4) == groups[0].hypervolume[7].back());
  CHECK(groups[0].reached(0.5, 0) == 0);
  const auto pairs = internal::searcher_pairs(studies, groups);
  REQUIRE(pairs.size() == 1);
  CHECK(pairs[0].seeds == 8);
  CHECK(pairs[0].wins == 8);
  CHECK(pairs[0].p_value == Approx(2.0 / 256));  // both tails of 2^8 equally likely signs
  CHECK(holds(internal::searcher_words(groups, pairs), "half of the runs of good reach"));
  CHECK(holds(internal::searcher_words(groups, pairs), "better with 8 of 8 seeds and worse with 0, which is hardly luck (p = 0.0078)"));
}

TEST_CASE("runs without seeds in common are compared by the ranks of all of them") {
  const auto both = two_searchers();
  std::vector<ReportStudy> apart;
  for (const std::size_t i : {0, 2, 4, 6, 9, 11, 13, 15}) apart.push_back(both[i]);  // four seeds of one, four others of the other
  const auto groups = internal::searcher_groups(apart, internal::shared_hypervolumes(apart));
  const auto pairs = internal::searcher_pairs(apart, groups);
  REQUIRE(pairs.size() == 1);
  CHECK(pairs[0].seeds == 0);
  CHECK(pairs[0].superiority == 1);
  CHECK(pairs[0].p_value == Approx(2.0 / 70));  // one of 8 over 4 choices in each tail
  CHECK(holds(internal::searcher_words(groups, pairs), "better in 100 % of the pairs of a run of each, which is hardly luck (p = 0.029)"));
  CHECK(holds(visible(report_html(apart)), "p = 0.029 (rank sums)"));
}

TEST_CASE("the page of many studies compares searchers and leaves each study to its own page") {
  const std::string page = report_html(two_searchers());
  CHECK(holds(visible(page), "Which searcher is better, and is it luck?"));
  CHECK(holds(visible(page), "What can I count on?"));
  CHECK(count(visible(page), "<article") == 0);
  CHECK(holds(page, "<title>16 studies compared"));
  const json found = data(page);
  CHECK(found["studies"].empty());
  REQUIRE(found["searchers"].size() == 2);
  CHECK(found["searchers"][0]["runs"] == 8);
  CHECK(found["searchers"][0]["told"] == json({1, 2, 3, 4}));
  // Half of the eight runs attain 2.4 and better.
  CHECK(found["searchers"][0]["surfaces"][1] == json::array({{0, 9}, {2 + 0.1 * 4, 2}, {9, 0}}));
  CHECK(found["searchers"][0]["surfaces"][0][1] == json({2.2, 2}));
}

TEST_CASE("no searchers are compared where seeds, spaces or objectives give no ground for it") {
  auto studies = two_searchers();
  studies[3].problem = "another space";
  CHECK(internal::searcher_groups(studies, internal::shared_hypervolumes(studies)).empty());
  const std::vector<ReportStudy> lone{two_searchers()[0], two_searchers()[1]};
  CHECK(internal::searcher_groups(lone, internal::shared_hypervolumes(lone)).empty());
  const std::vector<ReportStudy> apart{two_searchers()[0], two_searchers()[2], two_searchers()[5]};
  const auto groups = internal::searcher_groups(apart, internal::shared_hypervolumes(apart));
  REQUIRE(groups.size() == 2);
  CHECK(holds(internal::searcher_words(groups, internal::searcher_pairs(apart, groups)), "one of them ran once, so no test can tell luck apart"));
  // Trials that failed before anything expensive do not count, and nothing complete is a hypervolume of 0.
  std::vector<ReportStudy> failed{run_of("a", 1, {}), run_of("a", 2, {})};
  for (ReportStudy& study : failed) study.trials.push_back({1, {}, TrialState::failed, {std::nullopt, std::nullopt}, 1, ""});
  CHECK(holds(report_html(failed), "After 0 trials half of the runs of a reach 0 of the volume"));
}

TEST_CASE("soft limits stand in the facts, the tables and the data") {
  ReportStudy study = small_study();
  study.criteria[0].soft_limit = 0.25;
  study.criteria[2].enough = 91;
  study.criteria[2].soft_limit = 85;
  const Front front(study.criteria, study.trials);
  study.picks = picks(front);
  const std::string page = report_html({study});
  CHECK(holds(visible(page), "wished for at most 0.25\u00a0ms"));
  CHECK(holds(visible(page), "wished for 91\u00a0% to 85\u00a0%"));
  CHECK(holds(visible(page), "<td class=\"number beyond\" title=\"past its soft limit\">0.4\u00a0ms ~</td>"));
  CHECK(data(page)["studies"][0]["criteria"][0]["soft_limit"] == 0.25);
  CHECK(data(page)["studies"][0]["criteria"][2]["enough"] == 91);
  CHECK(holds(visible(page), "most accurate within the region of interest"));
  CHECK(holds(visible(page), "most accurate, past the region of interest"));
}
