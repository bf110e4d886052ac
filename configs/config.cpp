// Typed access to a document, and the messages when a value is not what was asked for.
#include "configs/config.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "configs/node_internal.hpp"
#include "configs/table.hpp"

namespace paretoforge {
namespace {

std::string did_you_mean(const std::string& near) { return near.empty() ? "" : "did you mean '" + near + "'?"; }

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// The whole text as a number of type T; nothing where it is none, is followed by more, or is out of T's range.
template <class T>
std::optional<T> parsed(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parsed_finite(std::string_view text) {
  const auto value = parsed<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

/// " from 1 to 10", " of at least 1", " of at most 10", or nothing.
std::string range_text(bool bounded_below, const std::string& least, bool bounded_above, const std::string& most) {
  if (bounded_below && bounded_above) return " from " + least + " to " + most;
  if (bounded_below) return " of at least " + least;
  if (bounded_above) return " of at most " + most;
  return {};
}

struct Unit {
  std::string_view suffix;
  double factor;
};
constexpr std::array<Unit, 8> kTimes{
    {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"min", 60}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"", 1}}};
constexpr std::array<Unit, 8> kSizes{
    {{"B", 1}, {"KB", 1e3}, {"KiB", 1024}, {"MB", 1e6}, {"MiB", 1048576}, {"GB", 1e9}, {"GiB", 1073741824}, {"", 1}}};

/// A number of at least 0 followed by one of the units.
std::optional<double> quantity(std::string_view text, const std::array<Unit, 8>& units) {
  const auto split = text.find_last_of("0123456789.");
  if (split == std::string_view::npos) return std::nullopt;
  const std::string_view suffix = text.substr(split + 1);
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.suffix == suffix; });
  const auto value = parsed_finite(text.substr(0, split + 1));
  if (unit == units.end() || !value || *value < 0 || !std::isfinite(*value * unit->factor)) return std::nullopt;
  return *value * unit->factor;
}

/// Edit distance in which a swap of neighbours counts once (optimal string alignment); case is ignored.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  const auto same = [&](char x, char y) { return lower(x) == lower(y); };
  std::vector<std::size_t> older(b.size() + 1), old(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(older, old);
    std::swap(old, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({old[j] + 1, row[j - 1] + 1, old[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1)});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
        row[j] = std::min(row[j], older[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

Config::Config(std::shared_ptr<const Node> node) : node_(std::move(node)) {}

bool Config::is_map() const { return node_->kind == Node::Kind::map; }
bool Config::is_list() const { return node_->kind == Node::Kind::list; }
bool Config::is_scalar() const { return node_->kind == Node::Kind::scalar; }
bool Config::is_null() const { return node_->kind == Node::Kind::null; }
bool Config::is_quoted() const { return node_->quoted; }

std::string Config::described() const {
  if (is_map()) return "a map";
  if (is_list()) return "a list";
  if (is_null()) return "nothing";
  const std::string quote = is_quoted() ? "\"" : "'";
  return quote + printable(node_->text) + quote;
}

Place Config::place() const {
  return {node_->source ? node_->source->name : std::string(), node_->mark.line, node_->mark.column};
}

std::string Config::title() const { return node_->title.empty() ? "the document" : printable(node_->title); }

std::optional<Config> Config::find(std::string_view key) const {
  if (!is_map()) fail(title() + " must be a map, found " + described());
  const std::size_t i = node_->position(key);
  if (i == node_->entries.size()) return std::nullopt;
  return node_->entries[i].second;
}

Config Config::at(std::string_view key) const {
  if (auto value = find(key)) return *value;
  fail(title() + " needs the key '" + std::string(key) + "'");
}

void Config::allow(std::initializer_list<std::string_view> keys) const { allow(std::vector<std::string>(keys.begin(), keys.end())); }

void Config::allow(const std::vector<std::string>& keys) const {
  if (!is_map()) fail(title() + " must be a map, found " + described());
  for (const auto& [key, value] : node_->entries) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    const std::string near = nearest_name(key, keys);
    fail_at_key(key, "unknown key '" + printable(key) + "' in " + title(),
                near.empty() ? "allowed here: " + joined(keys) : did_you_mean(near));
  }
}

std::vector<Config::Entry> Config::entries() const {
  if (!is_map()) fail(title() + " must be a map, found " + described());
  return node_->entries;
}

Place Config::key_place(std::string_view key) const {
  if (!is_map()) fail(title() + " must be a map, found " + described());
  const std::size_t i = node_->position(key);
  if (i == node_->entries.size()) return place();
  return {node_->source ? node_->source->name : std::string(), node_->key_marks[i].line, node_->key_marks[i].column};
}

std::vector<Config> Config::items() const {
  if (!is_list()) fail(title() + " must be a list, found " + described());
  return node_->items;
}

std::string Config::text() const {
  if (!is_scalar()) fail(title() + " must be a single value, found " + described());
  return node_->text;
}

bool Config::boolean() const {
  if (is_scalar() && !is_quoted() && node_->text == "true") return true;
  if (is_scalar() && !is_quoted() && node_->text == "false") return false;
  fail(title() + " must be true or false, found " + described());
}

std::int64_t Config::integer() const {
  return integer(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
}

std::int64_t Config::integer(std::int64_t least, std::int64_t most) const {
  const auto value = is_scalar() && !is_quoted() ? parsed<std::int64_t>(node_->text) : std::nullopt;
  if (value && *value >= least && *value <= most) return *value;
  const std::string range = range_text(least != std::numeric_limits<std::int64_t>::min(), std::to_string(least),
                                       most != std::numeric_limits<std::int64_t>::max(), std::to_string(most));
  fail(title() + " must be a whole number" + range + ", found " + described(),
       is_quoted() ? "what stands in quotes is text" : "");
}

double Config::number() const {
  return number(-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity());
}

double Config::number(double least, double most) const {
  const auto value = is_scalar() && !is_quoted() ? parsed_finite(node_->text) : std::nullopt;
  if (value && *value >= least && *value <= most) return *value;
  const std::string range =
      range_text(std::isfinite(least), number_text(least), std::isfinite(most), number_text(most));
  fail(title() + " must be a finite number" + range + ", found " + described(),
       is_quoted() ? "what stands in quotes is text" : "");
}

double Config::seconds() const {
  if (const auto value = is_scalar() ? quantity(node_->text, kTimes) : std::nullopt) return *value;
  fail(title() + " must be a time, found " + described(),
       "such as 50us, 50ms, 2s, 5min, 2h, 1d; a bare number is seconds");
}

double Config::bytes() const {
  if (const auto value = is_scalar() ? quantity(node_->text, kSizes) : std::nullopt) return *value;
  fail(title() + " must be a size in bytes, found " + described(), "such as 256, 256B, 64KB, 64KiB, 1MiB, 1GiB");
}

std::string Config::one_of(const std::vector<std::string>& names) const {
  if (is_scalar() && std::find(names.begin(), names.end(), node_->text) != names.end()) return node_->text;
  fail(title() + " must be one of " + joined(names) + "; found " + described(),
       is_scalar() ? did_you_mean(nearest_name(node_->text, names)) : "");
}

std::int64_t Config::integer_or(std::string_view key, std::int64_t otherwise) const {
  const auto value = find(key);
  return value ? value->integer() : otherwise;
}

double Config::number_or(std::string_view key, double otherwise) const {
  const auto value = find(key);
  return value ? value->number() : otherwise;
}

bool Config::boolean_or(std::string_view key, bool otherwise) const {
  const auto value = find(key);
  return value ? value->boolean() : otherwise;
}

std::string Config::text_or(std::string_view key, const std::string& otherwise) const {
  const auto value = find(key);
  return value ? value->text() : otherwise;
}

void Config::fail(const std::string& message, const std::string& hint) const {
  throw ConfigError(diagnostic(message, node_->source.get(), node_->mark, node_->text, hint));
}

void Config::fail_at_key(std::string_view key, const std::string& message, const std::string& hint) const {
  const std::size_t i = node_->position(key);
  if (i == node_->entries.size()) fail(message, hint);
  throw ConfigError(diagnostic(message, node_->source.get(), node_->key_marks[i], key, hint));
}

std::string nearest_name(std::string_view word, const std::vector<std::string>& names) {
  std::string nearest;
  std::size_t best = word.size() / 3 + 2;  // up to a third of the letters wrong, and one more
  for (const auto& name : names) {
    if (std::max(name.size(), word.size()) > 200) continue;
    const std::size_t distance = edit_distance(word, name);
    if (distance >= best || distance >= std::min(word.size(), name.size())) continue;
    best = distance;
    nearest = name;
  }
  return nearest;
}

}  // namespace paretoforge
