// Jobs for a runtime of TFLite, and their outputs beside those of the reference interpreter.
#include "exporters/tflite_verify.hpp"

#include <algorithm>
#include <cstdlib>

#include "exporters/reference.hpp"
#include "exporters/tflite_writer.hpp"

namespace paretoforge {
namespace {

using Bytes = std::vector<std::int8_t>;

std::size_t size_of(std::int32_t n) { return static_cast<std::size_t>(n); }

bool computes(const IntegerNode& node) { return !node.inputs.empty() && !std::holds_alternative<Zero>(node.op); }

double greatest_difference(std::span<const std::int8_t> a, std::span<const std::int8_t> b) {
  int greatest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) greatest = std::max(greatest, std::abs(a[i] - b[i]));
  return greatest;
}

/// A case as two jobs, with what must come out of them.
struct Prepared {
  IntegerModel model;  ///< up to the softmax
  TfliteJob whole, layers;
  Bytes outputs, values;  ///< sample after sample
};

Prepared prepared(const TfliteCase& given) {
  Prepared result{without_softmax(given.model), {}, {}, {}, {}};
  const bool cut = result.model.nodes.size() != given.model.nodes.size();
  result.whole.model = cut ? tflite_model(result.model, {}, given.weights) : given.file;
  result.layers.model = exploded_tflite_model(given.model, given.weights);
  const auto size = static_cast<std::size_t>(given.model.nodes[0].shape.elements());
  IntegerInterpreter interpreter(given.model);
  const auto append = [](Bytes& to, std::span<const std::int8_t> bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); };
  for (std::size_t i = 0; i + size <= given.images.size(); i += size) {
    const Bytes input = quantised_input(given.model, given.images.subspan(i, size));
    interpreter.run(input);
    append(result.whole.inputs, input);
    append(result.outputs, interpreter.value(size_of(result.model.output)));
    for (std::size_t n = 0; n < given.model.nodes.size(); ++n) {
      if (!computes(given.model.nodes[n])) continue;
      for (const std::int32_t from : given.model.nodes[n].inputs) append(result.layers.inputs, interpreter.value(size_of(from)));
      append(result.values, interpreter.value(n));
    }
    ++result.whole.samples;
  }
  result.layers.samples = result.layers.inputs.empty() ? 0 : result.whole.samples;
  return result;
}

std::vector<float> reals(std::span<const std::int8_t> values) { return {values.begin(), values.end()}; }

Parity compared(const Prepared& expected, const Bytes& found) {
  if (found.size() != expected.outputs.size()) throw TfliteRuntimeError("a runtime gave " + std::to_string(found.size()) + " bytes for " + std::to_string(expected.outputs.size()));
  Parity parity{expected.whole.samples, 0, 0};
  const std::size_t width = parity.images == 0 ? 0 : found.size() / parity.images;
  for (std::size_t i = 0; i < parity.images; ++i) {
    const auto a = std::span(found).subspan(i * width, width), b = std::span(expected.outputs).subspan(i * width, width);
    parity.greatest_quanta = std::max(parity.greatest_quanta, greatest_difference(a, b));
    if (same_answer(reals(a), reals(b), expected.model.regression() ? 1 : 0)) ++parity.agreeing;
  }
  return parity;
}

std::vector<LayerParity> compared_layers(const IntegerModel& model, const Prepared& expected, const Bytes& found) {
  if (found.size() != expected.values.size()) throw TfliteRuntimeError("a runtime gave " + std::to_string(found.size()) + " bytes for " + std::to_string(expected.values.size()));
  std::vector<LayerParity> layers;
  for (const IntegerNode& node : model.nodes)
    if (computes(node)) layers.push_back({node.name, std::string(op_name(node.op)), 0});
  std::size_t at = 0;
  for (std::size_t i = 0; i < expected.layers.samples; ++i) {
    std::size_t layer = 0;
    for (const IntegerNode& node : model.nodes) {
      if (!computes(node)) continue;
      const auto size = static_cast<std::size_t>(node.shape.elements());
      const double difference = greatest_difference(std::span(found).subspan(at, size), std::span(expected.values).subspan(at, size));
      layers[layer].greatest_quanta = std::max(layers[layer].greatest_quanta, difference);
      at += size;
      ++layer;
    }
  }
  return layers;
}

}  // namespace

double TfliteParity::layer_quanta() const {
  double greatest = 0;
  for (const LayerParity& layer : layers) greatest = std::max(greatest, layer.greatest_quanta);
  return greatest;
}

std::vector<TfliteParity> compare_tflite(const TfliteRuntime& runtime, std::span<const TfliteCase> cases) {
  std::vector<Prepared> all;
  std::vector<TfliteJob> jobs;
  for (const TfliteCase& each : cases) {
    all.push_back(prepared(each));
    jobs.push_back(all.back().whole);
    if (all.back().layers.samples > 0) jobs.push_back(all.back().layers);
  }
  const auto outputs = run_tflite(runtime, jobs);
  std::vector<TfliteParity> parities;
  std::size_t next = 0;
  for (std::size_t c = 0; c < cases.size(); ++c) {
    TfliteParity parity{compared(all[c], outputs[next++]), {}};
    if (all[c].layers.samples > 0) parity.layers = compared_layers(cases[c].model, all[c], outputs[next++]);
    parities.push_back(std::move(parity));
  }
  return parities;
}

}  // namespace paretoforge
