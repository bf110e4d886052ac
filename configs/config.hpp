// The strict reader of every YAML file: typed access, and errors that name file, line and column.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paretoforge {

/// A place in a document; lines and columns (in bytes) count from 1, 0 means "no place".
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
};

/// What is wrong with a file or a command the user wrote: the program ends with exit code 2.
/// `what()` is the whole message: what is wrong, the place, the line with the spot underlined, a hint.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A value of a YAML document: a map, a list, a scalar or null, with its place.
///
/// Cheap to copy (shared, immutable). Refused on reading, as ConfigError: duplicate keys, cyclic aliases,
/// documents nested deeper than 64, of more than 4 MiB, or of more than a million values once aliases are
/// expanded, tags, more than one document in a file.
class Config {
 public:
  using Entry = std::pair<std::string, Config>;

  /// Reads a file whose document is a map; anything else is refused. Throws ConfigError.
  static Config load(const std::filesystem::path& path);
  /// Reads a document from memory; `name` stands for the file in messages.
  static Config parse(std::string_view text, const std::string& name);

  bool is_map() const;
  bool is_list() const;
  bool is_scalar() const;
  bool is_null() const;

  /// "a map", "a list", "nothing", or the scalar in quotes: for messages.
  std::string described() const;
  Place place() const;

  /// The value of a key; throws where it is absent ("search needs the key 'seed'") or this is no map.
  Config at(std::string_view key) const;
  /// The value of a key, empty where it is absent; throws where this is no map.
  std::optional<Config> find(std::string_view key) const;
  bool has(std::string_view key) const { return find(key).has_value(); }
  /// Refuses every key that is not named here and offers the nearest name that is.
  void allow(std::initializer_list<std::string_view> keys) const;
  void allow(const std::vector<std::string>& keys) const;
  /// What this map is called in messages ("search", "conv"); by default the key under which it stands.
  std::string title() const;

  /// The entries of a map in the order written; throws where this is no map.
  std::vector<Entry> entries() const;
  /// The place of a key (not of its value).
  Place key_place(std::string_view key) const;
  /// The elements of a list; throws where this is no list.
  std::vector<Config> items() const;

  /// A scalar's text as written (quotes removed); throws where this is no scalar.
  std::string text() const;
  /// True where the scalar was quoted: then it is never a number, boolean or null.
  bool is_quoted() const;
  bool boolean() const;                       ///< true or false
  std::int64_t integer() const;               ///< a whole number in decimal
  std::int64_t integer(std::int64_t least, std::int64_t most) const;
  double number() const;                      ///< a finite number
  double number(double least, double most) const;
  double seconds() const;                     ///< 50us, 50ms, 2s, 5min or 5m, 2h, 1d; a bare number is seconds
  double bytes() const;                       ///< 256, 256B, 256KB, 256KiB, 1MiB, 1GiB
  /// One of `names`; anything else is refused and the nearest is offered.
  std::string one_of(const std::vector<std::string>& names) const;

  /// Typed access with a default for an absent key.
  std::int64_t integer_or(std::string_view key, std::int64_t otherwise) const;
  double number_or(std::string_view key, double otherwise) const;
  bool boolean_or(std::string_view key, bool otherwise) const;
  std::string text_or(std::string_view key, const std::string& otherwise) const;

  /// Throws ConfigError about this value: "error: MESSAGE", the place, the line underlined, "= HINT".
  [[noreturn]] void fail(const std::string& message, const std::string& hint = {}) const;
  /// The same about one key of this map.
  [[noreturn]] void fail_at_key(std::string_view key, const std::string& message, const std::string& hint = {}) const;

  /// This document with one value replaced or added. `path` is keys joined by dots, list positions as numbers
  /// ("search.trials", "objectives.1.limit"); `value` is YAML. Throws ConfigError where the path leads nowhere.
  Config with(const std::string& path, const std::string& value) const;
  /// The same with a ready value for a key of this map (replaced in place, or added at its end).
  Config with_entry(const std::string& key, const Config& value) const;

  /// This value as YAML text (block style, aliases expanded); parse(yaml()) is the same value.
  std::string yaml() const;

  static Config make_scalar(const std::string& text, bool quoted = false);
  static Config make_list(std::vector<Config> items);
  static Config make_map(std::vector<Entry> entries);

  struct Node;
  explicit Config(std::shared_ptr<const Node> node);

 private:
  std::shared_ptr<const Node> node_;
};

/// The name in `names` nearest to `word` by edit distance, empty where none is near; for "did you mean".
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

}  // namespace paretoforge
