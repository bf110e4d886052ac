// The C face: handles around devices and graphs, and a border that no exception crosses.
#include "predictors/paretoforge_cost.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include "predictors/device.hpp"
#include "predictors/onnx.hpp"
#include "predictors/totals.hpp"
#include "space/space.hpp"

// Handles are seen by C alone; their insides never leave this file.
struct paretoforge_device {
  paretoforge::Device device;
};
struct paretoforge_model {
  paretoforge::Graph graph;
  paretoforge::Totals totals;
};

namespace {

using namespace paretoforge;

/// The last failure of this thread. An array: keeping a message must not fail itself.
thread_local char last_error[4096] = "";

/// Every message begins with "error: ", as those of the program do.
void keep(const char* message) {
  constexpr const char* begin = "error: ";
  const bool begun = std::strncmp(message, begin, std::strlen(begin)) == 0;
  std::snprintf(last_error, sizeof last_error, "%s%s", begun ? "" : begin, message);
}

/// What `work` returns, or `otherwise` with the message kept.
template <class Result, class Work>
Result guarded(Result otherwise, Work&& work) noexcept {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    keep("out of memory");
  } catch (const std::exception& error) {
    keep(error.what());
  } catch (...) {
    keep("an exception of no known kind");
  }
  return otherwise;
}

void require(const void* argument, const char* name) {
  if (argument == nullptr) throw std::invalid_argument(std::string(name) + " is NULL");
}

std::string text_of(const char* text, std::size_t size) {
  require(text, "text");
  return {text, size};
}

paretoforge_model* made(Graph graph) {
  const Totals counted = totals(graph);
  return new paretoforge_model{std::move(graph), counted};
}

paretoforge_model* from_document(const Config& document) {
  const Space space(document);
  if (!space.decisions().empty())
    document.fail("this is a space of " + space.size().digits + " networks, not one",
                  "write one of them as an architecture without choices");
  return made(space.decode({}));
}

std::string unknown_total(const char* name) {
  std::string known;
  for (const TotalKind& kind : total_kinds()) known += (known.empty() ? "" : ", ") + std::string(kind.name);
  return std::string("there is no total '") + name + "'; there are " + known;
}

/// The reasons one a line; where there is no room for all, "..." at the end.
void write_reasons(const std::vector<std::string>& reasons, paretoforge_cost& cost) {
  std::string text;
  for (const std::string& reason : reasons) text += (text.empty() ? "" : "\n") + reason;
  const std::size_t room = sizeof cost.reasons - 1;
  if (text.size() > room) text.replace(room - 3, std::string::npos, "...");
  std::memcpy(cost.reasons, text.c_str(), text.size() + 1);
  cost.extrapolates = static_cast<std::uint32_t>(reasons.size());
}

}  // namespace

extern "C" {

const char* paretoforge_version(void) { return PARETOFORGE_VERSION; }
const char* paretoforge_error(void) { return last_error; }

paretoforge_device* paretoforge_device_load(const char* path) {
  return guarded<paretoforge_device*>(nullptr, [&] {
    require(path, "path");
    return new paretoforge_device{Device::load(path)};
  });
}
paretoforge_device* paretoforge_device_read(const char* text, size_t size) {
  return guarded<paretoforge_device*>(
      nullptr, [&] { return new paretoforge_device{Device::read(Config::parse(text_of(text, size), "device"))}; });
}
void paretoforge_device_free(paretoforge_device* device) { delete device; }

const char* paretoforge_device_name(const paretoforge_device* device) {
  return device == nullptr ? nullptr : device->device.name.c_str();
}
size_t paretoforge_device_metrics(const paretoforge_device* device) {
  return device == nullptr ? 0 : device->device.metrics.size();
}
const char* paretoforge_device_metric(const paretoforge_device* device, size_t i) {
  return i < paretoforge_device_metrics(device) ? device->device.metrics[i].name.c_str() : nullptr;
}
const char* paretoforge_device_unit(const paretoforge_device* device, size_t i) {
  return i < paretoforge_device_metrics(device) ? device->device.metrics[i].unit.c_str() : nullptr;
}

paretoforge_model* paretoforge_model_load(const char* path) {
  return guarded<paretoforge_model*>(nullptr, [&] {
    require(path, "path");
    return is_onnx_name(path) ? made(load_onnx(path)) : from_document(Config::load(path));
  });
}
paretoforge_model* paretoforge_model_read_onnx(const void* bytes, size_t size) {
  return guarded<paretoforge_model*>(nullptr, [&] {
    require(bytes, "bytes");
    return made(read_onnx({static_cast<const char*>(bytes), size}, "model"));
  });
}
paretoforge_model* paretoforge_model_read_yaml(const char* text, size_t size) {
  return guarded<paretoforge_model*>(nullptr,
                                     [&] { return from_document(Config::parse(text_of(text, size), "model")); });
}
void paretoforge_model_free(paretoforge_model* model) { delete model; }

int paretoforge_model_total(const paretoforge_model* model, const char* name, int64_t* total) {
  return guarded(-1, [&] {
    require(model, "model"), require(name, "name"), require(total, "total");
    const TotalKind* kind = find_total(name);
    if (kind == nullptr) throw std::invalid_argument(unknown_total(name));
    *total = model->totals.*kind->value;
    return 0;
  });
}

int paretoforge_predict(const paretoforge_device* device, const paretoforge_model* model, const char* metric,
                        paretoforge_cost* cost) {
  return guarded(-1, [&] {
    require(device, "device"), require(model, "model"), require(metric, "metric"), require(cost, "cost");
    const CostEstimate estimate = device->device.predict(metric, model->graph);
    *cost = {estimate.value, estimate.low, estimate.high, 0, {}};
    write_reasons(estimate.extrapolates, *cost);
    return 0;
  });
}

}  // extern "C"
