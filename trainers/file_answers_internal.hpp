// A table that says what the files of a folder show: a row for each file. Not public.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "trainers/table_columns_internal.hpp"

namespace paretoforge {

/// What one row says.
struct FileAnswer {
  std::string label;           ///< empty where there are targets
  std::vector<float> targets;  ///< empty where there is a label
  std::uint32_t group = 0;     ///< the same for rows of one group, also in other tables read through the same groups
  int line = 0;
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
  using Groups = std::map<std::string, std::uint32_t>;

  /// `table` is the key's value. Throws DataError at the table and its line: no such column, a file that is named twice, a
  /// cell that is empty or no number.
  FileAnswers(const Config& table, const FileColumns& columns, Groups& groups);

  /// The row of a file (its path relative to the folder, with '/'); null where no row names it.
  const FileAnswer* find(const std::string& relative);
  /// Throws DataError at the table: rows whose file was never asked for, so that `folder` does not have it.
  void refuse_absent(const std::filesystem::path& folder) const;
  /// About targets that float32 cannot hold well.
  const std::vector<std::string>& notes() const { return notes_; }
  const std::filesystem::path& file() const { return file_; }

 private:
  struct Row {
    FileAnswer answer;
    bool found = false;
  };

  std::filesystem::path file_;
  std::map<std::string, Row, std::less<>> rows_;
  std::vector<std::string> notes_;
};

}  // namespace paretoforge
