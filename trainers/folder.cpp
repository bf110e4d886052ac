// Folders of files, one sample a file: which files there are, their classes, and which part each belongs to.
#include <fnmatch.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>

#include "configs/files.hpp"
#include "trainers/file_answers_internal.hpp"
#include "trainers/folder_internal.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

struct LabelledFile {
  fs::path path;
  std::string relative;  ///< to the folder, with '/'
  FileAnswer answer;
};

bool hidden(const fs::path& name) { return name.string().starts_with('.') || name.string().starts_with('_'); }

bool ends_with_one_of(const fs::path& file, std::span<const std::string_view> endings) {
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

/// Files below `folder` with one of the endings, in the order of their names; what begins with . or _ is passed over
/// (such as _background_noise_). `class_folders` gets the names of the folders right below.
std::vector<fs::path> files_below(const fs::path& folder, std::span<const std::string_view> endings,
                                  std::set<std::string>& class_folders) {
  if (!fs::is_directory(folder)) throw DataError(folder, "no such folder");
  std::vector<fs::path> files;
  for (auto at = fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink);
       at != fs::recursive_directory_iterator(); ++at) {
    const bool is_folder = at->is_directory();
    if (hidden(at->path().filename())) {
      if (is_folder) at.disable_recursion_pending();
      continue;
    }
    if (is_folder && at.depth() == 0) class_folders.insert(at->path().filename().string());
    if (!is_folder && ends_with_one_of(at->path(), endings)) files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class Folder {
 public:
  Folder(const Config& section, std::span<const std::string_view> endings) : section_(section), endings_(endings) {
    if (section.has("table")) {
      columns_ = FileColumns::read(section);
    } else {
      for (const char* key : {"target", "group"})
        if (section.has(key)) section.fail_at_key(key, "names a column of a table, and there is none", "such as  table: labels.csv");
      by_name_ = section.has("label") && section.at("label").one_of({"folder", "name"}) == "name";
    }
    // Of targets they are refused later on.
    if (const auto classes = section.find("classes"); classes && targets().empty())
      for (const Config& item : classes->items()) wanted_.insert(item.text());
  }

  /// The labelled files of the folder that the section or a part of it names, with the table beside it; those that no row
  /// names and those of classes that are not wanted are counted.
  std::vector<LabelledFile> files(const Config& part) {
    const Config named = part.at("folder");
    if (!columns_ && part.has("table")) part.fail_at_key("table", "the section itself has no table, which says what its columns are", "such as  table: labels.csv");
    return located(named, [&] { return columns_ ? files_of_table(part, data_path(named)) : files_of_classes(data_path(named)); });
  }

  const std::map<std::string, std::string>& first_places() const { return first_places_; }
  const std::vector<std::string>& targets() const {
    static const std::vector<std::string> none;
    return columns_ ? columns_->answers.targets : none;
  }
  bool grouped() const { return columns_ && !columns_->group.empty(); }
  /// What was left out, and what of the tables the user should know.
  std::vector<std::string> notes() const {
    std::vector<std::string> notes = notes_;
    if (passed_over_ > 0) notes.push_back(std::to_string(passed_over_) + " of its files are of classes that are not named");
    if (unnamed_ > 0) notes.push_back(std::to_string(unnamed_) + " of its files are in no row of the table");
    return notes;
  }

 private:
  std::vector<LabelledFile> files_of_classes(const fs::path& folder) {
    std::set<std::string> class_folders;
    std::vector<LabelledFile> all;
    for (const fs::path& path : files_below(folder, endings_, class_folders)) {
      const std::string relative = path.lexically_relative(folder).generic_string();
      std::string label = label_of(path, relative);
      first_places_.try_emplace(label, path.string());
      if (!by_name_) class_folders.erase(label);
      add(all, {path, relative, {.label = std::move(label), .targets = {}}});
    }
    for (const std::string& empty : class_folders)
      if (!by_name_ && (wanted_.empty() || wanted_.contains(empty)))
        throw DataError(folder / empty, "the class holds no " + endings_text() + " file");
    refuse_none(all, folder);
    return all;
  }

  std::vector<LabelledFile> files_of_table(const Config& part, const fs::path& folder) {
    const auto table = part.find("table");
    if (!table) part.fail("the folder has no table: what its files show", "such as  {folder: test, table: test.csv}");
    std::set<std::string> folders;
    const std::vector<fs::path> paths = files_below(folder, endings_, folders);
    return located(*table, [&] {
      FileAnswers answers(*table, *columns_, groups_);
      notes_.insert(notes_.end(), answers.notes().begin(), answers.notes().end());
      first_places_.insert(answers.first_places().begin(), answers.first_places().end());
      std::vector<std::string> names;
      std::vector<LabelledFile> all;
      for (const fs::path& path : paths) {
        names.push_back(path.lexically_relative(folder).generic_string());
        if (const FileAnswer* answer = answers.find(names.back())) add(all, {path, names.back(), *answer});
        else ++unnamed_;
      }
      answers.refuse_absent(folder, endings_text(), names);
      refuse_none(all, folder);
      return all;
    });
  }

  void add(std::vector<LabelledFile>& all, LabelledFile file) {
    if (wanted_.empty() || wanted_.contains(file.answer.label)) return all.push_back(std::move(file));
    ++passed_over_;
    if (unwanted_.size() < 10) unwanted_.insert(file.answer.label);
  }

  void refuse_none(const std::vector<LabelledFile>& all, const fs::path& folder) const {
    if (!all.empty()) return;
    std::string found;
    for (const std::string& label : unwanted_) found += (found.empty() ? " of the classes named: there are " : ", ") + label;
    throw DataError(folder, "holds no " + endings_text() + " file" + found);
  }

  std::string label_of(const fs::path& path, const std::string& relative) const {
    const std::string name = path.stem().string();
    const std::size_t end = by_name_ ? name.find('_') : relative.find('/');
    if (end == std::string::npos && by_name_)
      throw DataError(path, "its name has no label: label: name takes what stands before the first _");
    if (end == std::string::npos)
      throw DataError(path,
                      "lies in no class's folder: label: folder takes the name of the folder (label: name, what stands "
                      "before the first _)");
    return (by_name_ ? name : relative).substr(0, end);
  }
  std::string endings_text() const {
    std::string text;
    for (const auto ending : endings_) text += (text.empty() ? "" : " or ") + std::string(ending);
    return text;
  }

  const Config& section_;
  std::span<const std::string_view> endings_;
  std::optional<FileColumns> columns_;  ///< where a table says what files show
  Groups groups_;
  bool by_name_ = false;
  std::set<std::string> wanted_, unwanted_;  ///< classes; of the others the first ones seen
  std::size_t passed_over_ = 0, unnamed_ = 0;
  std::map<std::string, std::string> first_places_;  ///< by label: a row of a table, or a file
  std::vector<std::string> notes_;
};

/// The relative names that a list file gives, one a line.
std::set<std::string> listed(const Config& list) {
  return located(list, [&] {
    const fs::path path = data_path(list);
    if (!fs::is_regular_file(path)) throw DataError(path, "no such file");
    std::istringstream lines(read_file(path, std::size_t{1} << 28));
    std::set<std::string> names;
    for (std::string line; std::getline(lines, line);) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) names.insert(fs::path(line).lexically_normal().generic_string());
    }
    if (names.empty()) throw DataError(path, "lists no file");
    return names;
  });
}

/// Files of classes that are not wanted may be listed, those that are not there may not.
void refuse_absent(const Config& list, const std::set<std::string>& names, const fs::path& folder) {
  std::vector<std::string> absent;
  for (const std::string& name : names)
    if (!fs::exists(folder / name)) absent.push_back(name);
  if (!absent.empty())
    list.fail(data_path(list).string() + " lists " + absent.front() + (absent.size() > 1 ? " and " + std::to_string(absent.size() - 1) + " more" : "") + ", which " + folder.string() + " does not have",
              "names are relative to the folder, such as yes/a.wav");
}

/// Moves what `rule` chooses out of `from`: a list of names, or a pattern that names (or paths below the folder) match.
std::vector<LabelledFile> taken(std::vector<LabelledFile>& from, const Config& rule, const fs::path& folder) {
  rule.allow({"list", "match", "folder", "share", "seed"});
  std::set<std::string> names;
  if (const auto list = rule.find("list")) {
    names = listed(*list);
    refuse_absent(*list, names, folder);
  }
  const std::string pattern = rule.has("match") ? rule.at("match").text() : "";
  if (rule.entries().size() != 1) rule.fail("a part is chosen in one way: list, match, folder, or share and seed");
  const auto chosen = [&](const LabelledFile& file) {
    if (pattern.empty()) return names.contains(file.relative);
    return fnmatch(pattern.c_str(), file.relative.c_str(), 0) == 0 ||
           fnmatch(pattern.c_str(), file.path.filename().c_str(), 0) == 0;
  };
  std::vector<LabelledFile> left, result;
  for (LabelledFile& file : from) (chosen(file) ? result : left).push_back(std::move(file));
  from = std::move(left);
  if (result.empty())
    rule.fail("no file of the folder is chosen",
              "names are relative to the folder, such as yes/a.wav; match takes * ? [0-4]");
  return result;
}

/// Reads the files of a part; keeps count of the damaged ones.
class PartReader {
 public:
  PartReader(const Config& section, const Folder& folder, const Shape& shape, const ReadSample& read)
      : section_(section), folder_(folder), shape_(shape), read_(read) {
    if (const auto allowed = section.find("damaged")) allowed_ = allowed->number(0, 1);
  }

  Part read(const std::vector<LabelledFile>& files) {
    Part part;
    part.samples.shape = shape_;
    part.targets = folder_.targets();
    part.first_places = folder_.first_places();
    for (const LabelledFile& file : files) {
      if (!seen_.insert(file.path.lexically_normal()).second) section_.fail(file.path.string() + " is in two parts");
      try {
        read_(file.path, part.samples);
        part.names.push_back(file.answer.label);
        part.samples.targets.insert(part.samples.targets.end(), file.answer.targets.begin(), file.answer.targets.end());
        if (folder_.grouped()) part.groups.push_back(file.answer.group);
      } catch (const DataError& problem) {
        if (damaged_++ == 0) first_ = problem.what();
        refuse_above(files.size());
      }
    }
    return part;
  }

  std::optional<std::string> note() const {
    if (damaged_ == 0) return std::nullopt;
    return std::to_string(damaged_) + " damaged " + (damaged_ == 1 ? "file is" : "files are") +
           " left out, the first: " + first_;
  }

 private:
  void refuse_above(std::size_t files) const {
    if (static_cast<double>(damaged_) <= allowed_ * static_cast<double>(files)) return;
    section_.fail(first_, std::to_string(damaged_) + " of " + std::to_string(files) +
                              " files cannot be read so far; damaged: 0.01 is the share that may be left out");
  }

  const Config& section_;
  const Folder& folder_;
  const Shape shape_;
  const ReadSample& read_;
  double allowed_ = 0.01;
  std::set<fs::path> seen_;
  std::size_t damaged_ = 0;
  std::string first_;
};

}  // namespace

Dataset read_folder(const Config& section, std::initializer_list<std::string_view> endings, const Shape& shape,
                    const ReadSample& read) {
  Folder folder(section, std::span(endings.begin(), endings.size()));
  std::vector<LabelledFile> train = folder.files(section);
  if (!section.has("test"))
    section.fail("'test' is missing: what the finished networks are judged on",
                 "test: {folder: ...}, {list: FILE}, {match: '*_[0-4].wav'} or {share: 0.2, seed: 1}");
  PartReader reader(section, folder, shape, read);
  const auto given = [&](const char* key) -> std::optional<Part> {
    const auto rule = section.find(key);
    if (!rule || is_drawn(*rule)) return std::nullopt;
    if (rule->is_map() && rule->has("folder")) {
      rule->allow({"folder", "table"});
      return reader.read(folder.files(*rule));
    }
    return reader.read(taken(train, *rule, data_path(section.at("folder"))));
  };
  auto test = given("test"), validation = given("validation");
  Part part = reader.read(train);
  if (const auto note = reader.note()) part.notes.push_back(*note);
  for (std::string& note : folder.notes()) part.notes.push_back(std::move(note));
  return joined(section, std::move(part), std::move(validation), std::move(test));
}

}  // namespace paretoforge
