// CSV in one pass over the text, and numbers as text.
#include "configs/table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <set>

#include "configs/config.hpp"
#include "configs/files.hpp"
#include "configs/source_internal.hpp"
#include "configs/table_rows.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

[[noreturn]] void refuse(const std::string& name, int line, const std::string& message, const std::string& hint = {}) {
  const Source source{name, {}};
  throw ConfigError(diagnostic(message, &source, Mark{line, 0}, {}, hint));
}

void check_header(const std::vector<std::string>& columns, const std::string& name) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].empty()) refuse(name, 1, "column " + std::to_string(i + 1) + " has no name");
    if (!seen.insert(columns[i]).second) refuse(name, 1, "two columns are called '" + printable(columns[i]) + "'");
  }
}

}  // namespace

/// Reads one field after the other; knows the line it stands on.
class TableRows::Reader {
 public:
  Reader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  bool done() const { return at_ >= text_.size(); }
  int line() const { return line_; }

  /// Appends the fields of one row.
  void read_row(std::vector<std::string>& fields) {
    do {
      fields.push_back(at_ < text_.size() && text_[at_] == '"' ? read_quoted() : read_plain());
    } while (take(','));
    take('\r');
    if (take('\n')) ++line_;
  }

 private:
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool at_row_end(std::size_t at) const {
    return at >= text_.size() || text_[at] == '\n' || (text_[at] == '\r' && text_.substr(at + 1, 1) == "\n");
  }

  std::string read_plain() {
    const std::size_t begin = at_;
    while (!at_row_end(at_) && text_[at_] != ',') {
      if (text_[at_] == '"') refuse(name_, line_, "a quote stands inside a field that does not begin with one");
      if (text_[at_] == '\0') refuse(name_, line_, "this is no text: it holds the control character \\x00");
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string read_quoted() {
    const int first_line = line_;
    std::string field;
    for (++at_;; ++at_) {
      if (at_ >= text_.size()) refuse(name_, first_line, "a quoted field begins here and never ends");
      if (text_[at_] == '"' && text_.substr(at_ + 1, 1) != "\"") break;
      if (text_[at_] == '"') ++at_;  // a doubled quote is one
      line_ += text_[at_] == '\n';
      field += text_[at_];
    }
    ++at_;
    if (!at_row_end(at_) && text_[at_] != ',') refuse(name_, line_, "text follows the closing quote of a field");
    return field;
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
  int line_ = 1;
};

TableRows::TableRows(std::string_view text, const std::string& name) : name_(name) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.empty()) refuse(name_, 0, "the table is empty; its first line must name the columns");
  reader_ = std::make_unique<Reader>(text, name_);
  reader_->read_row(columns_);
  check_header(columns_, name_);
}

TableRows::~TableRows() = default;

bool TableRows::next(std::vector<std::string>& cells) {
  cells.clear();
  if (reader_->done()) return false;
  line_ = reader_->line();
  reader_->read_row(cells);
  if (cells.size() != columns_.size())
    refuse(name_, line_,
           "this row has " + std::to_string(cells.size()) + (cells.size() == 1 ? " field" : " fields") +
               ", the header has " + std::to_string(columns_.size()));
  return true;
}

Table Table::parse(std::string_view text, const std::string& name) {
  TableRows rows(text, name);
  Table table;
  table.name_ = name;
  table.columns_ = rows.columns();
  table.cells_.reserve(table.columns_.size() * static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
  for (std::vector<std::string> cells; rows.next(cells);) {
    table.cells_.insert(table.cells_.end(), std::make_move_iterator(cells.begin()), std::make_move_iterator(cells.end()));
    table.lines_.push_back(rows.line());
  }
  return table;
}

Table Table::load(const std::filesystem::path& path) { return parse(read_file(path, kMaxBytes), path.string()); }

std::optional<std::size_t> Table::find_column(std::string_view column) const {
  const auto at = std::find(columns_.begin(), columns_.end(), column);
  if (at == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(at - columns_.begin());
}

std::size_t Table::column(std::string_view column) const {
  if (const auto at = find_column(column)) return *at;
  const std::string near = nearest_name(column, columns_);
  std::string all;
  for (const std::string& known : columns_) all += (all.empty() ? "" : ", ") + known;
  refuse(name_, 1, "the table has no column '" + printable(column) + "'",
         near.empty() ? "its columns: " + printable(all) : "did you mean '" + near + "'?");
}

std::optional<double> cell_number(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

double Table::number(std::size_t row, std::size_t column) const {
  if (const auto value = cell_number(cell(row, column))) return *value;
  refuse(
      name_, lines_[row],
      "column '" + printable(columns_[column]) + "' must hold numbers, found '" + printable(cell(row, column)) + "'");
}

std::vector<double> Table::numbers(std::string_view name) const {
  const std::size_t at = column(name);
  std::vector<double> values;
  values.reserve(rows());
  for (std::size_t row = 0; row < rows(); ++row) values.push_back(number(row, at));
  return values;
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";  // of either sign
  char buffer[32];
  // Whole numbers are written out: 100000, where the shortest form would be 1e+05.
  const bool whole = std::abs(value) < 1e15 && value == std::trunc(value);
  const auto result = whole ? std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed)
                            : std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, result.ptr);
}

}  // namespace paretoforge
