// The published spaces against their benchmarks' own counts.
#include <algorithm>
#include <cmath>
#include <map>

#include "catch.hpp"
#include "configs/table.hpp"
#include "data.hpp"
#include "space/table_points.hpp"

using namespace paretoforge;

namespace {

Space load(const std::string& file) { return Space::load(PARETOFORGE_SOURCE_DIR "/configs/" + file + ".yaml"); }

struct Counts {
  std::int64_t macs = 0, params = 0;
};

Counts counts(const Graph& graph) {
  Counts sum;
  for (NodeId id = 1; id < graph.size(); ++id) {
    const Shape& in = graph.shape(graph.inputs(id)[0]);
    sum.macs += macs(graph.op(id), in, graph.shape(id));
    sum.params += params(graph.op(id), in);
  }
  return sum;
}

}  // namespace

TEST_CASE("MLPerf Tiny's networks have their published MACs") {
  REQUIRE(counts(load("architectures/mlperf_tiny_resnet8").decode({})).macs == 12'501'632);
  REQUIRE(counts(load("architectures/mlperf_tiny_ds_cnn").decode({})).macs == 2'656'768);
  REQUIRE(counts(load("architectures/mlperf_tiny_mobilenet_v1").decode({})).macs == 7'489'664);
  REQUIRE(counts(load("architectures/mlperf_tiny_autoencoder").decode({})).macs == 264'192);
}

TEST_CASE("NAS-Bench-201: MACs and parameters as written are the benchmark's, 15,625 times") {
  const auto file = shared_data("nasbench201/accuracy_cifar10.csv");
  if (!file) return;
  const Table table = Table::load(*file);
  const Space space = load("spaces/nasbench201");
  const auto flops = table.numbers("flops_m"), params = table.numbers("params_m");
  const auto all = points_of(space, table);
  REQUIRE(all.size() == 15'625);
  const auto to_the_digits = [](std::int64_t count, double published) {  // six significant digits, rounded
    const double unit = std::pow(10.0, std::floor(std::log10(published)) - 5);
    return std::abs(static_cast<double>(count) / 1e6 - published) <= unit * (0.5 + 1e-6);
  };
  int wrong = 0;
  for (std::size_t row = 0; row < all.size(); ++row) {
    const Counts sum = counts(space.decode(all[row]));
    wrong += !to_the_digits(sum.macs, flops[row]) || !to_the_digits(sum.params, params[row]);
  }
  REQUIRE(wrong == 0);
}

TEST_CASE("NAS-Bench-Macro: MACs and parameters are the benchmark's, 6,561 times") {
  const auto file = shared_data("nasbench_macro/accuracy_cifar10.csv");
  if (!file) return;
  const Table table = Table::load(*file);
  const Space space = load("spaces/nasbench_macro");
  const auto flops = table.numbers("flops"), params = table.numbers("params");
  const auto all = points_of(space, table);
  int wrong = 0;
  for (std::size_t row = 0; row < all.size(); ++row) {
    const Counts sum = counts(space.decode(all[row]));
    wrong += static_cast<double>(sum.macs) != flops[row] || static_cast<double>(sum.params) != params[row];
  }
  REQUIRE(wrong == 0);
}

TEST_CASE("NAS-Bench-201 holds 6,334 different networks") {
  // Identities vanish wherever they stand, so this is fewer than the 6,985 of cells whose lone skips alone are
  // merged: x + conv(x) is one network whether or not a skip stands behind the convolution.
  const Space space = load("spaces/nasbench201");
  std::map<std::uint64_t, std::vector<Graph>> seen;
  int networks = 0;
  space.enumerate([&](const Architecture& point) {
    Graph graph = pruned(space.decode(point));
    auto& alike = seen[network_hash(graph)];
    if (std::none_of(alike.begin(), alike.end(), [&](const Graph& other) { return same_network(graph, other); })) {
      alike.push_back(std::move(graph));
      ++networks;
    }
    return true;
  });
  REQUIRE(networks == 6'334);
}

TEST_CASE("a NAS-Bench-201 cell without any path yields zeros and is valid") {
  const Space space = load("spaces/nasbench201");
  const Graph graph = space.decode(Architecture(6, 0));
  REQUIRE(graph.shape(graph.output()) == Shape{10, 1, 1});
  REQUIRE(counts(graph).macs > counts(pruned(graph)).macs);
}

TEST_CASE("the decisions are the ones that tables name") {
  const Space fbnet = load("spaces/fbnet"), ofa = load("spaces/ofa_mobilenetv3");
  REQUIRE(fbnet.decisions().size() == 22);
  REQUIRE(fbnet.decisions()[21].name == "layer_21");
  REQUIRE(fbnet.decisions()[0].labels == std::vector<std::string>{"k3_e1", "k3_e1_g2", "k3_e3", "k3_e6", "k5_e1", "k5_e1_g2", "k5_e3", "k5_e6", "skip"});
  for (const char* name : {"kernel_00", "kernel_19", "expand_00", "expand_19", "depth_00", "depth_04", "resolution"})
    REQUIRE(ofa.find_decision(name).has_value());
  REQUIRE(ofa.decisions().size() == 46);
}

TEST_CASE("a table that does not fit the space is refused by line") {
  const Space space = load("spaces/nasbench_macro");
  REQUIRE_THROWS_AS(points_of(space, Table::parse("layer_0\nidentity\n", "t.csv")), ConfigError);
  const std::string header = "layer_0,layer_1,layer_2,layer_3,layer_4,layer_5,layer_6,layer_7\n";
  REQUIRE_THROWS_WITH(points_of(space, Table::parse(header + "identity,identity,identity,identity,identity,identity,identity,mb9\n", "t.csv")),
                      "error: decision 'layer_7' has no 'mb9': it is one of identity, mb3_k3, mb6_k5\n  --> t.csv:2");
}

TEST_CASE("published tables are read whole") {
  for (const auto& [space_file, table_file] : std::vector<std::pair<std::string, std::string>>{
           {"spaces/fbnet", "fbnet/latency_by_device.csv"}, {"spaces/ofa_mobilenetv3", "ofa_mobilenetv3/latency_by_device.csv"}}) {
    const auto file = shared_data(table_file);
    if (!file) return;
    const Space space = load(space_file);
    REQUIRE(points_of(space, Table::load(*file)).size() == 5'000);
  }
}
