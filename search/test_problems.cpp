// ZDT and DTLZ: the formulas, and the volumes of their fronts.
#include "search/test_problems.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>

namespace paretoforge {

namespace {

using std::numbers::pi;
using Coordinates = std::span<const double>;

double mean_after_first(Coordinates x) {
  double sum = 0;
  for (std::size_t i = 1; i < x.size(); ++i) sum += x[i];
  return x.size() > 1 ? sum / static_cast<double>(x.size() - 1) : 0;
}

std::vector<double> zdt1(Coordinates x, std::size_t) {
  const double g = 1 + 9 * mean_after_first(x);
  return {x[0], g * (1 - std::sqrt(x[0] / g))};
}

std::vector<double> zdt2(Coordinates x, std::size_t) {
  const double g = 1 + 9 * mean_after_first(x);
  return {x[0], g * (1 - (x[0] / g) * (x[0] / g))};
}

std::vector<double> zdt3(Coordinates x, std::size_t) {
  const double g = 1 + 9 * mean_after_first(x), f = x[0];
  return {f, g * (1 - std::sqrt(f / g) - f / g * std::sin(10 * pi * f))};
}

std::vector<double> zdt4(Coordinates x, std::size_t) {
  double g = 1;
  for (std::size_t i = 1; i < x.size(); ++i) {
    const double y = 10 * x[i] - 5;
    g += 10 + y * y - 10 * std::cos(4 * pi * y);
  }
  return {x[0], g * (1 - std::sqrt(x[0] / g))};
}

double zdt6_first(double x) { return 1 - std::exp(-4 * x) * std::pow(std::sin(6 * pi * x), 6); }

std::vector<double> zdt6(Coordinates x, std::size_t) {
  const double g = 1 + 9 * std::pow(mean_after_first(x), 0.25), f = zdt6_first(x[0]);
  return {f, g * (1 - (f / g) * (f / g))};
}

std::vector<double> dtlz1(Coordinates x, std::size_t objectives) {
  double g = 0;
  for (const double v : x.subspan(objectives - 1))
    g += 100 * (1 + (v - 0.5) * (v - 0.5) - std::cos(20 * pi * (v - 0.5)));
  std::vector<double> f(objectives, 0.5 * (1 + g));
  for (std::size_t k = 0; k < objectives; ++k) {
    for (std::size_t i = 0; i + k + 1 < objectives; ++i) f[k] *= x[i];
    if (k > 0) f[k] *= 1 - x[objectives - 1 - k];
  }
  return f;
}

std::vector<double> dtlz2(Coordinates x, std::size_t objectives) {
  double g = 0;
  for (const double v : x.subspan(objectives - 1)) g += (v - 0.5) * (v - 0.5);
  std::vector<double> f(objectives, 1 + g);
  for (std::size_t k = 0; k < objectives; ++k) {
    for (std::size_t i = 0; i + k + 1 < objectives; ++i) f[k] *= std::cos(x[i] * pi / 2);
    if (k > 0) f[k] *= std::sin(x[objectives - 1 - k] * pi / 2);
  }
  return f;
}

/// What a coordinate takes from DTLZ7's last objective, on the front.
double dtlz7_gain(double f) { return f * (1 + std::sin(3 * pi * f)); }

std::vector<double> dtlz7(Coordinates x, std::size_t objectives) {
  const Coordinates rest = x.subspan(objectives - 1);
  double sum = 0;
  for (const double v : rest) sum += v;
  const double g = rest.empty() ? 1 : 1 + 9 * sum / static_cast<double>(rest.size());
  std::vector<double> f(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(objectives - 1));
  double last = static_cast<double>(objectives) * (1 + g);
  for (const double v : f) last -= dtlz7_gain(v);
  f.push_back(last);
  return f;
}

// Volumes of fronts in the plane are the integral over the first objective of what lies above the least second one so
// far.

double square_root_volume(Coordinates r) { return r[0] * r[1] - 1.0 / 3; }  // zdt1, zdt4: 1 - sqrt(f)

double zdt2_volume(Coordinates r) { return r[0] * r[1] - 2.0 / 3; }

double zdt3_volume(Coordinates r) {
  // Where the front is: between a step's end and the next beginning the least second objective stays.
  constexpr std::array<std::array<double, 2>, 5> pieces{{{0, 0.083001534925},
                                                         {0.182228728029, 0.257762363388},
                                                         {0.409313674807, 0.453882104089},
                                                         {0.618396794431, 0.652511703804},
                                                         {0.823331798343, 0.851832865462}}};
  constexpr double a = 10 * pi;
  const auto second = [](double f) { return 1 - std::sqrt(f) - f * std::sin(a * f); };
  const auto integral = [](double f) {
    return f - 2.0 / 3 * std::pow(f, 1.5) - std::sin(a * f) / (a * a) + f * std::cos(a * f) / a;
  };
  double below = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    below += integral(pieces[i][1]) - integral(pieces[i][0]);
    const double next = i + 1 < pieces.size() ? pieces[i + 1][0] : r[0];
    below += second(pieces[i][1]) * (next - pieces[i][1]);
  }
  return r[0] * r[1] - below;
}

double zdt6_volume(Coordinates r) {
  const double least = zdt6_first(std::atan(9 * pi) / (6 * pi));
  return (r[0] - least) * r[1] - (1 - least) + (1 - least * least * least) / 3;
}

double product(Coordinates r) {
  double volume = 1;
  for (const double v : r) volume *= v;
  return volume;
}

double dtlz1_volume(Coordinates r) {
  double simplex = 1;
  for (std::size_t k = 1; k <= r.size(); ++k) simplex *= 0.5 / static_cast<double>(k);
  return product(r) - simplex;
}

double dtlz2_volume(Coordinates r) {
  const double half = static_cast<double>(r.size()) / 2;
  return product(r) - std::pow(pi / 4, half) / std::tgamma(half + 1);  // a ball's share in one orthant
}

double dtlz7_volume(Coordinates r) {
  // The last objective is a sum over the others; each counts with the greatest gain so far, which rises up to a, stays
  // up to b, rises up to c and stays.
  constexpr double a = 0.2514118361, b = 0.6316265307, c = 0.8594008566, w = 3 * pi;
  const auto integral = [](double f) { return f * f / 2 + std::sin(w * f) / (w * w) - f * std::cos(w * f) / w; };
  const double rising = integral(a) + integral(c) - integral(b) + dtlz7_gain(a) * (b - a);
  const Coordinates others = r.first(r.size() - 1);
  double volume = product(others) * (r.back() - 2 * static_cast<double>(r.size()));
  for (const double v : others) volume += product(others) / v * (rising + dtlz7_gain(c) * (v - c));
  return volume;
}

constexpr std::array table{
    TestProblem{"zdt1", 2, 30, 0, zdt1, square_root_volume}, TestProblem{"zdt2", 2, 30, 0, zdt2, zdt2_volume},
    TestProblem{"zdt3", 2, 30, 0, zdt3, zdt3_volume},        TestProblem{"zdt4", 2, 10, 0.5, zdt4, square_root_volume},
    TestProblem{"zdt6", 2, 10, 0, zdt6, zdt6_volume},        TestProblem{"dtlz1", 3, 7, 0.5, dtlz1, dtlz1_volume},
    TestProblem{"dtlz2", 3, 12, 0.5, dtlz2, dtlz2_volume},   TestProblem{"dtlz7", 3, 22, 0, dtlz7, dtlz7_volume},
};

bool is_dtlz(const TestProblem& problem) { return problem.name.starts_with("dtlz"); }

}  // namespace

std::span<const TestProblem> test_problems() { return table; }

const TestProblem& test_problem(std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const TestProblem& p) { return p.name == name; });
  if (found == table.end()) throw std::invalid_argument("no test problem is called '" + std::string(name) + "'");
  return *found;
}

Space test_space(std::size_t decisions, std::size_t levels) {
  std::string choice;
  for (std::size_t level = 1; level <= levels; ++level) choice += (level > 1 ? ", " : "") + std::to_string(level);
  std::string text = "input: [1]\nlayers:\n";
  for (std::size_t i = 0; i < decisions; ++i)
    text += "  - linear: {out: {choice: [" + choice + "], name: x_" + std::to_string(i) + "}}\n";
  return Space(Config::parse(text, "test problem"));
}

std::vector<double> test_coordinates(const Space& space, const Architecture& point) {
  std::vector<double> x;
  for (std::size_t i = 0; i < point.size(); ++i)
    x.push_back(point[i] / static_cast<double>(space.decisions()[i].labels.size() - 1));
  return x;
}

double front_hypervolume(const TestProblem& problem, std::span<const double> reference) {
  const bool wide = is_dtlz(problem) ? reference.size() >= 2 : reference.size() == 2;
  const bool far = wide && std::all_of(reference.begin(), reference.end(), [](double r) { return r >= 1; }) &&
                   (problem.values != dtlz7 || reference.back() >= 2 * static_cast<double>(reference.size()));
  if (!far) throw std::invalid_argument("the reference point is not beyond the front of " + std::string(problem.name));
  return problem.front_volume(reference);
}

Costs front_points(const TestProblem& problem, std::size_t objectives, std::size_t steps) {
  Costs all(objectives), front(objectives);
  std::vector<double> x(std::max(problem.decisions, objectives), problem.optimum);
  const Space grid = test_space(objectives - 1, steps);
  grid.enumerate([&](const Architecture& point) {
    const std::vector<double> position = test_coordinates(grid, point);
    std::copy(position.begin(), position.end(), x.begin());
    all.add(problem.values(x, objectives));
    return true;
  });
  const std::vector<std::int32_t> layers = nondominated_layers(all);
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (layers[i] == 0) front.add(all[i]);
  return front;
}

}  // namespace paretoforge
