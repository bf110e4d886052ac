// Values with units: what people see, what they write, and the way back.
#include "experiments/quantity.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"

using namespace paretoforge;

namespace {

double read(const std::string& name, const std::string& text) {
  return read_quantity(name, Config::parse("limit: " + text, "study.yaml").at("limit"));
}

std::string refusal(const std::string& name, const std::string& text) {
  try {
    read(name, text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a name becomes a label without its unit") {
  CHECK(quantity_label("latency_ms") == "latency");
  CHECK(quantity_label("pixel3_latency_ms") == "pixel3 latency");
  CHECK(quantity_label("accuracy_pct") == "accuracy");
  CHECK(quantity_label("peak_activation_bytes") == "memory");
  CHECK(quantity_label("weight_bytes") == "flash");
  CHECK(quantity_label("energy_mj") == "energy");
  CHECK(quantity_label("macs") == "MACs");
  CHECK(quantity_label("macs_as_written") == "MACs as written");
  CHECK(quantity_label("params") == "parameters");
  CHECK(quantity_label("paramsomething") == "parametersomething");
  CHECK(quantity_label("_ms") == " ms");
  CHECK(quantity_label("") == "");
}

TEST_CASE("values are told with a unit and three digits") {
  CHECK(quantity_text("latency_ms", 0.31) == "0.31 ms");
  CHECK(quantity_text("latency_ms", 0.0042) == "4.2 µs");
  CHECK(quantity_text("latency_ms", 999.4) == "999 ms");
  CHECK(quantity_text("latency_ms", 1234) == "1.23 s");
  CHECK(quantity_text("latency_ms", 0) == "0 ms");
  CHECK(quantity_text("latency_us", 310) == "0.31 ms");
  CHECK(quantity_text("fit_seconds", 0.25) == "250 ms");
  CHECK(quantity_text("accuracy_pct", 88.1) == "88.1 %");
  CHECK(quantity_text("accuracy_pct", 88.123) == "88.1 %");
  CHECK(quantity_text("accuracy_pct", 88.123, 4) == "88.12 %");
  CHECK(quantity_text("accuracy_pct", 100) == "100 %");
  CHECK(quantity_text("peak_activation_bytes", 14336) == "14 KiB");
  CHECK(quantity_text("peak_activation_bytes", 1023) == "1023 B");
  CHECK(quantity_text("peak_activation_bytes", 1023.9 * 1024) == "1024 KiB");
  CHECK(quantity_text("weight_bytes", 3.5 * 1024 * 1024) == "3.5 MiB");
  CHECK(quantity_text("energy_mj", 2.25) == "2.25 mJ");
  CHECK(quantity_text("params", 2'300'000) == "2.3 M");
  CHECK(quantity_text("params", 999) == "999");
  CHECK(quantity_text("depth", 12.345) == "12.3");
  CHECK(quantity_text("depth", -0.0) == "0");
  CHECK(quantity_text("loss", -12345.6) == "-12346");
  CHECK(quantity_text("loss", 1.5e-7) == "1.5e-07");
  CHECK(quantity_text("latency_ms", std::nan("")) == "nan ms");
  CHECK(quantity_text("loss", -std::numeric_limits<double>::infinity()) == "-inf");
}

TEST_CASE("durations are told as one waits") {
  CHECK(duration_text(0) == "0s");
  CHECK(duration_text(59.4) == "59s");
  CHECK(duration_text(120) == "2m");
  CHECK(duration_text(3600) == "1h");
  CHECK(duration_text(3900) == "1h 5m");
  CHECK(duration_text(3 * 86400 + 4 * 3600) == "3d 4h");
  CHECK(duration_text(-1) == "?");
  CHECK(duration_text(std::nan("")) == "?");
}

TEST_CASE("limits are read in the unit they are written in") {
  CHECK(read("latency_ms", "40") == 40);
  CHECK(read("latency_ms", "50ms") == 50);
  CHECK(read("latency_ms", "50 ms") == 50);
  CHECK(read("latency_ms", "2s") == 2000);
  CHECK(read("latency_ms", "0.05s") == 50);
  CHECK(read("latency_ms", "250us") == 0.25);
  CHECK(read("latency_us", "1.5ms") == 1500);
  CHECK(read("latency_ms", "'50ms'") == 50);
  CHECK(read("peak_activation_bytes", "256KiB") == 262144);
  CHECK(read("peak_activation_bytes", "256KB") == 256000);
  CHECK(read("peak_activation_bytes", "256") == 256);
  CHECK(read("weight_bytes", "1.5MiB") == 1572864);
  CHECK(read("accuracy_pct", "91%") == 91);
  CHECK(read("accuracy_pct", "91.5 %") == 91.5);
  CHECK(read("accuracy_pct", "91") == 91);
  CHECK(read("params", "2.5M") == 2.5e6);
  CHECK(read("depth", "7") == 7);
  CHECK(read("loss", "-0.5") == -0.5);
}

TEST_CASE("what is shown reads back") {
  struct Case {
    const char* name;
    double value;
  };
  for (const auto& [name, value] :
       {Case{"latency_ms", 0.31}, Case{"latency_ms", 0.0042}, Case{"latency_ms", 2500.0}, Case{"accuracy_pct", 88.1},
        Case{"peak_activation_bytes", 14336.0}, Case{"weight_bytes", 3.5 * 1024 * 1024}, Case{"energy_mj", 2.25},
        Case{"energy_uj", 2.25}, Case{"power_mw", 1500.0}, Case{"params", 2.3e6}, Case{"macs", 12.0},
        Case{"depth", 12.0}}) {
    CAPTURE(name, value);
    CHECK(read(name, quantity_text(name, value)) == Approx(value).epsilon(1e-15));
  }
}

TEST_CASE("a limit that is none is refused where it stands") {
  CHECK(refusal("latency_ms", "50KiB") ==
        "error: limit of latency_ms must be a number, with a unit if you like, found '50KiB'\n"
        "  --> study.yaml:1:8\n"
        "   | limit: 50KiB\n"
        "   |        ^^^^^\n"
        "   = units: ns, µs, us, ms, s; a bare number is in the unit of the name");
  for (const char* text : {"fast", "ms", ".nan", "inf", "1e999", "50msec", "[50]", "{a: 1}", "''", "~", "0x10"}) {
    CAPTURE(text);
    CHECK(refusal("latency_ms", text).find("limit of latency_ms must be a number") != std::string::npos);
  }
  CHECK(refusal("latency_ms", "-1").find("must not be below zero, found '-1'") != std::string::npos);
  CHECK(refusal("depth", "7ms").find("limit of depth must be a number, found '7ms'") != std::string::npos);
}
