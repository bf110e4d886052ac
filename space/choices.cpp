#include "space/choices_internal.hpp"

#include <algorithm>
#include <charconv>

namespace paretoforge {
namespace {

std::optional<double> as_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_choice(const Config& value) { return value.is_map() && value.has("choice"); }

}  // namespace

Located ChoiceCompiler::settle(Located located, const Environment& environment) {
  const Config& value = located.value;
  if (value.is_scalar() && !value.is_quoted() && value.text().starts_with('$')) {
    const auto found = environment.parameters.find(value.text().substr(1));
    if (found == environment.parameters.end())
      value.fail("nothing is given for " + value.text(), "uses of this block name it under with:");
    return found->second;
  }
  if (value.is_map() && value.has("first") && value.has("then")) {
    value.allow({"first", "then"});
    return settle({value.at(environment.first_turn ? "first" : "then"), located.path}, environment);
  }
  return located;
}

std::string ChoiceCompiler::expand_name(const Config& source, const Environment& environment) {
  const std::string text = source.text();
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') {
      const std::size_t end = text.find('}', i);
      if (end == std::string::npos) source.fail("a { without its }");
      result += turn_text(text.substr(i + 1, end - i - 1), source, environment);
      i = end;
    } else if (text[i] == '$') {
      std::size_t end = i + 1;
      while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_')) ++end;
      const auto found = environment.parameters.find(text.substr(i + 1, end - i - 1));
      if (found == environment.parameters.end()) source.fail("nothing is given for " + text.substr(i, end - i));
      result += found->second.value.text();
      i = end - 1;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string ChoiceCompiler::turn_text(const std::string& inside, const Config& source, const Environment& environment) {
  std::size_t width = 0;
  const bool padded = inside.size() > 3 && inside.starts_with("i:0") &&
                      std::from_chars(inside.data() + 3, inside.data() + inside.size(), width).ptr == inside.data() + inside.size() &&
                      width <= 9;
  if (inside != "i" && !padded) source.fail("'{" + inside + "}' is no turn", "{i}, or {i:02} for two digits");
  if (!environment.turn) source.fail("'{" + inside + "}' stands outside of a repeat");
  std::string digits = std::to_string(*environment.turn);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

Argument ChoiceCompiler::argument(const ParamSpec& spec, Located located, Environment& environment) {
  located = settle(located, environment);
  Argument result{spec.param, spec.key, -1, {}};
  if (!is_choice(located.value)) {
    result.values.push_back(parse(spec, located.value));
    return result;
  }
  std::vector<std::string> labels;
  for (Config alternative : alternatives(located.value)) {
    std::string label;
    if (alternative.is_map()) {
      alternative.allow({"label", "value"});
      label = alternative.at("label").text();
      alternative = alternative.at("value");
    }
    result.values.push_back(parse(spec, alternative));
    labels.push_back(label.empty() ? value_label(alternative) : label);
  }
  result.decision = decision(located, labels, environment);
  site({result.decision, {}}, environment);
  return result;
}

std::string ChoiceCompiler::value_label(const Config& value) {
  if (value.is_scalar()) return value.text();
  std::string label;
  for (const Config& item : value.items()) label += (label.empty() ? "" : "x") + item.text();
  return label;
}

std::vector<Config> ChoiceCompiler::alternatives(const Config& choice) {
  choice.allow({"choice", "name", "label"});
  std::vector<Config> all = choice.at("choice").items();
  if (all.empty()) choice.fail_at_key("choice", "an empty choice", "it needs at least one alternative");
  return all;
}

Value ChoiceCompiler::parse(const ParamSpec& spec, const Config& source) {
  Value value{0, {}, {}, false, source};
  const auto least = static_cast<std::int64_t>(spec.least), most = static_cast<std::int64_t>(spec.most);
  switch (spec.form) {
    case ParamForm::integer: value.number = static_cast<double>(source.integer(least, most)); break;
    case ParamForm::number: value.number = source.number(spec.least, spec.most); break;
    case ParamForm::boolean: value.number = source.boolean() ? 1 : 0; break;
    case ParamForm::extent: value.extent = extent(source, least, most); break;
    case ParamForm::padding: parse_padding(source, least, most, value); break;
    case ParamForm::name: value.number = static_cast<double>(position(spec.names, source)); break;
  }
  // The integer form knows bytes and half-words only.
  if (spec.param == Param::activation_bits && value.number != 8 && value.number != 16)
    source.fail(std::string(spec.key) + " must be 8 or 16, found " + source.described());
  return value;
}

std::ptrdiff_t ChoiceCompiler::position(const std::vector<std::string>& names, const Config& source) {
  return std::find(names.begin(), names.end(), source.one_of(names)) - names.begin();
}

Extent ChoiceCompiler::extent(const Config& source, std::int64_t least, std::int64_t most) {
  if (!source.is_list()) {
    const auto side = static_cast<std::int32_t>(source.integer(least, most));
    return {program_.one_dimensional ? 1 : side, side};
  }
  const auto sides = source.items();
  if (sides.size() != 2) source.fail("a list of " + std::to_string(sides.size()), "one number, or [height, width]");
  return {static_cast<std::int32_t>(sides[0].integer(least, most)), static_cast<std::int32_t>(sides[1].integer(least, most))};
}

void ChoiceCompiler::parse_padding(const Config& source, std::int64_t least, std::int64_t most, Value& value) {
  if (source.is_list()) {
    const auto sides = source.items();
    if (sides.size() != 4)
      source.fail("a padding of " + std::to_string(sides.size()) + " numbers", "same, valid, a number, or [top, left, bottom, right]");
    const auto side = [&](std::size_t i) { return static_cast<std::int32_t>(sides[i].integer(least, most)); };
    value.pad = {side(0), side(1), side(2), side(3)};
  } else if (as_number(source.text())) {
    const Extent sides = extent(source, least, most);
    const std::int32_t y = program_.one_dimensional ? 0 : sides.height;
    value.pad = {y, sides.width, y, sides.width};
  } else {
    value.pad_same = source.one_of({"same", "valid"}) == "same";
  }
}

std::int32_t ChoiceCompiler::decision(const Located& located, const std::vector<std::string>& labels, const Environment& environment) {
  const Config& choice = located.value;
  const auto named = choice.find("name");
  const std::string name = named ? expand_name(*named, environment) : located.path;
  check_name(named ? *named : choice, name);
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (std::find(labels.begin(), labels.begin() + static_cast<std::ptrdiff_t>(i), labels[i]) != labels.begin() + static_cast<std::ptrdiff_t>(i))
      choice.fail("two alternatives of '" + name + "' are labelled '" + labels[i] + "'", "tell them apart with label:");
  const auto known = program_.by_name.find(name);
  if (known != program_.by_name.end()) {
    check_tie(choice, name, labels, known->second);
    return static_cast<std::int32_t>(known->second);
  }
  program_.by_name.emplace(name, program_.decisions.size());
  program_.decisions.push_back(described(name, labels));
  program_.sources.push_back(choice);
  return static_cast<std::int32_t>(program_.decisions.size() - 1);
}

void ChoiceCompiler::check_tie(const Config& choice, const std::string& name, const std::vector<std::string>& labels, std::size_t known) {
  if (program_.decisions[known].labels == labels) return;
  const Place place = program_.sources[known].place();
  choice.fail("choice '" + name + "' is tied to another of a different shape: " + listed(labels) + " here, " +
                  listed(program_.decisions[known].labels) + " in line " + std::to_string(place.line),
              "places with one name take one value: give both the same alternatives, or another name");
}

std::string listed(const std::vector<std::string>& labels) {
  std::string text = "[";
  for (const std::string& label : labels) text += (text.size() > 1 ? ", " : "") + label;
  return text + "]";
}

void ChoiceCompiler::check_name(const Config& source, const std::string& name) {
  static const std::vector<std::string> columns = {"trial", "state", "seconds", "message"};
  if (name.empty() || name.find_first_of(",=\"\n\r") != std::string::npos)
    source.fail("'" + name + "' cannot name a decision", "it stands as a column of CSV files: no comma, =, quote or line break");
  if (std::find(columns.begin(), columns.end(), name) != columns.end())
    source.fail("'" + name + "' is a column of every trials.csv", "take another name");
}

Decision ChoiceCompiler::described(const std::string& name, const std::vector<std::string>& labels) {
  Decision result{name, labels, labels.size() > 1, {}};
  for (const std::string& label : labels) {
    const auto number = as_number(label);
    if (!number || (!result.values.empty() && *number <= result.values.back())) {
      result.ordinal = false;
      result.values.clear();
      break;
    }
    result.values.push_back(*number);
  }
  return result;
}

void ChoiceCompiler::site(Site s, const Environment& environment) {
  program_.groups[static_cast<std::size_t>(environment.group)].push_back(std::move(s));
}

std::int32_t ChoiceCompiler::new_group() {
  program_.groups.emplace_back();
  return static_cast<std::int32_t>(program_.groups.size() - 1);
}

}  // namespace paretoforge
