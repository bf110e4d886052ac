// What a Config points to: one immutable value of a document. Private to configs.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "configs/config.hpp"
#include "configs/source_internal.hpp"

namespace paretoforge {

struct Config::Node {
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  bool quoted = false;                   // of a scalar
  std::string text;                      // of a scalar
  std::vector<Config> items;             // of a list
  std::vector<Entry> entries;            // of a map
  std::vector<Mark> key_marks;           // of a map, one for each entry
  std::string title;                     // empty at the top of a document
  std::shared_ptr<const Source> source;  // null where it was made and not read
  Mark mark;
  int depth = 1;           // levels from here down
  std::size_t values = 1;  // values from here down, aliases expanded

  static const Node& of(const Config& config) { return *config.node_; }
  /// The same value under another name.
  static Config retitled(const Config& config, const std::string& title);
  /// The position of a key in `entries`, or their number.
  std::size_t position(std::string_view key) const;
  /// Adds a child's depth and values to this value's own.
  void account(const Config& child);
  void add(const Config& item);
  void add(const std::string& key, Mark key_mark, const Config& value);

  /// What an element of the list called `list` is called.
  static std::string element_title(const std::string& list, std::size_t position) {
    return (list.empty() ? "element " : list + ".") + std::to_string(position);
  }
};

}  // namespace paretoforge
