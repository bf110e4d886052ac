// Finding the runtimes, and handing them folders of jobs.
#include "exporters/tflite_runner.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "configs/temporary_folder.hpp"
#include "exporters/bundle_internal.hpp"
#include "exporters/litert_script_internal.hpp"
#include "exporters/process_internal.hpp"

namespace paretoforge {

using namespace internal;

namespace {

namespace fs = std::filesystem;

fs::path folder_of_program() {
  std::error_code none;
  return fs::read_symlink("/proc/self/exe", none).parent_path();
}

/// `named` (a variable of the environment) alone where it is set, else the first of `places` that is there.
std::optional<fs::path> found(const char* named, const std::vector<fs::path>& places) {
  std::error_code none;
  if (const char* path = std::getenv(named)) return fs::exists(path, none) ? std::optional(fs::absolute(path)) : std::nullopt;
  for (const fs::path& place : places)
    if (fs::exists(place, none)) return fs::weakly_canonical(place, none);
  return std::nullopt;
}

/// `node -e` would do, but for the lines of its messages; the script is written beside the jobs.
std::optional<std::vector<std::string>> litert_command() {
  const fs::path package = "node_modules/@litertjs/core";
  const auto folder = found("PARETOFORGE_LITERT", {fs::path(PARETOFORGE_SOURCE_DIR) / package, folder_of_program() / "../share/paretoforge" / package, package});
  if (!folder || !has_program("node")) return std::nullopt;
  return std::vector<std::string>{"node", "litert.cjs", folder->string()};
}

std::optional<std::vector<std::string>> armnn_command() {
  const auto program = found("PARETOFORGE_ARMNN", {folder_of_program() / "paretoforge_armnn", PARETOFORGE_ARMNN_BUILT});
  return program ? std::optional(std::vector{program->string()}) : std::nullopt;
}

constexpr std::array runtimes{
    TfliteRuntime{"litert", "LiteRT", "npm install --ignore-scripts onnxruntime-node@1.30.0 @litertjs/core@2.5.3", true, litert_command},
    TfliteRuntime{"armnn", "Arm NN", "apt-get install libarmnn-dev libarmnntfliteparser-dev libarmnn-cpuref-backend22, and build again", false, armnn_command},
};

std::vector<std::string> command_of(const TfliteRuntime& runtime, const fs::path& folder) {
  auto command = runtime.command();
  if (!command) throw TfliteRuntimeError(std::string(runtime.title) + " is not here\n   = " + std::string(runtime.install));
  write_file(folder / "litert.cjs", litert_script);
  return *std::move(command);
}

std::string run(const TfliteRuntime& runtime, const std::vector<std::string>& command, const fs::path& folder) {
  ProcessResult result = run_process(command, folder);
  if (result.status != 0) throw TfliteRuntimeError(std::string(runtime.title) + " ended with " + std::to_string(result.status) + ": " + result.output);
  return std::move(result.output);
}

}  // namespace

std::span<const TfliteRuntime> tflite_runtimes() { return runtimes; }

bool available(const TfliteRuntime& runtime) { return runtime.command().has_value(); }

std::string version(const TfliteRuntime& runtime) {
  static std::map<std::vector<std::string>, std::string> known;
  const TemporaryFolder folder;
  std::vector<std::string> command = command_of(runtime, folder.path());
  command.emplace_back("--version");
  std::string& text = known[command];
  if (text.empty()) {
    text = run(runtime, command, folder.path());
    text.resize(std::min(text.find('\n'), text.size()));
  }
  return text;
}

std::vector<std::vector<std::int8_t>> run_tflite(const TfliteRuntime& runtime, std::span<const TfliteJob> jobs) {
  const TemporaryFolder folder;
  std::string list;
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    const std::string name = std::to_string(j);
    list += name + ' ' + std::to_string(jobs[j].samples) + '\n';
    write_file(folder.path() / (name + ".tflite"), jobs[j].model);
    write_file(folder.path() / (name + ".in"), {reinterpret_cast<const char*>(jobs[j].inputs.data()), jobs[j].inputs.size()});
  }
  if (jobs.empty()) return {};
  write_file(folder.path() / "jobs.txt", list);
  run(runtime, command_of(runtime, folder.path()), folder.path());
  std::vector<std::vector<std::int8_t>> outputs;
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    const std::string bytes = read_file(folder.path() / (std::to_string(j) + ".out"));
    outputs.emplace_back(bytes.begin(), bytes.end());
  }
  return outputs;
}

}  // namespace paretoforge
