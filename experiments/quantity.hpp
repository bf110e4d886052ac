// Values with their units for people: names carry the unit (latency_ms, weight_bytes), texts show it (0.31 ms, 14 KiB).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "configs/config.hpp"

namespace paretoforge {

/// One unit of a ladder such as B, KiB, MiB.
struct UnitStep {
  std::string unit;  ///< as it is shown; "" where there is none
  double factor;     ///< how many of the name's own unit one of these is: 1024 for KiB of a *_bytes name
  double from;       ///< the least absolute value, in the name's own unit, that is shown in this unit
};

/// The units in which values of a name are shown, smallest first, never empty; known by how the name ends:
/// _ns, _us, _ms, _s, _seconds (times), _bytes, _pct, _uj, _mj, _j (energies), _mw, _w (powers), and macs, params
/// or flops as the whole name or its beginning (counts: k, M, G). Everything else has no unit.
std::vector<UnitStep> unit_ladder(std::string_view name);

/// What the value is called, without its unit: latency_ms is "latency", accuracy_pct "accuracy",
/// peak_activation_bytes "memory", weight_bytes "flash", macs "MACs", params "parameters".
std::string quantity_label(std::string_view name);

/// "0.31 ms", "88.1 %", "14 KiB", "2.3 M": the value (in the name's own unit) with `digits` significant digits,
/// fewer where they are zeros, and never fewer than all before the point. NaN and infinities are "nan", "inf", "-inf".
std::string quantity_text(std::string_view name, double value, int digits = 3);

/// "12.50": with that many digits behind the point.
std::string fixed_text(double value, int digits);

/// "45s", "2m", "1h 5m", "3d 4h": a time as it is told while one waits. Seconds below 0 or not finite are "?".
std::string duration_text(double seconds);

/// A value as users write it for a name, in the name's own unit: `50ms` or `0.05s` gives 50 for latency_ms, `256KiB`
/// 262144 for *_bytes, `91%` or `91` 91 for *_pct, `2.5M` 2500000 for params. A bare number is in the name's own unit.
/// Throws ConfigError naming the units that are known, or where the value is below zero but for a percentage or a
/// name without a unit.
double read_quantity(std::string_view name, const Config& value);

}  // namespace paretoforge
