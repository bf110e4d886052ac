#include "trainers/file_answers_internal.hpp"

#include <algorithm>

#include "configs/files.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_bytes = std::size_t{1} << 30;

/// The path in a `table:`, which is a map or a path alone.
Config path_of(const Config& table) { return table.is_map() ? table.at("file") : table; }

}  // namespace

FileColumns FileColumns::read(const Config& section) {
  const Config table = section.at("table");
  FileColumns columns{.answers = AnswerColumns::read(section), .group = section.text_or("group", "")};
  if (!table.is_map()) return columns;
  table.allow({"file", "name"});
  columns.name = table.text_or("name", columns.name);
  return columns;
}

FileAnswers::FileAnswers(const Config& table, const FileColumns& columns, Groups& groups) : file_(data_path(path_of(table))) {
  if (!fs::is_regular_file(file_)) throw DataError(file_, "no such file");
  const std::string text = read_file(file_, most_bytes);
  TableRows rows(text, file_.string());
  const std::size_t name = column_of(rows, file_, columns.name);
  const std::size_t group = columns.group.empty() ? 0 : column_of(rows, file_, columns.group);
  std::vector<std::size_t> answers;
  for (const std::string& answer : columns.answers.all()) answers.push_back(column_of(rows, file_, answer));
  std::vector<Spread> spreads(columns.answers.targets.size());
  for (std::vector<std::string> cells; rows.next(cells);) {
    FileAnswer answer{.label = {}, .targets = {}, .line = rows.line()};
    if (spreads.empty()) answer.label = label_cell(rows, file_, cells, answers[0]);
    for (std::size_t t = 0; t < spreads.size(); ++t)
      answer.targets.push_back(spreads[t].add(finite_cell(rows, file_, cells, answers[t])));
    if (!columns.group.empty())
      answer.group = groups.emplace(cells[group], static_cast<std::uint32_t>(groups.size())).first->second;
    if (cells[name].empty()) throw DataError(file_.string() + ":" + std::to_string(rows.line()), "the name of the file is empty");
    const std::string file = fs::path(cells[name]).lexically_normal().generic_string();
    const auto [at, is_new] = rows_.try_emplace(file, Row{std::move(answer)});
    if (!is_new)
      throw DataError(file_.string() + ":" + std::to_string(rows.line()),
                      "names '" + file + "', as line " + std::to_string(at->second.answer.line) + " does");
  }
  if (rows_.empty()) throw DataError(file_, "holds no row");
  for (std::size_t t = 0; t < spreads.size(); ++t)
    if (const auto note = spreads[t].lost(columns.answers.targets[t], file_)) notes_.push_back(*note);
}

const FileAnswer* FileAnswers::find(const std::string& relative) {
  auto row = rows_.find(relative);
  if (row == rows_.end()) {  // many tables leave the ending out
    row = rows_.find(fs::path(relative).replace_extension().generic_string());
    if (row == rows_.end()) return nullptr;
    if (row->second.found)
      throw DataError(file_.string() + ":" + std::to_string(row->second.answer.line),
                      "'" + row->first + "' may be two files, of which " + relative + " is one: add the ending");
  }
  row->second.found = true;
  return &row->second.answer;
}

void FileAnswers::refuse_absent(const fs::path& folder) const {
  const std::string* first = nullptr;
  int line = 0;
  std::size_t absent = 0;
  for (const auto& [name, row] : rows_) {
    if (row.found) continue;
    if (first == nullptr || row.answer.line < line) first = &name, line = row.answer.line;
    ++absent;
  }
  if (absent == 0) return;
  throw DataError(file_.string() + ":" + std::to_string(line),
                  "names '" + *first + "'" + (absent > 1 ? ", and " + std::to_string(absent - 1) + " more rows name files," : ",") + " which " + folder.string() +
                      " does not have: names are relative to the folder, such as yes/a.wav");
}

}  // namespace paretoforge
