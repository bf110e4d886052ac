// Loading ONNX Runtime and running models in it.
#include "exporters/onnx_runtime.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <utility>

#include "exporters/ort_api_internal.hpp"

namespace paretoforge {

using namespace internal;

namespace {

namespace fs = std::filesystem;

constexpr const char* npm_place = "node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1";

std::vector<fs::path> candidates() {
  if (const char* named = std::getenv("PARETOFORGE_ONNXRUNTIME")) return {named};
  std::error_code none;
  const fs::path program = fs::read_symlink("/proc/self/exe", none);
  std::vector<fs::path> found;
  for (const fs::path& folder :
       {fs::path(PARETOFORGE_SOURCE_DIR), program.parent_path() / "../share/paretoforge", fs::path(".")})
    if (fs::exists(folder / npm_place, none)) found.push_back(fs::weakly_canonical(folder / npm_place, none));
  found.push_back("libonnxruntime.so.1");
  return found;
}

/// The library, its function table and its environment; one per process, never unloaded.
struct Runtime {
  const OrtApi* api = nullptr;
  OrtEnv* env = nullptr;
  std::string version, error;
  fs::path library;

  Runtime() {
    for (const fs::path& path : candidates())
      if (load(path)) return;
    error +=
        "install it with: npm install --ignore-scripts onnxruntime-node@1.30.0 (or let PARETOFORGE_ONNXRUNTIME "
        "name a libonnxruntime.so)";
  }

 private:
  bool load(const fs::path& path) {
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return fail(dlerror());
    using GetBase = const OrtApiBase* (*)();
    const auto get_base = reinterpret_cast<GetBase>(dlsym(handle, "OrtGetApiBase"));
    if (get_base == nullptr) return fail(path.string() + " has no OrtGetApiBase");
    const OrtApi* table = get_base()->get_api(ort_api_version);
    if (table == nullptr) return fail(path.string() + " is too old: it has no API version 11");
    if (OrtStatus* status = table->create_env(ort_log_error, "paretoforge", &env)) {
      const std::string message = table->get_error_message(status);
      table->release_status(status);
      return fail(message);
    }
    version = get_base()->version();
    library = path;
    api = table;
    error.clear();
    return true;
  }

  bool fail(const std::string& why) {
    error += why + "; ";
    return false;
  }
};

const Runtime& runtime() {
  static const Runtime instance;
  return instance;
}

const Runtime& loaded_runtime() {
  if (runtime().api == nullptr) throw OnnxRuntimeError("ONNX Runtime could not be loaded: " + runtime().error);
  return runtime();
}

const OrtApi& api() { return *loaded_runtime().api; }

void check(OrtStatus* status) {
  if (status == nullptr) return;
  const std::string message = api().get_error_message(status);
  api().release_status(status);
  throw OnnxRuntimeError("ONNX Runtime: " + message);
}

struct Release {
  void operator()(OrtSession* session) const { api().release_session(session); }
  void operator()(OrtSessionOptions* options) const { api().release_session_options(options); }
  void operator()(OrtMemoryInfo* memory) const { api().release_memory_info(memory); }
  void operator()(OrtTypeInfo* type) const { api().release_type_info(type); }
  void operator()(OrtValue* value) const { api().release_value(value); }
};
template <class T>
using Owned = std::unique_ptr<T, Release>;

/// x86 without VNNI adds pairs of 8-bit products in 16 bits, which saturate; ONNX Runtime can be told to avoid that.
bool products_saturate() {
#ifdef __x86_64__
  return !__builtin_cpu_supports("avx512vnni") && !__builtin_cpu_supports("avxvnni");
#else
  return false;
#endif
}

Owned<OrtSessionOptions> session_options(const OnnxSessionOptions& options) {
  OrtSessionOptions* raw = nullptr;
  check(api().create_session_options(&raw));
  Owned<OrtSessionOptions> result(raw);
  check(api().set_optimization_level(raw, options.optimise ? ort_optimize_all : ort_optimize_none));
  check(api().set_intra_op_threads(raw, options.threads));
  check(api().set_inter_op_threads(raw, 1));
  if (products_saturate()) check(api().add_config_entry(raw, "session.x64quantprecision", "1"));
  if (!options.save_optimised.empty()) check(api().set_optimized_model_path(raw, options.save_optimised.c_str()));
  if (!options.profile.empty()) check(api().enable_profiling(raw, options.profile.c_str()));
  return result;
}

struct Tensor {
  OnnxTensor description;
  std::vector<float> data;
  Owned<OrtValue> value;
};

using GetName = OrtStatus* (*)(const OrtSession*, std::size_t, OrtAllocator*, char**);
using GetType = OrtStatus* (*)(const OrtSession*, std::size_t, OrtTypeInfo**);

OnnxTensor describe(const OrtSession* session, std::size_t i, GetName get_name, GetType get_type) {
  OrtAllocator* allocator = nullptr;
  check(api().default_allocator(&allocator));
  char* name = nullptr;
  check(get_name(session, i, allocator, &name));
  OnnxTensor tensor{name, {}, 1};
  check(api().allocator_free(allocator, name));
  OrtTypeInfo* raw = nullptr;
  check(get_type(session, i, &raw));
  const Owned<OrtTypeInfo> type(raw);
  const OrtTensorInfo* info = nullptr;
  check(api().tensor_info(raw, &info));
  int element_type = 0;
  if (info != nullptr) check(api().element_type(info, &element_type));
  if (element_type != ort_float) throw OnnxRuntimeError("ONNX Runtime: " + tensor.name + " is not a float tensor");
  std::size_t rank = 0;
  check(api().dimension_count(info, &rank));
  tensor.dims.resize(rank);
  check(api().dimensions(info, tensor.dims.data(), rank));
  for (std::int64_t& dim : tensor.dims) {
    if (dim < 0) dim = 1;
    tensor.elements *= static_cast<std::size_t>(dim);
  }
  return tensor;
}

}  // namespace

struct OnnxSession::State {
  Owned<OrtSession> session;
  std::vector<Tensor> inputs, outputs;
  std::vector<OnnxTensor> input_list, output_list;
  std::vector<const char*> input_names, output_names;
  std::vector<const OrtValue*> input_values;
  std::vector<OrtValue*> output_values;

  State(const std::filesystem::path* path, std::string_view bytes, const OnnxSessionOptions& options) {
    if (options.threads < 1) throw OnnxRuntimeError("a session needs at least one thread");
    const auto settings = session_options(options);
    OrtSession* raw = nullptr;
    check(
        path ? api().create_session(loaded_runtime().env, path->c_str(), settings.get(), &raw)
             : api().create_session_from_array(loaded_runtime().env, bytes.data(), bytes.size(), settings.get(), &raw));
    session.reset(raw);
    std::size_t count = 0;
    check(api().input_count(raw, &count));
    for (std::size_t i = 0; i < count; ++i)
      inputs.push_back(allocate(describe(raw, i, api().input_name, api().input_type)));
    check(api().output_count(raw, &count));
    for (std::size_t i = 0; i < count; ++i)
      outputs.push_back(allocate(describe(raw, i, api().output_name, api().output_type)));
    for (const Tensor& tensor : inputs) {
      input_list.push_back(tensor.description);
      input_names.push_back(tensor.description.name.c_str());
      input_values.push_back(tensor.value.get());
    }
    for (const Tensor& tensor : outputs) {
      output_list.push_back(tensor.description);
      output_names.push_back(tensor.description.name.c_str());
      output_values.push_back(tensor.value.get());
    }
  }

  static Tensor allocate(OnnxTensor description) {
    Tensor tensor{std::move(description), {}, {}};
    tensor.data.resize(tensor.description.elements);
    OrtMemoryInfo* raw = nullptr;
    check(api().create_cpu_memory_info(ort_arena_allocator, ort_default_memory, &raw));
    const Owned<OrtMemoryInfo> memory(raw);
    OrtValue* value = nullptr;
    check(api().create_tensor(raw, tensor.data.data(), tensor.data.size() * sizeof(float),
                              tensor.description.dims.data(), tensor.description.dims.size(), ort_float, &value));
    tensor.value.reset(value);
    return tensor;
  }
};

bool OnnxRuntime::available() { return runtime().api != nullptr; }
std::string OnnxRuntime::version() { return loaded_runtime().version; }
std::filesystem::path OnnxRuntime::library() { return loaded_runtime().library; }

OnnxSession::OnnxSession(const std::filesystem::path& path, const OnnxSessionOptions& options)
    : state_(std::make_unique<State>(&path, std::string_view{}, options)) {}
OnnxSession::OnnxSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
OnnxSession OnnxSession::from_bytes(std::string_view model, const OnnxSessionOptions& options) {
  return OnnxSession(std::make_unique<State>(nullptr, model, options));
}
OnnxSession::~OnnxSession() = default;
OnnxSession::OnnxSession(OnnxSession&&) noexcept = default;

const std::vector<OnnxTensor>& OnnxSession::inputs() const { return state_->input_list; }
const std::vector<OnnxTensor>& OnnxSession::outputs() const { return state_->output_list; }
std::span<float> OnnxSession::input(std::size_t i) { return state_->inputs.at(i).data; }
std::span<const float> OnnxSession::output(std::size_t i) const { return state_->outputs.at(i).data; }

void OnnxSession::run() {
  State& s = *state_;
  check(api().run(s.session.get(), nullptr, s.input_names.data(), s.input_values.data(), s.input_values.size(),
                  s.output_names.data(), s.output_values.size(), s.output_values.data()));
}

std::vector<float> OnnxSession::run(std::span<const float> values) {
  if (state_->inputs.size() != 1 || values.size() != state_->inputs[0].data.size())
    throw OnnxRuntimeError("the model does not take " + std::to_string(values.size()) + " numbers");
  std::copy(values.begin(), values.end(), state_->inputs[0].data.begin());
  run();
  return state_->outputs.at(0).data;
}

}  // namespace paretoforge
