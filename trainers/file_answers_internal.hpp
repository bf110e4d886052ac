// A table that says what the files of a folder show: a row for each file. Not public.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "trainers/table_columns_internal.hpp"

namespace paretoforge {

/// What one row says.
struct FileAnswer {
  std::string label;           ///< empty where there are targets
  std::vector<float> targets;  ///< empty where there is a label
  std::uint32_t group = 0;
};

/// Which columns to read.
struct FileColumns {
  std::string name = "file_name";  ///< as the field's image and audio folders call it
  AnswerColumns answers;
  std::string group;  ///< empty: none

  /// The keys table ({file, name}, or a path alone), label, target and group of a section. Throws ConfigError.
  static FileColumns read(const Config& section);
};

/// The rows of one table by the file that they name, relative to the folder, with its ending or without.
class FileAnswers {
 public:
  /// `table` is the key's value; where it names no column of names, that of `columns` counts. Throws DataError at the table
  /// and its line: no such column, a file that is named twice, a cell that is empty or no number.
  FileAnswers(const Config& table, const FileColumns& columns, Groups& groups);

  /// The row of a file (its path relative to the folder, with '/'); null where no row names it. Throws DataError: a name
  /// without ending that may be two files.
  const FileAnswer* find(const std::string& relative);
  /// Once all `files` of the folder with one of the endings were asked for: throws DataError at the table where a row names
  /// none of them, with the reason.
  void refuse_absent(const std::filesystem::path& folder, const std::string& endings,
                     const std::vector<std::string>& files) const;
  /// About targets that float32 cannot hold well.
  const std::vector<std::string>& notes() const { return notes_; }
  /// By label: FILE:LINE of its first row.
  const std::map<std::string, std::string>& first_places() const { return first_places_; }
  const std::filesystem::path& file() const { return file_; }

 private:
  struct Row {
    FileAnswer answer;
    int line = 0;
    bool exact = false;      ///< found with its ending
    std::string found = {};  ///< the file found without
  };

  std::string place(const Row& row) const { return file_.string() + ":" + std::to_string(row.line); }

  std::filesystem::path file_;
  std::map<std::string, Row> rows_;
  std::vector<std::string> notes_;
  std::map<std::string, std::string> first_places_;
};

}  // namespace paretoforge
