// Private to this folder: values of a document that may be choices, the decisions they register and the sites where
// these are met. The half of the compiler that knows no layers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "space/program.hpp"

namespace paretoforge {

/// A value with the place in the document that names it.
struct Located {
  Config value;
  std::string path;
};

/// What names and $parameters mean at one place.
struct Environment {
  std::map<std::string, Located> parameters;
  std::optional<std::int64_t> turn;  ///< of the innermost repeat, counted from its first:
  bool first_turn = true;
  int uses = 0;
  std::int32_t group = 0;            ///< where sites are appended
};

/// "[a, b, c]", for messages.
std::string listed(const std::vector<std::string>& labels);

class ChoiceCompiler {
 public:
  explicit ChoiceCompiler(Space::Program& program) : program_(program) {}

  /// $name stands for what `with:` gave, {first: a, then: b} for a on the first turn of a repeat and b later.
  Located settle(Located located, const Environment& environment);
  Argument argument(const ParamSpec& spec, Located located, Environment& environment);
  std::vector<Config> alternatives(const Config& choice);
  static std::ptrdiff_t position(const std::vector<std::string>& names, const Config& source);
  std::int32_t decision(const Located& located, const std::vector<std::string>& labels, const Environment& environment);
  void site(Site s, const Environment& environment);
  std::int32_t new_group();

 private:
  /// Replaces {i}, {i:02} by the turn and $name by its value.
  std::string expand_name(const Config& source, const Environment& environment);
  std::string turn_text(const std::string& inside, const Config& source, const Environment& environment);
  static std::string value_label(const Config& value);
  Value parse(const ParamSpec& spec, const Config& source);
  Extent extent(const Config& source, std::int64_t least, std::int64_t most);
  void parse_padding(const Config& source, std::int64_t least, std::int64_t most, Value& value);
  void check_tie(const Config& choice, const std::string& name, const std::vector<std::string>& labels, std::size_t known);
  static void check_name(const Config& source, const std::string& name);
  static Decision described(const std::string& name, const std::vector<std::string>& labels);

  Space::Program& program_;
};

}  // namespace paretoforge
