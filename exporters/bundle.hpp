// A bundle: the models of a study's front as files, with all that is needed to run every one of them again.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "exporters/formats.hpp"
#include "exporters/integer_model.hpp"
#include "exporters/onnx_forms.hpp"
#include "exporters/verify.hpp"

namespace paretoforge {

/// Key and value, shown in the order given; keys unique.
using Facts = std::vector<std::pair<std::string, std::string>>;
using Figures = std::vector<std::pair<std::string, double>>;

struct BundleModel {
  std::string name;           ///< of its folder: lower-case letters, digits and underscores, a letter first
  std::string architecture;   ///< YAML
  Model model;                ///< float, as trained
  IntegerModel integer;       ///< made from it
  std::vector<float> golden;  ///< samples (channels × height × width, normalised) to be run again; 16 are plenty
  Facts facts;                ///< trial, seed, ...
  Figures figures;            ///< accuracy_pct, latency_ms, ...; finite
};

struct Bundle {
  std::string study;
  Facts facts;  ///< seed, versions, ...
  std::vector<BundleModel> models;
  std::vector<std::string> formats = {"onnx"};
  bool searched = true;  ///< by the study; else it is named after its one architecture
  const TorchScript* torchscript = nullptr;  ///< null: a bundle in the format torchscript is refused
};

/// Writes manifest.json and a folder per model: architecture.yaml, card.md, golden.bin, and the formats' files.
/// Everything is made beside `folder` first and takes its place at the end; a bundle of the same study there is
/// replaced. The manifest has no time in it: same bundle, same bytes.
/// golden.bin: int8 inputs of all golden samples, then the outputs the reference interpreter gives, both channels
/// last; their counts, shapes, scales and zero points stand in the manifest.
/// golden_float.bin, with TorchScript: what the float model gives for the same inputs, float32, channels first.
/// Where there is ONNX Runtime, parity with it is measured and goes into the manifest; so it is for TFLite with LiteRT
/// and Arm NN; where there is a C compiler, the C form is compiled and run, and must give the reference's bytes, as
/// TorchScript must give its floats but for rounding (else std::runtime_error). `skipped_runs` tells what is not there.
/// Throws ConfigError where `folder` holds anything else or must not be written, where a name is none or a format is
/// not known; std::invalid_argument where a model cannot be exported; std::runtime_error where writing fails half-way
/// (a full disk). Then nothing has changed.
void write_bundle(const Bundle& bundle, const std::filesystem::path& folder);

/// A file of a model, run in a runtime.
struct RuntimeCheck {
  std::string runtime;  ///< "LiteRT 2.5.3", "LiteRT 2.5.3 int4"
  std::size_t samples = 0, agreeing = 0;
  double greatest_quanta = 0;  ///< from what golden.bin expects
};

/// What became of one model of a bundle.
struct BundleCheck {
  std::string model;
  std::size_t samples = 0, agreeing = 0;  ///< golden samples run, and those whose arg-max is as expected
  double greatest_quanta = 0;             ///< between the file in ONNX Runtime and what golden.bin expects
  double float_difference = 0;  ///< between int8 and float file: root mean square over that of the float output
  std::size_t c_samples = 0, c_equal = 0;  ///< golden samples run through the C form, and those with the expected bytes
  std::vector<RuntimeCheck> tflite;        ///< model.tflite and model_int4.tflite, in each runtime that is here and reads them
  std::size_t torch_samples = 0;           ///< golden samples run through TorchScript
  double torch_difference = 0;             ///< the greatest from golden_float.bin, over its greatest value
  std::vector<OnnxFormCheck> forms;        ///< of ONNX's other forms
  std::vector<std::string> skipped;        ///< checks that could not be made here, and how to install what they need
};

/// The runs of these formats' files that cannot be made here, and how to install what they need.
std::vector<std::string> skipped_runs(std::span<const std::string> formats);

/// Runs every file of a bundle in its real runtime again. Throws ConfigError where `folder` is no bundle, a file is
/// missing or its bytes changed (naming it); OnnxRuntimeError where ONNX files are to be run and there is no ONNX
/// Runtime; std::runtime_error where the C form does not compile.
std::vector<BundleCheck> verify_bundle(const std::filesystem::path& folder, const TorchScript* torchscript = nullptr);
/// Whether a checked model does what it should: in every integer runtime at most one golden sample in a thousand falls in
/// another class, the C form gives every byte, and TorchScript every float within 1e-4 of the greatest.
bool passed(const BundleCheck& check);

}  // namespace paretoforge
