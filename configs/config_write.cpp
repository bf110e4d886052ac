// Making values, replacing parts of a document, and writing it as YAML.
#include <algorithm>
#include <charconv>

#include "configs/node_internal.hpp"

namespace paretoforge {
namespace {

using Node = Config::Node;

constexpr std::size_t kFlowWidth = 100;  // a list of scalars up to here stands on one line

bool reads_as_null(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// True where the text can stand without quotes on a line of its own and reads back as it is.
bool is_plain(std::string_view text) {
  static constexpr std::string_view kIndicators = ",[]{}#&*!|>'\"%@`";
  if (reads_as_null(text) || has_control(text)) return false;
  if (text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (kIndicators.find(text.front()) != std::string_view::npos) return false;
  if ((text[0] == '-' || text[0] == '?' || text[0] == ':') && (text.size() == 1 || text[1] == ' ')) return false;
  if (text.starts_with("---") || text.starts_with("...") || text.starts_with("\xEF\xBB\xBF")) return false;
  return text.find(": ") == std::string_view::npos && text.find(" #") == std::string_view::npos;
}

std::string in_quotes(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += std::string("\\") + c;
    else if (c == '\n')
      out += "\\n";
    else if (byte < 0x20 || byte == 0x7f)
      out += std::string("\\x") + kDigits[byte >> 4] + kDigits[byte & 15];
    else
      out += c;
  }
  return out + "\"";
}

std::string key_text(const std::string& key) { return is_plain(key) ? key : in_quotes(key); }

/// A scalar, null or empty list or map on one line; nothing for a list or map with contents.
std::string scalar_text(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::scalar:
      return node.quoted || !is_plain(node.text) ? in_quotes(node.text) : node.text;
    case Node::Kind::list:
      return node.items.empty() ? "[]" : "";
    case Node::Kind::map:
      return node.entries.empty() ? "{}" : "";
  }
  return {};
}

/// A short list of scalars as [a, b]; nothing where it has to stand in block style.
std::string flow_text(const Node& list) {
  std::string out = "[";
  for (const auto& item : list.items) {
    const Node& node = Node::of(item);
    const std::string text = node.kind == Node::Kind::scalar ? scalar_text(node) : "";
    const bool plain = !text.starts_with('"');
    if (text.empty() || (plain && text.find_first_of(",[]{}:?#&*!|>'\"%@`") != std::string::npos)) return {};
    out += (out.size() == 1 ? "" : ", ") + text;
    if (out.size() > kFlowWidth) return {};
  }
  return out + "]";
}

std::string one_line(const Node& node) {
  const std::string text = scalar_text(node);
  return text.empty() && node.kind == Node::Kind::list ? flow_text(node) : text;
}

/// Writes a list or map with contents. Its first line continues where the writer stands; the others are indented.
void write_block(const Node& node, std::size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  bool first = true;
  const auto begin_line = [&] {
    if (!first) out += margin;
    first = false;
  };
  for (const auto& item : node.items) {
    begin_line();
    const std::string line = one_line(Node::of(item));
    out += "- " + line;
    if (line.empty())
      write_block(Node::of(item), indent + 2, out);
    else
      out += '\n';
  }
  for (const auto& [key, value] : node.entries) {
    begin_line();
    const std::string line = one_line(Node::of(value));
    out += key_text(key) + ":" + (line.empty() ? "\n" + std::string(indent + 2, ' ') : " " + line + "\n");
    if (line.empty()) write_block(Node::of(value), indent + 2, out);
  }
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> parts{""};
  for (const char c : path) {
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

[[noreturn]] void leads_nowhere(const std::string& path, const std::string& why, const std::string& near = {}) {
  throw ConfigError(diagnostic("the path '" + printable(path) + "' leads nowhere: " + why, nullptr, {}, {},
                               near.empty() ? "" : "did you mean '" + near + "'?"));
}

/// The position in a list that a part of a path names.
std::size_t list_position(const Node& list, const std::string& name, const std::string& part, const std::string& path) {
  std::size_t position = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), position);
  if (error != std::errc() || end != part.data() + part.size())
    leads_nowhere(path, name + " is a list, and '" + printable(part) + "' is no position in it");
  if (position >= list.items.size())
    leads_nowhere(path, name + " is a list of " + std::to_string(list.items.size()) + ", counted from 0");
  return position;
}

/// `base` with `value` at the end of the parts from `at` on.
Config replaced(const Config& base, const std::vector<std::string>& parts, std::size_t at, const Config& value,
                const std::string& path) {
  if (at == parts.size()) return value;
  const Node& node = Node::of(base);
  const std::string& part = parts[at];
  if (part.empty()) leads_nowhere(path, "one of its parts is empty");
  if (base.is_list()) {
    auto items = node.items;
    const std::size_t i = list_position(node, base.title(), part, path);
    items[i] = Node::retitled(replaced(items[i], parts, at + 1, value, path), Node::element_title(node.title, i));
    auto copy = std::make_shared<Node>(node);
    copy->items.clear();
    for (const auto& item : items) copy->add(item);
    return Config(copy);
  }
  if (!base.is_map()) leads_nowhere(path, base.title() + " is " + base.described() + ", which has no parts");
  const auto child = base.find(part);
  if (child) return base.with_entry(part, replaced(*child, parts, at + 1, value, path));
  if (at + 1 == parts.size()) return base.with_entry(part, value);
  std::vector<std::string> keys;
  for (const auto& entry : node.entries) keys.push_back(entry.first);
  leads_nowhere(path, base.title() + " has no key '" + printable(part) + "'", nearest_name(part, keys));
}

}  // namespace

Config Config::Node::retitled(const Config& config, const std::string& title) {
  if (of(config).title == title) return config;
  auto copy = std::make_shared<Node>(of(config));
  copy->title = title;
  return Config(copy);
}

std::size_t Config::Node::position(std::string_view key) const {
  const auto at = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.first == key; });
  return static_cast<std::size_t>(at - entries.begin());
}

void Config::Node::add(const Config& item) {
  items.push_back(item);
  account(item);
}

void Config::Node::add(const std::string& key, Mark key_mark, const Config& value) {
  entries.emplace_back(key, value);
  key_marks.push_back(key_mark);
  account(value);
}

void Config::Node::account(const Config& child) {
  depth = std::max(depth, 1 + of(child).depth);
  values += of(child).values;
}

Config Config::with(const std::string& path, const std::string& value) const {
  return replaced(*this, split_path(path), 0, parse(value, "value of " + path), path);
}

Config Config::with_entry(const std::string& key, const Config& value) const {
  if (!is_map()) fail(title() + " must be a map, found " + described());
  const Config named = Node::retitled(value, key);
  auto copy = std::make_shared<Node>(*node_);
  const std::size_t i = node_->position(key);
  if (i == node_->entries.size())
    copy->add(key, {}, named);
  else
    copy->entries[i].second = named;
  return Config(copy);
}

std::string Config::yaml() const {
  const std::string line = one_line(*node_);
  if (!line.empty()) return line + "\n";
  std::string out;
  write_block(*node_, 0, out);
  return out;
}

Config Config::make_scalar(const std::string& text, bool quoted) {
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::scalar;
  node->text = text;
  node->quoted = quoted;
  return Config(node);
}

Config Config::make_list(std::vector<Config> items) {
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::list;
  node->items = std::move(items);
  for (const auto& item : node->items) node->account(item);
  return Config(node);
}

Config Config::make_map(std::vector<Entry> entries) {
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::map;
  node->entries = std::move(entries);
  node->key_marks.resize(node->entries.size());
  for (auto& [key, value] : node->entries) {
    if (Node::of(value).title.empty()) value = Node::retitled(value, key);
    node->account(value);
  }
  return Config(node);
}

}  // namespace paretoforge
