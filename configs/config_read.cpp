// From YAML text to nodes, through yaml-cpp's events: its own tree accepts what must be refused (duplicate keys,
// cyclic aliases, alias bombs) and forgets whether a scalar was quoted.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <set>
#include <sstream>

#include "configs/files.hpp"
#include "configs/node_internal.hpp"

namespace paretoforge {
namespace {

using Node = Config::Node;

constexpr std::size_t kMaxBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxValues = 1'000'000;
constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxKey = 200;  // a key must stay writable as a simple key, which YAML ends at 1024 characters

/// False where a quoted scalar that begins at `at` (anchors before it are passed over) has no closing quote: yaml-cpp
/// lets it end with the file.
bool is_closed(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == '&' || text[at] == '!'))
    at = text.find_first_not_of(" \t\r\n", std::min(text.find_first_of(" \t\r\n", at), text.size()));
  if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) return true;
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    const bool escape = quote == '"' ? text[at] == '\\' : text.substr(at, 2) == "''";
    if (escape)
      ++at;
    else if (text[at] == quote)
      return true;
  }
  return false;
}

/// Builds the tree while yaml-cpp reads; every refusal is thrown from inside an event.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(std::shared_ptr<const Source> source) : source_(std::move(source)) {}

  std::optional<Config> root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) refuse(at(mark), "the document has ended and more follows; a file holds one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (awaits_key()) refuse(at(mark), "a key must be text, found nothing");
    auto node = begin(mark, Node::Kind::null);
    if (!open_.empty() && open_.back().node->kind == Node::Kind::map) node->mark = open_.back().key_mark;
    finish(node, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto target = anchors_.find(anchor);
    if (awaits_key()) refuse(at(mark), "a key must be text, found an alias");
    if (target == anchors_.end()) refuse(at(mark), "the alias stands inside of what it names");
    const Node& node = Node::of(target->second);
    if (static_cast<int>(open_.size()) + node.depth > kMaxDepth) refuse_depth(at(mark));
    count(node.values, at(mark));
    place(Node::retitled(target->second, next_title()));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    if (tag == "!" && !is_closed(source_->text, static_cast<std::size_t>(mark.pos)))
      refuse(at(mark), "a text in quotes begins here and never ends");
    // yaml-cpp turns the escapes \_ \N \L \P into single bytes.
    if (!is_utf8(value)) refuse(at(mark), "an escape in this text gives no valid UTF-8");
    if (awaits_key()) return take_key(at(mark), value);
    auto node = begin(mark, Node::Kind::scalar);
    node->text = value;
    node->quoted = tag == "!";  // yaml-cpp's mark of a scalar that is not plain
    finish(node, anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::list);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::map);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  [[noreturn]] void refuse(Mark mark, const std::string& message, std::string_view token = {},
                           const std::string& hint = {}) const {
    throw ConfigError(diagnostic(message, source_.get(), mark, token, hint));
  }
  static Mark at(const YAML::Mark& mark) { return mark.is_null() ? Mark{} : Mark{mark.line + 1, mark.column + 1}; }

 private:
  /// A list or map that has begun and not ended.
  struct Open {
    std::shared_ptr<Node> node;
    YAML::anchor_t anchor;
    bool has_key = false;
    std::string key;
    Mark key_mark;
    std::set<std::string> keys;
  };

  bool awaits_key() const {
    return !open_.empty() && open_.back().node->kind == Node::Kind::map && !open_.back().has_key;
  }

  std::string next_title() const {
    if (open_.empty()) return {};
    const Open& top = open_.back();
    return top.node->kind == Node::Kind::map ? top.key : Node::element_title(top.node->title, top.node->items.size());
  }

  void take_key(Mark mark, const std::string& key) {
    Open& top = open_.back();
    if (key.size() > kMaxKey) refuse(mark, "a key must be text of at most 200 bytes");
    if (!top.keys.insert(key).second) refuse(mark, "the key '" + printable(key) + "' stands here twice", key);
    top.has_key = true;
    top.key = key;
    top.key_mark = mark;
  }

  std::shared_ptr<Node> begin(const YAML::Mark& mark, Node::Kind kind) {
    count(1, at(mark));
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->title = next_title();
    node->source = source_;
    node->mark = at(mark);
    return node;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    refuse_tag(mark, tag);
    if (awaits_key())
      refuse(at(mark), kind == Node::Kind::map ? "a key must be text, found a map" : "a key must be text, found a list",
             {}, "is a bracket left open?");
    if (static_cast<int>(open_.size()) >= kMaxDepth) refuse_depth(at(mark));
    open_.push_back({begin(mark, kind), anchor, false, {}, {}, {}});
  }

  void close() {
    const Open top = std::move(open_.back());
    open_.pop_back();
    finish(top.node, top.anchor);
  }

  void finish(const std::shared_ptr<Node>& node, YAML::anchor_t anchor) {
    const Config value(node);
    if (anchor != 0) anchors_.insert_or_assign(anchor, value);  // only now: an alias inside is a cycle
    place(value);
  }

  void place(const Config& value) {
    if (open_.empty()) {
      root_ = value;
      return;
    }
    Open& top = open_.back();
    if (top.node->kind == Node::Kind::list) return top.node->add(value);
    top.node->add(top.key, top.key_mark, value);
    top.has_key = false;
  }

  void count(std::size_t values, Mark mark) {
    values_ += values;
    if (values_ > kMaxValues) refuse(mark, "the document holds more than 1000000 values once its aliases are expanded");
  }

  [[noreturn]] void refuse_depth(Mark mark) const {
    refuse(mark, "the document is nested deeper than " + std::to_string(kMaxDepth) + " levels");
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (!tag.empty() && tag != "?" && tag != "!")
      refuse(at(mark), "tags are not allowed, found '" + printable(tag) + "'");
  }

  std::shared_ptr<const Source> source_;
  std::optional<Config> root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Config> anchors_;
  std::size_t values_ = 0;
};

}  // namespace

Config Config::parse(std::string_view text, const std::string& name) {
  if (text.size() > kMaxBytes)
    throw ConfigError(diagnostic("'" + printable(name) + "' holds more than 4 MiB", nullptr, {}, {}, {}));
  const auto source = std::make_shared<const Source>(Source{name, checked_text(text, name)});
  Builder builder(source);
  try {
    std::istringstream stream(source->text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    builder.refuse(Builder::at(error.mark), "this is not valid YAML: " + error.msg);
  }
  if (builder.root()) return *builder.root();
  auto nothing = std::make_shared<Node>();
  nothing->source = source;
  return Config(nothing);
}

Config Config::load(const std::filesystem::path& path) {
  const Config document = parse(read_file(path, kMaxBytes), path.string());
  if (!document.is_map()) document.fail("the document must be a map of keys and values, found " + document.described());
  return document;
}

}  // namespace paretoforge
