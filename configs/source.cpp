// Reading text files, and the layout of an error: message, place, the line underlined, hint.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "configs/config.hpp"
#include "configs/files.hpp"
#include "configs/source_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t kShownColumns = 100;  // longer lines are shown in part
constexpr std::size_t kShownText = 60;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// The number of bytes of the UTF-8 character at the start of `text`, 0 where there is no valid one.
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!is_continuation(text[i])) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool beyond = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);  // surrogates, > U+10FFFF
  return overlong || beyond ? 0 : length;
}

std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

/// How many bytes of `rest` to underline: the token itself, a quoted or bracketed group, else up to a separator.
std::size_t extent(std::string_view rest, std::string_view token) {
  if (rest.empty()) return 0;
  if (!token.empty() && rest.starts_with(token)) return token.size();
  const char first = rest[0];
  if (first == '"' || first == '\'') {
    const auto end = rest.find(first, 1);
    return end == std::string_view::npos ? rest.size() : end + 1;
  }
  if (first == '[' || first == '{') {
    int depth = 0;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      depth += (rest[i] == '[' || rest[i] == '{') - (rest[i] == ']' || rest[i] == '}');
      if (depth == 0) return i + 1;
    }
    return rest.size();
  }
  return std::max<std::size_t>(1, std::min(rest.find_first_of(" ,:]}"), rest.size()));
}

/// The part of a long line around a column, and the column in that part.
std::string_view window(std::string_view line, std::size_t& column) {
  if (line.size() <= kShownColumns) return line;
  std::size_t begin = column > kShownColumns / 2 ? column - kShownColumns / 2 : 0;
  begin = std::min(begin, line.size() - kShownColumns);
  while (begin < column && is_continuation(line[begin])) ++begin;
  std::size_t end = std::min(line.size(), begin + kShownColumns);
  while (end < line.size() && is_continuation(line[end])) ++end;
  column -= begin;
  return line.substr(begin, end - begin);
}

/// The line of the mark and a second line with carets below the token.
std::string underlined(std::string_view line, std::size_t column, std::string_view token) {
  column = std::min(column, line.size());
  line = window(line, column);
  const std::size_t length = std::min(extent(line.substr(column), token), line.size() - column);
  std::string shown = "\n   | ", below = "\n   | ";
  for (std::size_t i = 0; i < line.size(); ++i) {
    shown += is_control(line[i]) && line[i] != '\t' ? '?' : line[i];
    if (is_continuation(line[i]) || i >= column + length) continue;
    below += i >= column ? '^' : line[i] == '\t' ? '\t' : ' ';
  }
  if (length == 0) below += '^';
  return shown + below;
}

/// The file of the same folder that was perhaps meant.
std::string nearest_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == path.extension()) names.push_back(it->path().filename().string());
  std::sort(names.begin(), names.end());
  const std::string near = nearest_name(path.filename().string(), names);
  return near.empty() ? "" : "did you mean '" + (path.parent_path() / near).string() + "'?";
}

[[noreturn]] void fail_reading(const std::filesystem::path& path, const std::string& why, const std::string& hint) {
  throw ConfigError(diagnostic("cannot read '" + printable(path.string()) + "': " + why, nullptr, {}, {}, hint));
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::size_t limit) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) fail_reading(path, "no such file", nearest_file(path));
  if (std::filesystem::is_directory(status)) fail_reading(path, "it is a folder", {});
  const std::string too_large = "it holds more than " + std::to_string(limit >> 20) + " MiB";
  if (std::filesystem::is_regular_file(status) && std::filesystem::file_size(path, error) > limit && !error)
    fail_reading(path, too_large, {});
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) fail_reading(path, errno == 0 ? "it cannot be opened" : std::strerror(errno), {});

  // Read in pieces rather than by the file's size: a pipe has none, and a device never ends.
  std::string text;
  std::vector<char> piece(1 << 16);
  while (stream.read(piece.data(), static_cast<std::streamsize>(piece.size())), stream.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > limit) fail_reading(path, too_large, {});
  }
  if (stream.bad()) fail_reading(path, "reading it failed", {});
  return text;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string checked_text(std::string_view text, const std::string& name) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Source source{name, {}};
  Mark mark{1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const bool break_or_tab = text[i] == '\n' || text[i] == '\t' || (text[i] == '\r' && text.substr(i + 1, 1) == "\n");
    if (is_control(text[i]) && !break_or_tab)
      throw ConfigError(diagnostic("this is no text: it holds the control character " + printable(text.substr(i, 1)),
                                   &source, mark, {}, {}));
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) throw ConfigError(diagnostic("this is no text: it is not valid UTF-8", &source, mark, {}, {}));
    mark = text[i] == '\n' ? Mark{mark.line + 1, 1} : Mark{mark.line, mark.column + static_cast<int>(length)};
    i += length;
  }
  return std::string(text);
}

std::string diagnostic(const std::string& message, const Source* source, Mark mark, std::string_view token,
                       const std::string& hint) {
  std::string out = "error: " + message;
  if (source != nullptr) {
    out += "\n  --> " + source->name;
    if (mark.line > 0) out += ":" + std::to_string(mark.line);
    if (mark.column > 0) out += ":" + std::to_string(mark.column);
    const std::string_view line = mark.column > 0 ? line_of(source->text, mark.line) : std::string_view{};
    if (!line.empty()) out += underlined(line, static_cast<std::size_t>(mark.column - 1), token);
  }
  if (!hint.empty()) out += "\n   = " + hint;
  return out;
}

std::string printable(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i >= kShownText && !is_continuation(text[i])) return out + "...";
    const auto byte = static_cast<unsigned char>(text[i]);
    if (is_control(text[i]))
      out += std::string("\\x") + kDigits[byte >> 4] + kDigits[byte & 15];
    else
      out += text[i];
  }
  return out;
}

}  // namespace paretoforge
