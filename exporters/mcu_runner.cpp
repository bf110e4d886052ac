// Exported C on emulated Cortex-M cores.
#include "exporters/mcu_runner.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>

#include "configs/temporary_folder.hpp"
#include "exporters/bundle_internal.hpp"
#include "exporters/c_harness_internal.hpp"
#include "exporters/mcu_texts_internal.hpp"
#include "exporters/process_internal.hpp"

namespace paretoforge {

using namespace internal;

namespace {

namespace fs = std::filesystem;

constexpr const char* compiler = "arm-none-eabi-gcc";
constexpr std::array<const char*, 8> class_names = {"load", "store", "multiply", "divide", "branch", "float", "vector", "other"};

using Arguments = std::vector<std::string>;

Arguments words(std::string_view text) {
  std::istringstream stream{std::string(text)};
  Arguments result;
  for (std::string word; stream >> word;) result.push_back(word);
  return result;
}

Arguments joined(Arguments first, const Arguments& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::string hex(std::uint64_t n) {
  std::ostringstream text;
  text << std::hex << n;
  return text.str();
}

struct Symbol {
  std::uint64_t address = 0, size = 0;
};
std::map<std::string, Symbol> symbols(const std::string& file, const fs::path& folder) {
  std::istringstream lines(run_or_throw({"arm-none-eabi-nm", "-S", file}, folder));
  std::map<std::string, Symbol> result;
  for (std::string line; std::getline(lines, line);) {
    const Arguments parts = words(line);
    if (parts.size() == 4) result[parts[3]] = {std::stoull(parts[0], nullptr, 16), std::stoull(parts[1], nullptr, 16)};
  }
  return result;
}

class McuProgram {
 public:
  McuProgram(std::span<const CJob> jobs, const McuCore& core, const McuOptions& options)
      : jobs_(jobs), core_(core), options_(options), gcc_(joined(joined({compiler}, words(core.flags)), {"-mthumb"})) {}

  std::vector<McuRun> run() {
    write_harness(jobs_, folder_.path(), mcu_platform);
    write_file(folder_.path() / "script.ld", "MEMORY {\n  VECTORS (rx) : " + std::string(core_.vectors) + "\n  FLASH (rx) : " + std::string(core_.flash) + "\n  RAM (rwx) : " + std::string(core_.ram) + "\n}\n" + mcu_linker_script);
    compile();
    std::vector<McuRun> runs = emulate();
    for (std::size_t j = 0; j < jobs_.size(); ++j) weigh(jobs_[j], runs[j]);
    return runs;
  }

 private:
  void compile() {
    Arguments link = joined(gcc_, {"-O2", "-ffreestanding", "-nostartfiles", "-T", "script.ld", "main.c"});
    for (const CJob& job : jobs_) {
      run_or_throw(joined(joined(gcc_, options_.flags), {"-c", job.name + "/model.c", "-o", job.name + ".o"}), folder_.path());
      link.push_back(job.name + ".o");
    }
    run_or_throw(joined(link, {"-o", "image.elf"}), folder_.path());
    write_file(folder_.path() / "plugin.c", qemu_plugin_source);
    run_or_throw({host_c_compiler()->program, "-O2", "-shared", "-fPIC", "plugin.c", "-o", "plugin.so"}, folder_.path());
  }

  std::vector<McuRun> emulate() {
    const auto table = symbols("image.elf", folder_.path());
    // The lowest bit of a Thumb function's address only says that it is one.
    std::string plugin = (folder_.path() / "plugin.so").string() + ",out=counts.txt,end=" + hex(table.at("run_ended").address & ~std::uint64_t{1});
    for (const CJob& job : jobs_) plugin += ",begin=" + hex(table.at(job.name + "_run").address & ~std::uint64_t{1});
    Arguments qemu{"qemu-system-arm", "-M", std::string(core_.machine), "-display", "none", "-monitor", "none", "-serial", "none", "-semihosting-config", "enable=on,target=native",
                   "-plugin", plugin, "-kernel", "image.elf"};
    if (options_.count_ticks) qemu = joined(qemu, {"-icount", "shift=0"});
    run_or_throw(qemu, folder_.path());
    return collect();
  }

  std::vector<McuRun> collect() {
    std::vector<HarnessResult> results = read_harness(jobs_, folder_.path(), 2);
    std::istringstream counts(read_file(folder_.path() / "counts.txt"));
    std::vector<McuRun> runs;
    for (std::size_t j = 0; j < jobs_.size(); ++j) {
      McuRun run;
      run.outputs = std::move(results[j].outputs);
      run.arena_bytes = jobs_[j].code.arena_bytes;
      for (std::size_t s = 0; 2 * s < results[j].figures.size(); ++s) {
        std::uint64_t total = 0;
        for (const char* name : class_names) {
          std::uint64_t count = 0;
          if (!(counts >> count)) throw std::runtime_error("the QEMU plugin wrote too little");
          total += count;
          if (s == 0) run.classes[name] = count;
        }
        run.instructions.push_back(total);
        run.ticks.push_back(options_.count_ticks ? results[j].figures[2 * s] : 0);
        run.stack_bytes = std::max(run.stack_bytes, std::int64_t{results[j].figures[2 * s + 1]});
      }
      run.modelled_cycles = modelled_cycles(core_, run.classes);
      runs.push_back(std::move(run));
    }
    return runs;
  }

  /// The bytes that a firmware grows by: the model and what it needs of the C library, linked alone.
  void weigh(const CJob& job, McuRun& run) {
    run_or_throw(joined(gcc_, {"-nostartfiles", "-Wl,--gc-sections", "-Wl,--entry=" + job.name + "_run", job.name + ".o", "-o", "alone.elf"}), folder_.path());
    std::istringstream lines(run_or_throw({"arm-none-eabi-size", "-A", "alone.elf"}, folder_.path()));
    for (std::string line; std::getline(lines, line);) {
      const Arguments parts = words(line);
      if (parts.size() == 3 && (parts[0] == ".text" || parts[0] == ".rodata" || parts[0] == ".data")) run.flash_bytes += std::stoll(parts[1]);
    }
    run.code_bytes = run.flash_bytes;
    for (const auto& [name, symbol] : symbols(job.name + ".o", folder_.path()))
      if (name.starts_with("weights_") || name.starts_with("bias_") || name.starts_with("factors_")) run.code_bytes -= static_cast<std::int64_t>(symbol.size);
  }

  std::span<const CJob> jobs_;
  const McuCore& core_;
  const McuOptions& options_;
  Arguments gcc_;
  TemporaryFolder folder_;
};

}  // namespace

std::span<const McuCore> mcu_cores() {
  // Memories of Arm's application notes 385, 386, 500, 505 and 547, as QEMU has them.
  static constexpr std::array table{
      McuCore{"cortex_m3", "mps2-an385", "-mcpu=cortex-m3", "ORIGIN = 0x00000000, LENGTH = 1K", "ORIGIN = 0x00000400, LENGTH = 4095K", "ORIGIN = 0x20000000, LENGTH = 4M", 40},
      McuCore{"cortex_m4", "mps2-an386", "-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16", "ORIGIN = 0x00000000, LENGTH = 1K", "ORIGIN = 0x00000400, LENGTH = 4095K", "ORIGIN = 0x20000000, LENGTH = 4M", 40},
      McuCore{"cortex_m7", "mps2-an500", "-mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-d16", "ORIGIN = 0x00000000, LENGTH = 1K", "ORIGIN = 0x00000400, LENGTH = 4095K", "ORIGIN = 0x20000000, LENGTH = 4M", 40},
      McuCore{"cortex_m33", "mps2-an505", "-mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16", "ORIGIN = 0x10000000, LENGTH = 1K", "ORIGIN = 0x10000400, LENGTH = 4095K", "ORIGIN = 0x38000000, LENGTH = 4M", 50},
      McuCore{"cortex_m55", "mps3-an547", "-mcpu=cortex-m55 -mfloat-abi=hard", "ORIGIN = 0x00000000, LENGTH = 1K", "ORIGIN = 0x70000000, LENGTH = 16M", "ORIGIN = 0x31000000, LENGTH = 4M", 31.25},
  };
  return table;
}

const McuCore& find_mcu_core(std::string_view name) {
  std::string list;
  for (const McuCore& core : mcu_cores()) {
    if (core.name == name) return core;
    list += (list.empty() ? "" : ", ") + std::string(core.name);
  }
  throw std::invalid_argument("there is no core '" + std::string(name) + "'; there is: " + list);
}

std::string missing_for_mcu() {
  std::string packages;
  if (!has_program(compiler)) packages += " gcc-arm-none-eabi libnewlib-arm-none-eabi";
  if (!has_program("qemu-system-arm")) packages += " qemu-system-arm";
  if (!host_c_compiler()) packages += " gcc";
  return packages.empty() ? "" : "apt-get install --no-install-recommends" + packages;
}

std::string mcu_compiler_version() {
  if (!has_program(compiler)) return "";
  const Arguments parts = words(run_or_throw({compiler, "-dumpfullversion"}, "/"));
  return parts.empty() ? "" : parts[0];
}

double modelled_cycles(const McuCore& core, const std::map<std::string, std::uint64_t>& classes) {
  const bool m55 = core.name == "cortex_m55";
  const std::map<std::string, double> costs{{"load", m55 ? 1 : core.name == "cortex_m33" ? 1.5 : 2}, {"store", 1}, {"multiply", 1}, {"divide", 7}, {"branch", 2.5}, {"float", 1}, {"vector", 2},
                                            {"other", 1}};
  double cycles = 0;
  for (const auto& [name, count] : classes) cycles += costs.at(name) * static_cast<double>(count);
  return core.name == "cortex_m7" ? 0.6 * cycles : cycles;
}

std::vector<McuRun> run_on_mcu(std::span<const CJob> jobs, const McuCore& core, const McuOptions& options) {
  if (const std::string missing = missing_for_mcu(); !missing.empty()) throw std::runtime_error("programs are missing\n   = " + missing);
  return McuProgram(jobs, core, options).run();
}

}  // namespace paretoforge
