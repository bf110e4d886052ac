// verify: runs every file of a bundle in its real runtime again.
#include <cstdio>
#include <iostream>

#include "experiments/command_internal.hpp"
#include "experiments/front_text.hpp"
#include "experiments/training.hpp"
#include "exporters/bundle.hpp"

namespace paretoforge {
namespace {

/// "model_int4.onnx 16 of 16, model_float16.onnx within 0.8 %".
std::string forms_text(const BundleCheck& check) {
  std::string text;
  for (const OnnxFormCheck& form : check.forms) {
    char difference[64];
    std::snprintf(difference, sizeof difference, " %zu of %zu, within %.2g %%", form.agreeing, form.samples, 100 * form.difference);
    text += (text.empty() ? "" : "; ") + form.file + difference;
  }
  return text.empty() ? "-" : text;
}

int verify(const std::string& folder) {
  const std::vector<BundleCheck> checks = verify_bundle(folder, torchscript_format());
  std::vector<std::vector<std::string>> rows = {{"model", "samples", "agreeing", "greatest difference", "C form, bytes equal", "TFLite, agreeing", "TorchScript, difference", "other ONNX forms", "result"}};
  bool all_passed = true;
  for (const BundleCheck& check : checks) {
    char quanta[32];
    std::snprintf(quanta, sizeof quanta, "%.3g quanta", check.greatest_quanta);
    const std::string c = check.c_samples == 0 ? "-" : std::to_string(check.c_equal) + " of " + std::to_string(check.c_samples);
    std::string tflite;
    for (const RuntimeCheck& run : check.tflite) {
      char text[96];
      std::snprintf(text, sizeof text, "%s%s: %zu of %zu, %.3g quanta", tflite.empty() ? "" : "; ", run.runtime.c_str(), run.agreeing, run.samples, run.greatest_quanta);
      tflite += text;
    }
    char torch[32] = "-";
    if (check.torch_samples > 0) std::snprintf(torch, sizeof torch, "%.2g", check.torch_difference);
    for (const std::string& skipped : check.skipped) std::cerr << "skipped: " << skipped << '\n';
    rows.push_back({check.model, std::to_string(check.samples), std::to_string(check.agreeing), quanta, c, tflite.empty() ? "-" : tflite, torch, forms_text(check), passed(check) ? "passed" : "FAILED"});
    all_passed = all_passed && passed(check);
  }
  std::cout << aligned(rows);
  return all_passed ? exit_done : exit_failed;
}

}  // namespace

void add_verify(CLI::App& app, Run& run) {
  auto folder = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("verify", "Run every file of a bundle in its real runtime again, and check its sums");
  command->add_option("bundle", *folder, "Folder of the bundle")->required();
  command->callback([folder, &run] { run = [folder] { return verify(*folder); }; });
}

}  // namespace paretoforge
