// Exported C against the reference interpreter: the same bytes, whatever lies around them.
#include <algorithm>
#include <iostream>

#include "c_networks.hpp"
#include "catch.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

std::vector<std::string> strict(std::vector<std::string> more) {
  std::vector<std::string> flags{"-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"};
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

void prove(const std::vector<Network>& networks, std::vector<std::string> flags, Rounding rounding) {
  const auto compiler = host_c_compiler();
  if (!compiler) {
    std::cout << "SKIPPED: needs a C compiler\n";
    return;
  }
  if (rounding == Rounding::twice) flags.push_back("-DPARETOFORGE_DOUBLE_ROUNDING");
  const auto outputs = run_c(jobs_of(networks), {compiler->program, strict(flags)});
  for (std::size_t n = 0; n < networks.size(); ++n) {
    INFO(networks[n].job.name);
    CHECK(outputs[n] == expected(networks[n], rounding));
  }
}

}  // namespace

TEST_CASE("C: every op, the reference's bytes under both rounding rules") {
  const auto networks = random_networks(1, 24);
  prove(networks, {"-O1"}, Rounding::single);
  prove(networks, {"-O1"}, Rounding::twice);
}

TEST_CASE("C: every op under sanitizers") {
  prove(random_networks(100, 16), {"-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}, Rounding::single);
}

TEST_CASE("C: samples of the spaces that ship, as fast as this machine allows") {
  for (const char* space : {"nasbench201", "tiny_image", "mobile", "audio_1d"}) prove(samples_of(space, 1, 3), {"-O3", "-march=native"}, Rounding::single);
}
