// Networks as C on this machine beside ONNX Runtime, one thread each, interleaved: bench_host_c [SECONDS a network].
// The C is compiled with -O3 -march=native; the ratio is its time over ONNX Runtime's int8 time. Goals: at most 1.5 for
// networks without depthwise layers, at most 1.0 for those with; ONNX Runtime's int8 form 2.5 times as fast as its float
// form where a network has more than 20 million MACs.
#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <stdexcept>
#include <vector>

#include "configs/files.hpp"
#include "configs/temporary_folder.hpp"
#include "exporters/c_runner.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"
#include "interleaved.hpp"
#include "space/random.hpp"
#include "space/space.hpp"

using namespace paretoforge;

namespace {

using Run = void (*)(const std::int8_t*, std::int8_t*, void*);

/// A network's C, compiled into a library of its own and loaded.
class LoadedC {
 public:
  LoadedC(const CSource& code, const CCompiler& compiler) : arena_(static_cast<std::size_t>(code.arena_bytes) + 16) {
    write_file(folder_.path() / "model.h", code.header);
    write_file(folder_.path() / "model.c", code.source);
    const std::string library = (folder_.path() / "model.so").string();
    const std::string command = compiler.program + " -std=c99 -O3 -march=native -shared -fPIC -o " + library + " " + (folder_.path() / "model.c").string();
    if (std::system(command.c_str()) != 0) throw std::runtime_error("the compiler failed");
    library_ = dlopen(library.c_str(), RTLD_NOW);
    if (library_ == nullptr) throw std::runtime_error(dlerror());
    run_ = reinterpret_cast<Run>(dlsym(library_, "network_run"));
  }
  LoadedC(const LoadedC&) = delete;
  LoadedC& operator=(const LoadedC&) = delete;
  ~LoadedC() { dlclose(library_); }
  void operator()(const std::vector<std::int8_t>& input, std::vector<std::int8_t>& output) {
    auto at = reinterpret_cast<std::uintptr_t>(arena_.data());
    run_(input.data(), output.data(), reinterpret_cast<void*>((at + 15) / 16 * 16));
  }

 private:
  TemporaryFolder folder_;
  std::vector<char> arena_;
  void* library_ = nullptr;
  Run run_ = nullptr;
};

struct Network {
  std::string name;
  Graph graph;
};

std::vector<Network> networks() {
  std::vector<Network> all;
  const std::string configs = PARETOFORGE_SOURCE_DIR "/configs/";
  for (const char* name : {"resnet8", "ds_cnn", "mobilenet_v1", "autoencoder"})
    all.push_back({name, pruned(Space::load(configs + "architectures/mlperf_tiny_" + name + ".yaml").decode({}))});
  for (const char* name : {"nasbench201", "mobile", "tiny_image", "audio_1d"}) {
    const Space space = Space::load(configs + "spaces/" + name + ".yaml");
    Random random(5);
    for (int i = 1; i <= 2; ++i) all.push_back({std::string(name) + " " + std::to_string(i), pruned(space.decode(space.sample(random)))});
  }
  return all;
}

bool has_depthwise(const Graph& graph) {
  for (NodeId id = 0; id < graph.size(); ++id)
    if (const auto* conv = std::get_if<Conv>(&graph.op(id)); conv && conv->groups > 1) return true;
  return false;
}

void print(const Network& network, const CCompiler& compiler, double budget) {
  const auto size = static_cast<std::size_t>(network.graph.shape(0).elements());
  Random random(1);
  std::vector<float> image(size);
  for (float& value : image) value = static_cast<float>(random.normal());
  const Model model = random_model(network.graph, 1);
  const IntegerModel integer = quantised(model, image);
  LoadedC c(c_source(integer, "network"), compiler);
  OnnxSession int8 = OnnxSession::from_bytes(qdq_onnx(integer)), real = OnnxSession::from_bytes(float_onnx(model));
  std::copy(image.begin(), image.end(), int8.input().begin());
  std::copy(image.begin(), image.end(), real.input().begin());
  const auto input = quantised_input(integer, image);
  std::vector<std::int8_t> output(static_cast<std::size_t>(integer.nodes[static_cast<std::size_t>(integer.output)].shape.elements()));
  const auto times = interleaved({[&] { c(input, output); }, [&] { int8.run(); }, [&] { real.run(); }}, budget);
  std::cout << "| " << network.name << " | " << std::setprecision(2) << million_macs(network.graph) << " | " << (has_depthwise(network.graph) ? "yes" : "no") << std::setprecision(1) << " | " << times[0] << " | "
            << times[1] << " | " << times[2] << " | " << std::setprecision(2) << times[0] / times[1] << " | " << times[2] / times[1] << " |" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  const auto compiler = host_c_compiler();
  if (!compiler || !OnnxRuntime::available()) {
    std::cerr << "a C compiler and ONNX Runtime are needed\n   = ./install-dependencies.sh\n";
    return 1;
  }
  std::cout << "| network | million MACs | depthwise | C, us | ONNX Runtime int8, us | float, us | C over int8 | float over int8 |\n|---|---|---|---|---|---|---|---|\n" << std::fixed;
  for (const Network& network : networks()) print(network, *compiler, argc > 1 ? std::atof(argv[1]) : 2);
  return 0;
}
