#include "trainers/file_answers_internal.hpp"

#include <algorithm>

#include "configs/files.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_bytes = std::size_t{1} << 30;

std::string without_ending(const std::string& name) { return fs::path(name).replace_extension().generic_string(); }

/// Why a file that a row names is not among `files`, those of the folder that are read.
std::string why_absent(const std::string& name, const fs::path& folder, const std::string& endings,
                       const std::vector<std::string>& files) {
  for (const std::string& file : files)
    if (without_ending(file) == name) return "which another row names as '" + file + "'";
  if (fs::path(name).is_absolute() || name.starts_with("../"))
    return "which is not relative to " + folder.string() + ": names are, such as yes/a.wav";
  if (fs::exists(folder / name))
    return "which " + folder.string() + " has, and which is passed over: names end in " + endings + ", and begin with neither . nor _";
  const std::string near = nearest_name(name, files);
  return "which " + folder.string() + " does not have" +
         (near.empty() ? ": names are relative to the folder, such as yes/a.wav" : "; did you mean '" + near + "'?");
}

}  // namespace

FileColumns FileColumns::read(const Config& section) {
  const Config table = section.at("table");
  FileColumns columns{.answers = AnswerColumns::read(section), .group = group_column(section)};
  if (table.is_map()) columns.name = table.text_or("name", columns.name);
  return columns;
}

FileAnswers::FileAnswers(const Config& table, const FileColumns& columns, Groups& groups) {
  if (table.is_map()) table.allow({"file", "name"});
  file_ = data_path(table.is_map() ? table.at("file") : table);
  if (!fs::is_regular_file(file_)) throw DataError(file_, "no such file");
  const std::string text = read_file(file_, most_bytes);
  TableRows rows(text, file_.string());
  const std::size_t name = column_of(rows, file_, table.is_map() ? table.text_or("name", columns.name) : columns.name);
  const std::size_t group = columns.group.empty() ? 0 : column_of(rows, file_, columns.group);
  std::vector<std::size_t> answers;
  for (const std::string& answer : columns.answers.all()) answers.push_back(column_of(rows, file_, answer));
  std::vector<Spread> spreads(columns.answers.targets.size());
  for (std::vector<std::string> cells; rows.next(cells);) {
    Row row{.answer = {}, .line = rows.line()};
    if (spreads.empty()) row.answer.label = text_cell(rows, file_, cells, answers[0], "label");
    if (!first_places_.contains(row.answer.label)) first_places_.emplace(row.answer.label, place(row));
    for (std::size_t t = 0; t < spreads.size(); ++t)
      row.answer.targets.push_back(spreads[t].add(finite_cell(rows, file_, cells, answers[t])));
    if (!columns.group.empty()) row.answer.group = group_number(groups, text_cell(rows, file_, cells, group, "group"));
    const std::string file = fs::path(text_cell(rows, file_, cells, name, "name of the file")).lexically_normal().generic_string();
    const auto [at, is_new] = rows_.try_emplace(file, std::move(row));
    if (!is_new) throw DataError(row_of(rows, file_), "names '" + file + "', as line " + std::to_string(at->second.line) + " does");
  }
  if (rows_.empty()) throw DataError(file_, "holds no row");
  for (std::size_t t = 0; t < spreads.size(); ++t)
    if (const auto note = spreads[t].lost(columns.answers.targets[t], file_)) notes_.push_back(*note);
}

const FileAnswer* FileAnswers::find(const std::string& relative) {
  if (const auto exact = rows_.find(relative); exact != rows_.end()) {
    exact->second.exact = true;
    return &exact->second.answer;
  }
  const auto row = rows_.find(without_ending(relative));  // many tables leave the ending out
  if (row == rows_.end() || row->second.exact) return nullptr;
  if (!row->second.found.empty())
    throw DataError(place(row->second), "'" + row->first + "' may be " + row->second.found + " or " + relative + ": add the ending");
  row->second.found = relative;
  return &row->second.answer;
}

void FileAnswers::refuse_absent(const fs::path& folder, const std::string& endings, const std::vector<std::string>& files) const {
  std::vector<std::pair<int, std::string>> absent;
  for (const auto& [name, row] : rows_)
    if (!row.exact && row.found.empty()) absent.emplace_back(row.line, name);
  if (absent.empty()) return;
  const auto& [line, name] = *std::min_element(absent.begin(), absent.end());
  const std::string more = absent.size() > 1 ? " (and " + std::to_string(absent.size() - 1) + " other rows name files that are not read)" : "";
  throw DataError(file_.string() + ":" + std::to_string(line), "names '" + name + "', " + why_absent(name, folder, endings, files) + more);
}

}  // namespace paretoforge
