// Integer networks of more than 20 million MACs in ONNX Runtime beside their float forms, one thread, interleaved, by
// class of network, and which operators take the time: bench_onnx [SECONDS a network] [NETWORKS a class].
// The goal of 2.5 is for all of them.
#include <cstdlib>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "configs/files.hpp"
#include "configs/temporary_folder.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"
#include "interleaved.hpp"
#include "space/random.hpp"
#include "space/space.hpp"

using namespace paretoforge;

namespace {

constexpr double least_million_macs = 20;

struct Class {
  std::string name, space;
  std::function<bool(const Graph&)> holds;
};

bool any_op(const Graph& graph, const std::function<bool(const Op&)>& wanted) {
  for (NodeId id = 0; id < graph.size(); ++id)
    if (wanted(graph.op(id))) return true;
  return false;
}
bool pools(const Graph& graph) {
  return any_op(graph, [](const Op& op) { const auto* pool = std::get_if<Pool>(&op); return pool && pool->kernel.height == 3; });
}
bool hard_swish_inside(const Graph& graph) {
  int count = 0;  // the head has one anyway
  any_op(graph, [&](const Op& op) { const auto* act = std::get_if<Activation>(&op); return act && act->kind == ActivationKind::hard_swish && ++count > 1; });
  return count > 1;
}

std::vector<Class> classes() {
  return {{"nasbench201 with average pools", "nasbench201", pools},
          {"nasbench201 without", "nasbench201", [](const Graph& graph) { return !pools(graph); }},
          {"mobile, ReLU", "mobile", [](const Graph& graph) { return !hard_swish_inside(graph); }},
          {"mobile, hard-swish", "mobile", hard_swish_inside}};
}

std::vector<Graph> networks(const Class& of, int count) {
  const Space space = Space::load(std::string(PARETOFORGE_SOURCE_DIR "/configs/spaces/") + of.space + ".yaml");
  Random random(11);
  std::vector<Graph> all;
  while (static_cast<int>(all.size()) < count) {
    Graph graph = pruned(space.decode(space.sample(random)));
    if (million_macs(graph) > least_million_macs && of.holds(graph)) all.push_back(std::move(graph));
  }
  return all;
}

/// Seven 3x3 convolutions with ReLU of 16x16: nothing else.
std::vector<Graph> plain_networks(int count) {
  std::vector<Graph> all;
  for (int i = 0; i < count; ++i) {
    const std::int32_t width = 48 + 16 * i;
    Graph graph({3, 16, 16});
    NodeId last = 0;
    for (int layer = 0; layer < 7; ++layer) {
      const NodeId conv = graph.add(Conv{.out = width, .kernel = {3, 3}, .stride = {}, .dilation = {}, .pad = {1, 1, 1, 1}}, last);
      last = graph.add(Activation{ActivationKind::relu}, conv);
    }
    graph.add(Linear{.out = 10}, graph.add(GlobalPool{}, last));
    all.push_back(std::move(graph));
  }
  return all;
}

using Shares = std::map<std::string, double>;  ///< microseconds a run, by operator

void add_profile(const std::string& onnx, const std::vector<float>& image, Shares& shares) {
  constexpr int runs = 30;
  const TemporaryFolder folder;
  {
    OnnxSession session = OnnxSession::from_bytes(onnx, {.profile = folder.path() / "profile"});
    for (int i = 0; i < runs; ++i) session.run(image);
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    for (const nlohmann::json& event : nlohmann::json::parse(read_file(entry.path(), std::size_t{1} << 30)))
      if (event.value("cat", "") == "Node" && event.value("name", "").ends_with("_kernel_time"))
        shares[event["args"]["op_name"].get<std::string>()] += event["dur"].get<double>() / runs;
}

void print_shares(const std::string& title, const Shares& shares) {
  std::vector<std::pair<double, std::string>> sorted;
  double sum = 0;
  for (const auto& [op, time] : shares) {
    sorted.emplace_back(time, op);
    sum += time;
  }
  std::sort(sorted.rbegin(), sorted.rend());
  std::cout << title << ":" << std::setprecision(0);
  for (const auto& [time, op] : sorted)
    if (time > 0.01 * sum) std::cout << " " << op << " " << 100 * time / sum << " %";
  std::cout << "\n";
}

void print(const std::string& name, const std::vector<Graph>& graphs, double budget) {
  std::vector<double> ratios;
  Shares integer_shares, float_shares;
  std::cout << "\n## " << name << "\n\n| million MACs | int8, us | float, us | float over int8 |\n|---|---|---|---|\n";
  for (const Graph& graph : graphs) {
    Random random(1);
    std::vector<float> image(static_cast<std::size_t>(graph.shape(0).elements()));
    for (float& value : image) value = static_cast<float>(random.normal());
    const Model model = random_model(graph, 1);
    const std::string int8 = qdq_onnx(quantised(model, image)), real = float_onnx(model);
    OnnxSession a = OnnxSession::from_bytes(int8), b = OnnxSession::from_bytes(real);
    a.run(image);
    b.run(image);
    const auto times = interleaved({[&] { a.run(); }, [&] { b.run(); }}, budget);
    ratios.push_back(times[1] / times[0]);
    std::cout << std::setprecision(1) << "| " << million_macs(graph) << " | " << times[0] << " | " << times[1] << " | " << std::setprecision(2) << ratios.back() << " |" << std::endl;
    add_profile(int8, image, integer_shares);
    add_profile(real, image, float_shares);
  }
  std::cout << "\nMedian of float over int8: " << median(ratios) << "\n\n";
  print_shares("Shares of the int8 form", integer_shares);
  print_shares("Shares of the float form", float_shares);
}

}  // namespace

int main(int argc, char** argv) {
  if (!OnnxRuntime::available()) {
    std::cerr << "ONNX Runtime is needed\n   = ./install-dependencies.sh\n";
    return 1;
  }
  const double budget = argc > 1 ? std::atof(argv[1]) : 1;
  const int count = argc > 2 ? std::atoi(argv[2]) : 8;
  std::cout << std::fixed << "ONNX Runtime " << OnnxRuntime::version() << ", one thread\n";
  print("Seven 3x3 convolutions", plain_networks(count), budget);
  for (const Class& of : classes()) print(of.name, networks(of, count), budget);
  return 0;
}
