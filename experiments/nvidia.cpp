#include "experiments/nvidia.hpp"

#include <dlfcn.h>

#include <limits>
#include <memory>
#include <utility>

namespace paretoforge {
namespace {

/// A shared library, as long as this object lives.
class Library {
 public:
  explicit Library(const std::string& name) : handle_(dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) {}
  ~Library() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  bool loaded() const { return handle_ != nullptr; }
  /// Leaves `function` at nullptr where the library has none of that name.
  template <class Function>
  void find(const char* name, Function*& function) const {
    function = handle_ == nullptr ? nullptr : reinterpret_cast<Function*>(dlsym(handle_, name));
  }

 private:
  void* handle_;
};

// What is used of NVML: nvmlReturn_t is 0 where all went well, nvmlDevice_t a pointer to what only NVML knows.
using NvmlDevice = void*;
struct Nvml {
  explicit Nvml(const std::string& name) : library(name) {
    library.find("nvmlInit_v2", init);
    library.find("nvmlShutdown", shutdown);
    library.find("nvmlErrorString", error);
    library.find("nvmlDeviceGetHandleByPciBusId_v2", device);
    library.find("nvmlDeviceGetTotalEnergyConsumption", energy);
    failure = !complete() ? -1 : init();
  }
  ~Nvml() {
    if (failure == 0) shutdown();
  }
  bool complete() const { return init && shutdown && error && device && energy; }

  Library library;
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  const char* (*error)(int) = nullptr;
  int (*device)(const char* bus, NvmlDevice*) = nullptr;
  int (*energy)(NvmlDevice, unsigned long long* millijoules) = nullptr;  ///< since the driver was loaded
  int failure = 0;
};

class NvmlMeter : public EnergyMeter {
 public:
  NvmlMeter(std::unique_ptr<Nvml> nvml, NvmlDevice device) : nvml_(std::move(nvml)), device_(device) {}
  double joules() override {
    unsigned long long millijoules = 0;
    if (nvml_->energy(device_, &millijoules) != 0) return std::numeric_limits<double>::quiet_NaN();
    return 1e-3 * static_cast<double>(millijoules);
  }
  /// The counter moves on in steps, not continuously: over a second one step more or less is little.
  double least_seconds() const override { return 1; }

 private:
  std::unique_ptr<Nvml> nvml_;
  NvmlDevice device_;
};

}  // namespace

std::optional<CudaCard> first_cuda_card(const std::string& library) {
  const Library cuda(library);
  int (*init)(unsigned) = nullptr;
  int (*device)(int*, int) = nullptr;
  int (*name)(char*, int, int) = nullptr;
  int (*bus)(char*, int, int) = nullptr;
  cuda.find("cuInit", init), cuda.find("cuDeviceGet", device);
  cuda.find("cuDeviceGetName", name), cuda.find("cuDeviceGetPCIBusId", bus);
  int first = 0;
  char name_text[256] = "", bus_text[64] = "";
  if (!init || !device || !name || !bus || init(0) != 0 || device(&first, 0) != 0) return std::nullopt;
  if (name(name_text, sizeof name_text, first) != 0 || bus(bus_text, sizeof bus_text, first) != 0) return std::nullopt;
  return CudaCard{name_text, bus_text};
}

EnergySource nvml_energy(const std::string& bus, const std::string& library) {
  const std::string none = "energy is not measured: ";
  auto nvml = std::make_unique<Nvml>(library);
  if (!nvml->library.loaded()) return {nullptr, none + "there is no NVML (" + library + ")"};
  if (!nvml->complete()) return {nullptr, none + library + " is not NVML, or one without energy"};
  if (nvml->failure != 0) return {nullptr, none + "NVML says: " + nvml->error(nvml->failure)};
  NvmlDevice device = nullptr;
  unsigned long long millijoules = 0;
  int failure = nvml->device(bus.c_str(), &device);
  if (failure == 0) failure = nvml->energy(device, &millijoules);
  if (failure != 0) return {nullptr, none + "NVML says of the GPU at " + bus + ": " + nvml->error(failure)};
  return {std::make_unique<NvmlMeter>(std::move(nvml), device), "energy is that of the GPU at " + bus + " (NVML), other programs on it included"};
}

}  // namespace paretoforge
