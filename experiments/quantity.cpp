// The tables of units and names, and the two ways through them: to text and from text.
#include "experiments/quantity.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

namespace paretoforge {
namespace {

enum class Dimension { plain, time, bytes, percent, energy, power, count };

struct Unit {
  Dimension dimension;
  std::string_view text;
  double size;        ///< in the dimension's base unit
  double shown_from;  ///< the least value, in the base unit, that is shown so; negative: read, never shown
};
// Times stay in ms from 0.01 to 1000, where latencies of small networks lie.
constexpr std::array units{
    Unit{Dimension::plain, "", 1, 0},
    Unit{Dimension::percent, "%", 1, 0},
    Unit{Dimension::time, "ns", 1e-9, -1},
    Unit{Dimension::time, "µs", 1e-6, 0},
    Unit{Dimension::time, "us", 1e-6, -1},
    Unit{Dimension::time, "ms", 1e-3, 1e-5},
    Unit{Dimension::time, "s", 1, 1},
    Unit{Dimension::bytes, "B", 1, 0},
    Unit{Dimension::bytes, "KB", 1e3, -1},
    Unit{Dimension::bytes, "KiB", 1024, 1024},
    Unit{Dimension::bytes, "MB", 1e6, -1},
    Unit{Dimension::bytes, "MiB", 1024.0 * 1024, 1024.0 * 1024},
    Unit{Dimension::bytes, "GB", 1e9, -1},
    Unit{Dimension::bytes, "GiB", 1024.0 * 1024 * 1024, 1024.0 * 1024 * 1024},
    Unit{Dimension::energy, "µJ", 1e-6, 0},
    Unit{Dimension::energy, "uJ", 1e-6, -1},
    Unit{Dimension::energy, "mJ", 1e-3, 1e-5},
    Unit{Dimension::energy, "J", 1, 1},
    Unit{Dimension::power, "mW", 1e-3, 0},
    Unit{Dimension::power, "W", 1, 1},
    Unit{Dimension::count, "", 1, 0},
    Unit{Dimension::count, "k", 1e3, 1e3},
    Unit{Dimension::count, "M", 1e6, 1e6},
    Unit{Dimension::count, "G", 1e9, 1e9},
};

struct Suffix {
  std::string_view text;
  Dimension dimension;
  double size;  ///< of the name's own unit, in the dimension's base unit
};
constexpr std::array suffixes{
    Suffix{"_ns", Dimension::time, 1e-9},   Suffix{"_us", Dimension::time, 1e-6},
    Suffix{"_ms", Dimension::time, 1e-3},   Suffix{"_seconds", Dimension::time, 1},
    Suffix{"_s", Dimension::time, 1},       Suffix{"_bytes", Dimension::bytes, 1},
    Suffix{"_pct", Dimension::percent, 1},  Suffix{"_uj", Dimension::energy, 1e-6},
    Suffix{"_mj", Dimension::energy, 1e-3}, Suffix{"_j", Dimension::energy, 1},
    Suffix{"_mw", Dimension::power, 1e-3},  Suffix{"_w", Dimension::power, 1},
};
constexpr std::array<std::string_view, 3> counted{"macs", "params", "flops"};

struct Kind {
  Dimension dimension = Dimension::plain;
  double size = 1;
  std::string_view stem;  ///< the name without its suffix
};

Kind kind_of(std::string_view name) {
  for (const Suffix& suffix : suffixes)
    if (name.ends_with(suffix.text) && name.size() > suffix.text.size())
      return {suffix.dimension, suffix.size, name.substr(0, name.size() - suffix.text.size())};
  for (const std::string_view word : counted)
    if (name == word || (name.starts_with(word) && name[word.size()] == '_')) return {Dimension::count, 1, name};
  return {Dimension::plain, 1, name};
}

/// Factors are quotients of powers of ten that are not exact in binary; this one is: 1e-3 / 1e-6 gives 1000.
double quotient(double a, double b) {
  const double ratio = a / b;
  return ratio >= 1 ? std::round(ratio) : 1 / std::round(b / a);
}

/// With all digits before the point and at most `digits` in all; zeros at the end are left out.
std::string rounded(double value, int digits) {
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  std::array<char, 400> text{};
  const double size = std::abs(value);
  if (size != 0 && size < 1e-4) {
    std::snprintf(text.data(), text.size(), "%.*g", digits, value);
    return text.data();
  }
  const int before = size < 1e-4 ? 1 : static_cast<int>(std::floor(std::log10(size))) + 1;
  std::snprintf(text.data(), text.size(), "%.*f", std::max(0, digits - before), value);
  std::string result = text.data();
  if (result.find('.') != std::string::npos) {
    result.erase(result.find_last_not_of('0') + 1);
    if (result.back() == '.') result.pop_back();
  }
  return result == "-0" ? "0" : result;
}

std::string known_units(Dimension dimension) {
  std::string list;
  for (const Unit& unit : units)
    if (unit.dimension == dimension && !unit.text.empty()) list += (list.empty() ? "" : ", ") + std::string(unit.text);
  return list;
}

/// The number at the text's beginning times the size of the unit behind it; nothing where it is not of that form.
std::optional<double> parse(std::string_view text, const Kind& kind) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number)) return std::nullopt;
  std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.empty()) return number;
  for (const Unit& unit : units)
    if (unit.dimension == kind.dimension && unit.text == rest) {
      const double factor = quotient(unit.size, kind.size);
      const double value = factor < 1 ? number / std::round(1 / factor) : number * factor;
      return std::isfinite(value) ? std::optional(value) : std::nullopt;
    }
  return std::nullopt;
}

}  // namespace

std::vector<UnitStep> unit_ladder(std::string_view name) {
  const Kind kind = kind_of(name);
  std::vector<UnitStep> ladder;
  for (const Unit& unit : units)
    if (unit.dimension == kind.dimension && unit.shown_from >= 0)
      ladder.push_back({std::string(unit.text), quotient(unit.size, kind.size),
                        unit.shown_from == 0 ? 0 : quotient(unit.shown_from, kind.size)});
  return ladder;
}

std::string quantity_label(std::string_view name) {
  std::string label(kind_of(name).stem);
  if (label == "peak_activation") return "memory";
  if (label == "weight") return "flash";
  if (label == "ram") return "RAM";
  if (label.starts_with("macs")) label.replace(0, 4, "MACs");
  if (label.starts_with("params")) label.replace(0, 6, "parameters");
  std::replace(label.begin(), label.end(), '_', ' ');
  return label;
}

std::string quantity_text(std::string_view name, double value, int digits) {
  const auto ladder = unit_ladder(name);
  // Zero is shown in the name's own unit: "0 ms" and not "0 µs".
  const bool in_own_unit = value == 0 || !std::isfinite(value);
  const UnitStep* step = &ladder.front();
  for (const UnitStep& next : ladder)
    if (in_own_unit ? next.factor == 1 : std::abs(value) >= next.from) step = &next;
  const std::string number = rounded(value / step->factor, digits);
  return step->unit.empty() ? number : number + " " + step->unit;
}

std::string fixed_text(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string duration_text(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "?";
  const auto whole = static_cast<long long>(std::llround(seconds));
  const auto pair = [](long long large, const char* of, long long small, const char* rest) {
    return std::to_string(large) + of + (small == 0 ? "" : " " + std::to_string(small) + rest);
  };
  if (whole < 60) return std::to_string(whole) + "s";
  const long long minutes = (whole + 30) / 60;
  if (minutes < 60) return std::to_string(minutes) + "m";
  if (minutes < 24 * 60) return pair(minutes / 60, "h", minutes % 60, "m");
  return pair(minutes / (24 * 60), "d", minutes / 60 % 24, "h");
}

double read_quantity(std::string_view name, const Config& value) {
  const Kind kind = kind_of(name);
  const std::string text = value.is_scalar() ? value.text() : std::string();
  const auto number = parse(text, kind);
  const std::string units_hint = known_units(kind.dimension);
  if (!number)
    value.fail(value.title() + " of " + std::string(name) + " must be a number" +
                   (units_hint.empty() ? "" : ", with a unit if you like") + ", found " + value.described(),
               units_hint.empty() ? "" : "units: " + units_hint + "; a bare number is in the unit of the name");
  if (*number < 0 && kind.dimension != Dimension::plain && kind.dimension != Dimension::percent)
    value.fail(value.title() + " of " + std::string(name) + " must not be below zero, found " + value.described());
  return *number;
}

}  // namespace paretoforge
