// Compiling and running exported C on this machine, and the program around it.
#include "exporters/c_runner.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "configs/temporary_folder.hpp"
#include "exporters/bundle_internal.hpp"
#include "exporters/c_harness_internal.hpp"
#include "exporters/process_internal.hpp"

namespace paretoforge {

using namespace internal;

namespace {

namespace fs = std::filesystem;

constexpr const char* host_platform = R"(#include <stdio.h>
#include <stdlib.h>
static FILE *from, *to;
static void take(void *bytes, unsigned long n) {
  if (!from) from = fopen("input.bin", "rb");
  if (!from || fread(bytes, 1, n, from) != n) exit(9);
}
static void give(const void *bytes, unsigned long n) {
  if (!to) to = fopen("output.bin", "wb");
  if (!to || fwrite(bytes, 1, n, to) != n || fflush(to) != 0) exit(9);
}
#define BEFORE_RUN
#define AFTER_RUN
)";

/// Odd addresses for input and output; 32 bytes on each side of output and arena that nobody may write.
constexpr const char* harness = R"(
#include <string.h>
enum { guard = 32 };
static const struct {
  void (*run)(const int8_t *, int8_t *, void *);
  unsigned long input, output, arena, samples;
} jobs[] = {JOBS};
static int8_t input[MOST_INPUT + 1], output[MOST_OUTPUT + 2 * guard + 1];
static union {
  int8_t bytes[MOST_ARENA + 2 * guard];
  int64_t aligned;
} arena
#if defined(__GNUC__)
__attribute__((aligned(16)))
#endif
;
static int touched(const int8_t *bytes) {
  int i;
  for (i = 0; i < guard; ++i)
    if (bytes[i] != 0x5a) return 1;
  return 0;
}
int main(void) {
  unsigned long j, s, turn = 0;
  for (j = 0; j < sizeof jobs / sizeof jobs[0]; ++j)
    for (s = 0; s < jobs[j].samples; ++s, ++turn) {
      uint8_t state = 0;
      int8_t *const at = input + 1, *const result = output + guard + 1, *const memory = arena.bytes + guard;
      take(at, jobs[j].input);
      memset(output, 0x5a, sizeof output);
      memset(arena.bytes, 0x5a, sizeof arena.bytes);
      memset(memory, (int)(turn * 37 + 129), jobs[j].arena);
      BEFORE_RUN
      jobs[j].run(at, result, memory);
      AFTER_RUN
      if (touched(output + 1) || touched(result + jobs[j].output)) state |= 1;
      if (touched(arena.bytes) || touched(memory + jobs[j].arena)) state |= 2;
      give(&state, 1);
      give(result, jobs[j].output);
#if defined(FIGURES)
      give(FIGURES, sizeof FIGURES);
#endif
    }
  return 0;
}
)";

std::string upper(std::string name) {
  for (char& c : name)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return name;
}

std::size_t samples(const CJob& job) { return job.inputs.size() / job.input; }

std::vector<HarnessResult> run_on_host(std::span<const CJob> jobs, const CCompiler& compiler) {
  const TemporaryFolder folder;
  write_harness(jobs, folder.path(), host_platform);
  std::vector<std::string> command{compiler.program};
  command.insert(command.end(), compiler.flags.begin(), compiler.flags.end());
  std::vector<std::string> link = command;
  for (const CJob& job : jobs) {
    std::vector<std::string> compile = command;
    compile.insert(compile.end(), {"-c", job.name + "/model.c", "-o", job.name + ".o"});
    run_or_throw(compile, folder.path());
    link.push_back(job.name + ".o");
  }
  link.insert(link.end(), {"main.c", "-o", "program"});
  run_or_throw(link, folder.path());
  run_or_throw({(folder.path() / "program").string()}, folder.path());
  return read_harness(jobs, folder.path(), 0);
}

}  // namespace

namespace internal {

void write_harness(std::span<const CJob> jobs, const fs::path& folder, const std::string& platform) {
  std::string includes = "#include <stdint.h>\n", rows, inputs;
  std::size_t input = 1, output = 1, arena = 1;
  for (const CJob& job : jobs) {
    if (job.input == 0 || job.inputs.size() % job.input != 0) throw std::invalid_argument(job.name + ": inputs must be whole samples");
    fs::create_directories(folder / job.name);
    write_file(folder / job.name / "model.h", job.code.header);
    write_file(folder / job.name / "model.c", job.code.source);
    const std::string name = upper(job.name);
    includes += "#include \"" + job.name + "/model.h\"\n";
    rows += "\n  {" + job.name + "_run, " + name + "_INPUT_SIZE, " + name + "_OUTPUT_SIZE, " + name + "_ARENA_SIZE, " + std::to_string(samples(job)) + "},";
    input = std::max(input, job.input);
    output = std::max(output, job.output);
    arena = std::max(arena, static_cast<std::size_t>(job.code.arena_bytes));
    inputs.append(job.inputs.begin(), job.inputs.end());
  }
  const std::string sizes = "#define MOST_INPUT " + std::to_string(input) + "\n#define MOST_OUTPUT " + std::to_string(output) + "\n#define MOST_ARENA " + std::to_string(arena) +
                            "\n#define JOBS " ;
  std::string one_line = rows;
  for (char& c : one_line)
    if (c == '\n') c = ' ';
  write_file(folder / "main.c", includes + platform + sizes + one_line + "\n" + harness);
  write_file(folder / "input.bin", inputs);
}

std::vector<HarnessResult> read_harness(std::span<const CJob> jobs, const fs::path& folder, std::size_t figures) {
  const std::string bytes = read_file(folder / "output.bin");
  std::size_t at = 0;
  const auto take = [&](std::size_t n) {
    if (at + n > bytes.size()) throw std::runtime_error("the program around the exported C wrote too little");
    at += n;
    return std::string_view(bytes).substr(at - n, n);
  };
  std::vector<HarnessResult> results;
  for (const CJob& job : jobs) {
    HarnessResult result;
    for (std::size_t s = 0; s < samples(job); ++s) {
      const int state = take(1)[0];
      if (state != 0) throw std::runtime_error(job.name + ": wrote beyond its " + (state == 1 ? "output" : state == 2 ? "arena" : "output and arena"));
      const std::string_view output = take(job.output);
      result.outputs.insert(result.outputs.end(), output.begin(), output.end());
      for (std::size_t f = 0; f < figures; ++f) {
        std::uint32_t value = 0;
        std::memcpy(&value, take(4).data(), 4);
        result.figures.push_back(value);
      }
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace internal

CJob c_job(const IntegerModel& model, const std::string& name, std::span<const float> images) {
  CJob job{name, c_source(model, name), static_cast<std::size_t>(model.nodes[0].shape.elements()),
           static_cast<std::size_t>(model.nodes[static_cast<std::size_t>(model.output)].shape.elements()), {}};
  if (images.size() % job.input != 0) throw std::invalid_argument(name + ": samples must be whole");
  for (std::size_t i = 0; i < images.size(); i += job.input) {
    const auto input = quantised_input(model, images.subspan(i, job.input));
    job.inputs.insert(job.inputs.end(), input.begin(), input.end());
  }
  return job;
}

std::optional<CCompiler> host_c_compiler() {
  const char* chosen = std::getenv("CC");
  for (const std::string& program : {std::string(chosen ? chosen : ""), std::string("cc"), std::string("gcc"), std::string("clang")})
    if (!program.empty() && has_program(program)) return CCompiler{program, {"-std=c99", "-O3"}};
  return std::nullopt;
}

std::vector<std::vector<std::int8_t>> run_c(std::span<const CJob> jobs, const CCompiler& compiler) {
  std::vector<std::vector<std::int8_t>> outputs;
  for (HarnessResult& result : run_on_host(jobs, compiler)) outputs.push_back(std::move(result.outputs));
  return outputs;
}

std::size_t equal_samples(const CJob& job, std::span<const std::int8_t> expected, const CCompiler& compiler) {
  const auto outputs = run_c({&job, 1}, compiler)[0];
  std::size_t equal = 0;
  for (std::size_t i = 0; i < samples(job); ++i)
    if (std::equal(outputs.begin() + static_cast<std::ptrdiff_t>(i * job.output), outputs.begin() + static_cast<std::ptrdiff_t>((i + 1) * job.output),
                   expected.begin() + static_cast<std::ptrdiff_t>(i * job.output)))
      ++equal;
  return equal;
}

}  // namespace paretoforge
