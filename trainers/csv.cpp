// Tables of numbers as data: a row is a sample, or consecutive rows are windows of a time series.
#include <algorithm>

#include "configs/files.hpp"
#include "trainers/table_columns_internal.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_bytes = std::size_t{1} << 33;

struct Windows {
  std::size_t length = 0;  ///< rows; 0: each row is a sample
  std::size_t step = 0;    ///< rows from one window's beginning to the next one's, at most length
};

/// What a section says beside its files.
struct CsvForm {
  Config section;
  AnswerColumns answers;
  std::vector<std::string> features;  ///< empty: all other columns
  std::string group;                  ///< empty: none
  Windows windows;
  std::optional<Shape> shape;  ///< of a row: an image in the order rows, columns, channels

  explicit CsvForm(const Config& from) : section(from), answers(AnswerColumns::read(from)) {
    group = group_column(from);
    if (const auto named = from.find("features"))
      for (const Config& item : named->items()) {
        if (std::find(features.begin(), features.end(), item.text()) != features.end()) item.fail("the feature '" + item.text() + "' is named twice");
        features.push_back(item.text());
      }
    if (const auto window = from.find("window")) {
      window->allow({"length", "step"});
      windows.length = static_cast<std::size_t>(window->at("length").integer(2, 1'000'000));
      windows.step =
          window->has("step")
              ? static_cast<std::size_t>(window->at("step").integer(1, static_cast<std::int64_t>(windows.length)))
              : windows.length;
    }
    if (const auto image = from.find("shape")) shape = read_shape(*image);
    if (shape && windows.length > 0) from.fail_at_key("shape", "a window has its own shape: columns x 1 x length");
    refuse_answer_as_feature(from);
  }

  /// A window may hold earlier values of what is to be predicted; a row that holds its target asks nothing.
  void refuse_answer_as_feature(const Config& from) const {
    for (const std::string& feature : features)
      if (windows.length == 0 && answers.contains(feature))
        from.fail_at_key("features", "the column '" + feature + "' is what is to be predicted, and a feature");
  }

  static Shape read_shape(const Config& list) {
    std::vector<std::int32_t> sizes;
    for (const Config& size : list.items()) sizes.push_back(static_cast<std::int32_t>(size.integer(1, 65536)));
    if (sizes.size() != 3) list.fail("a shape is [channels, height, width]");
    return {sizes[0], sizes[1], sizes[2]};
  }
};

/// What the columns of numbers are called in the first file that is read, and in which order samples have them. Files of all
/// parts have the same ones, in any order.
struct Columns {
  std::vector<std::string> names;
  fs::path file;

  void agree(const std::vector<std::string>& found, const fs::path& other) {
    if (names.empty()) names = found, file = other;
    const auto lacks = [](const std::vector<std::string>& some, const std::vector<std::string>& all) {
      return std::find_if(all.begin(), all.end(), [&](const std::string& name) { return std::find(some.begin(), some.end(), name) == some.end(); });
    };
    if (const auto missing = lacks(found, names); missing != names.end())
      throw DataError(other, "has no column '" + *missing + "', which " + file.string() + " has");
    if (const auto extra = lacks(names, found); extra != found.end())
      throw DataError(other, "has a column '" + *extra + "', which " + file.string() + " does not; name those that count in features");
  }
};

class CsvPart {
 public:
  CsvPart(const CsvForm& form, Columns& columns, Groups& groups) : form_(form), columns_(columns), groups_(groups) {}

  void read(const fs::path& file) {
    if (!fs::exists(file)) throw DataError(file, "no such file");
    const std::string text = read_file(file, most_bytes);
    TableRows rows(text, file.string());
    find_columns(rows, file);
    run_.clear(), run_label_.clear();
    for (std::vector<std::string> cells; rows.next(cells);) add(rows, file, cells);
  }

  Part finished(const fs::path& file) {
    if (part_.names.empty())
      throw DataError(file, form_.windows.length > 0 && rows_ > 0
                                ? "no window of " + std::to_string(form_.windows.length) +
                                      " rows fits: label or group change before, or rows are too few"
                                : "holds no row");
    part_.targets = form_.answers.targets;
    note_lost(file);
    const auto features = static_cast<std::int32_t>(features_.size());
    part_.samples.shape = form_.windows.length > 0 ? Shape{features, 1, static_cast<std::int32_t>(form_.windows.length)}
                                                   : form_.shape.value_or(Shape{features, 1, 1});
    if (part_.samples.shape.elements() !=
        features * static_cast<std::int64_t>(std::max<std::size_t>(1, form_.windows.length)))
      form_.section.fail_at_key("shape", "a row has " + std::to_string(features) + " numbers, the shape " +
                                             std::to_string(part_.samples.shape.elements()));
    return std::move(part_);
  }

 private:
  void note_lost(const fs::path& file) {
    std::vector<std::string> names = columns_.names;
    names.insert(names.end(), form_.answers.targets.begin(), form_.answers.targets.end());
    for (std::size_t i = 0; i < spreads_.size(); ++i)
      if (const auto note = spreads_[i].lost(names[i], file)) part_.notes.push_back(*note);
  }

  void find_columns(const TableRows& rows, const fs::path& file) {
    answers_.clear();
    for (const std::string& answer : form_.answers.all()) answers_.push_back(column_of(rows, file, answer));
    if (!form_.group.empty()) group_ = column_of(rows, file, form_.group);
    std::vector<std::string> names = form_.features;
    if (names.empty())
      for (const std::string& column : rows.columns())
        if (column != form_.group && !form_.answers.contains(column)) names.push_back(column);
    if (names.empty()) throw DataError(file, "has no column of numbers beside what is to be predicted");
    columns_.agree(names, file);
    features_.clear();
    for (const std::string& name : columns_.names) features_.push_back(column_of(rows, file, name));
  }

  void add(const TableRows& rows, const fs::path& file, const std::vector<std::string>& cells) {
    ++rows_;
    std::vector<float> numbers, targets;
    const bool labelled = !form_.answers.regression();
    spreads_.resize(features_.size() + (labelled ? 0 : answers_.size()));
    auto spread = spreads_.begin();
    for (const std::size_t column : features_) numbers.push_back((spread++)->add(finite_cell(rows, file, cells, column)));
    if (!labelled)
      for (const std::size_t column : answers_) targets.push_back((spread++)->add(finite_cell(rows, file, cells, column)));
    const std::string label = labelled ? text_cell(rows, file, cells, answers_[0], "label") : std::string();
    const std::uint32_t group =
        form_.group.empty() ? 0 : group_number(groups_, text_cell(rows, file, cells, group_, "group"));
    if (labelled && !part_.first_places.contains(label)) part_.first_places.emplace(label, row_of(rows, file));
    if (form_.windows.length == 0) return take(numbers, label, targets, group);
    // A window is of one label and one group: where either changes, the next one begins anew. Its targets are those of its last row.
    if (label != run_label_ || group != run_group_) run_.clear(), run_label_ = label, run_group_ = group;
    run_.push_back(std::move(numbers));
    if (run_.size() < form_.windows.length) return;
    std::vector<float> window;
    for (const auto& row : run_) window.insert(window.end(), row.begin(), row.end());
    take(window, label, targets, group);
    run_.erase(run_.begin(), run_.begin() + static_cast<std::ptrdiff_t>(form_.windows.step));
  }

  void take(const std::vector<float>& numbers, const std::string& label, const std::vector<float>& targets, std::uint32_t group) {
    part_.samples.values.insert(part_.samples.values.end(), numbers.begin(), numbers.end());
    part_.samples.targets.insert(part_.samples.targets.end(), targets.begin(), targets.end());
    part_.names.push_back(label);
    if (!form_.group.empty()) part_.groups.push_back(group);
  }

  const CsvForm& form_;
  Part part_;
  Columns& columns_;
  Groups& groups_;
  std::vector<std::size_t> features_;
  std::vector<std::size_t> answers_;  ///< the columns of the label, or of the targets
  std::size_t group_ = 0, rows_ = 0;
  std::vector<Spread> spreads_;  ///< of features, then targets
  std::vector<std::vector<float>> run_;  ///< the rows of one label and group that a window may still be made of
  std::string run_label_;
  std::uint32_t run_group_ = 0;
};

}  // namespace

Dataset read_csv(const Config& section) {
  section.allow(
      {"kind", "train", "test", "validation", "classes", "label", "target", "features", "group", "window", "shape", "checksums"});
  const CsvForm form(section);
  for (const char* part : {"test", "validation"})
    if (const auto rule = section.find(part); rule && is_drawn(*rule) && form.windows.length > 0 && form.group.empty())
      rule->fail("windows of one recording are alike: drawn at random they would stand in both parts",
                 "name a file, or the column that tells recordings or people apart:  group: COLUMN");
  Columns columns;
  Groups groups;
  return joined(section, [&](const Config& named) {
    CsvPart part(form, columns, groups);
    const auto files = data_paths(named);
    for (const fs::path& file : files) part.read(file);
    return part.finished(files.front());
  });
}

}  // namespace paretoforge
