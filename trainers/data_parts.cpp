// From parts as read to one data set: what is drawn is drawn, names become labels, what does not fit is refused.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "configs/table_rows.hpp"
#include "space/random.hpp"
#include "trainers/data_files_internal.hpp"

namespace paretoforge {
namespace {

using Positions = std::vector<std::uint32_t>;

Part chosen(const Part& part, const Positions& positions) {
  Part result{
      .samples = selected(part.samples, positions), .names = {}, .groups = {}, .notes = {}, .numbered = part.numbered,
      .targets = part.targets, .first_places = part.first_places};
  for (const auto position : positions) {
    result.names.push_back(part.names[position]);
    if (!part.groups.empty()) result.groups.push_back(part.groups[position]);
  }
  return result;
}

/// A share of a list in random order: at least one, and at least one is left.
Positions first_of(Positions all, double share, Random& random) {
  random.shuffle(all);
  const auto count = static_cast<std::size_t>(std::llround(share * static_cast<double>(all.size())));
  all.resize(std::clamp<std::size_t>(count, 1, std::max<std::size_t>(all.size(), 2) - 1));
  return all;
}

/// Whole groups; or, where there are none, the share of each class that has two samples or more.
Positions drawn_positions(const Part& part, double share, std::uint64_t seed) {
  Random random(seed);
  Positions drawn;
  if (!part.groups.empty()) {
    const std::set<std::uint32_t> groups(part.groups.begin(), part.groups.end());
    const Positions taken = first_of({groups.begin(), groups.end()}, share, random);
    const std::set<std::uint32_t> in(taken.begin(), taken.end());
    for (std::uint32_t i = 0; i < part.size(); ++i)
      if (groups.size() > 1 && in.contains(part.groups[i])) drawn.push_back(i);
    return drawn;
  }
  std::map<std::string_view, Positions> by_class;
  for (std::uint32_t i = 0; i < part.size(); ++i) by_class[part.names[i]].push_back(i);
  for (const auto& [name, all] : by_class)
    if (all.size() > 1)
      for (const auto position : first_of(all, share, random)) drawn.push_back(position);
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

/// Takes the part that `rule` draws out of `from`.
Part take(Part& from, const Config& rule) {
  rule.allow({"share", "seed"});
  const double share = rule.at("share").number(1e-6, 1 - 1e-6);
  const auto seed = static_cast<std::uint64_t>(rule.has("seed") ? rule.at("seed").integer(0, INT64_MAX) : 1);
  const Positions drawn = drawn_positions(from, share, seed);
  if (drawn.empty())
    rule.fail("a share of " + std::to_string(from.size()) + " samples " +
                  (from.groups.empty() ? "of which no class has two" : "of one group") + " cannot be drawn",
              "name files instead");
  Positions left;
  for (std::uint32_t i = 0, at = 0; i < from.size(); ++i)
    if (at < drawn.size() && drawn[at] == i)
      ++at;
    else
      left.push_back(i);
  Part result = chosen(from, drawn);
  Part rest = chosen(from, left);
  rest.notes = std::move(from.notes);
  from = std::move(rest);
  return result;
}

/// In the order of their numbers where all are numbers, else of their letters.
std::vector<std::string> distinct(const std::vector<std::string>& names) {
  const std::set<std::string> all(names.begin(), names.end());
  std::vector<std::string> sorted(all.begin(), all.end());
  if (std::all_of(sorted.begin(), sorted.end(), [](const std::string& name) { return cell_number(name).has_value(); }))
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const std::string& a, const std::string& b) { return *cell_number(a) < *cell_number(b); });
  return sorted;
}

std::vector<std::string> class_names(const Config& section, const Part& train) {
  if (const auto listed = section.find("classes")) {
    std::vector<std::string> names;
    for (const Config& item : listed->items()) {
      if (std::find(names.begin(), names.end(), item.text()) != names.end())
        item.fail("the class '" + item.text() + "' is named twice");
      names.push_back(item.text());
    }
    if (names.size() < 2) listed->fail("a classifier needs two classes or more");
    return names;
  }
  std::vector<std::string> names = distinct(train.names);
  if (!train.numbered) return names;
  const double most = *cell_number(names.back());
  if (most + 1 > static_cast<double>(most_classes))
    section.fail("the labels go up to " + names.back(), "labels are 0 to " + std::to_string(most_classes - 1));
  std::vector<std::string> all;
  for (std::size_t label = 0; label <= static_cast<std::size_t>(most); ++label) all.push_back(std::to_string(label));
  return all;
}

void label(Part& part, const Config& section, const char* what, const std::vector<std::string>& classes) {
  std::map<std::string_view, std::size_t> position;
  for (std::size_t i = 0; i < classes.size(); ++i) position[classes[i]] = i;
  const std::string range = std::to_string(classes.size()) + " classes";
  for (std::size_t i = 0; i < part.size(); ++i) {
    const auto found = position.find(part.names[i]);
    const std::size_t number = part.numbered             ? static_cast<std::size_t>(*cell_number(part.names[i]))
                               : found == position.end() ? classes.size()
                                                         : found->second;
    if (number >= classes.size()) {
      const std::string near = part.numbered ? "" : nearest_name(part.names[i], classes);
      const auto place = part.first_places.find(part.names[i]);
      section.fail("label '" + part.names[i] + "' of sample " + std::to_string(i) + " of " + what +
                       (place == part.first_places.end() ? "" : " (first at " + place->second + ")") + " is out of range: there are " + range,
                   !near.empty()   ? "did you mean '" + near + "'?"
                   : part.numbered ? "labels count from 0; classes: [...] names them"
                                   : "classes are those of the training part, or what classes: [...] lists");
    }
    part.samples.labels.push_back(static_cast<Label>(number));
  }
}

void check_classes(const Config& section, const Part& train, const std::vector<std::string>& classes) {
  std::vector<std::size_t> count(classes.size());
  for (const Label l : train.samples.labels) ++count[l];
  for (std::size_t c = 0; c < classes.size(); ++c)
    if (count[c] == 0)
      section.fail("the class '" + classes[c] + "' has no training sample",
                   train.numbered ? "labels count from 0 without a gap"
                                  : "leave it out, or let the test and validation parts take fewer");
  if (classes.size() < 2) section.fail("all training samples are of one class, '" + classes.front() + "'");
}

/// The first target that is the same in all samples, within what float32 can divide by; nothing where all vary.
std::optional<std::string> constant_target(const Part& part) {
  const std::size_t targets = part.targets.size();
  for (std::size_t t = 0; t < targets; ++t) {
    const auto& values = part.samples.targets;
    float least = values[t], most = values[t];
    for (std::size_t i = t; i < values.size(); i += targets) least = std::min(least, values[i]), most = std::max(most, values[i]);
    if (double{most} - double{least} < least_deviation) return part.targets[t];
  }
  return std::nullopt;
}

void append(Part& to, Part&& from) {
  const auto extend = [](auto& a, auto& b) { a.insert(a.end(), b.begin(), b.end()); };
  extend(to.samples.pixels, from.samples.pixels);
  extend(to.samples.values, from.samples.values);
  extend(to.samples.labels, from.samples.labels);
  extend(to.samples.targets, from.samples.targets);
}

void check_part(const Config& section, const Part& train, const Part& part, const char* what) {
  if (part.size() == 0) section.fail(std::string(what) + " holds no sample");
  if (part.samples.shape != train.samples.shape)
    section.fail("the samples of train are " + to_string(train.samples.shape) + ", those of " + what + " " +
                 to_string(part.samples.shape));
  if (part.samples.values.empty() != train.samples.values.empty())
    section.fail(std::string("train and ") + what + " differ in type: bytes and numbers",
                 "bytes are pixels, 0 to 255; numbers enter as they are");
  if (part.targets.size() != train.targets.size())
    section.fail("the samples of train have " + std::to_string(train.targets.size()) + " targets, those of " + what + " " +
                 std::to_string(part.targets.size()));
}

/// Files that are named may share groups: that is for the user to know, not to refuse.
void note_shared_groups(Part& train, std::initializer_list<std::pair<const char*, const Part*>> others) {
  const std::set<std::uint32_t> known(train.groups.begin(), train.groups.end());
  for (const auto& [name, part] : others) {
    if (part == nullptr) continue;
    std::set<std::uint32_t> own(part->groups.begin(), part->groups.end());
    const std::size_t all = own.size();
    std::erase_if(own, [&](std::uint32_t group) { return !known.contains(group); });
    if (!own.empty())
      train.notes.push_back("groups in " + std::string(name) + ": " + std::to_string(all) + ", " + std::to_string(own.size()) +
                            " of them in train, too: scores there are not of groups never seen");
  }
}

/// Those that validate by seed.
std::vector<std::uint32_t> groups_to_draw(const Config& section, const Part& train) {
  if (!train.groups.empty() && std::equal(train.groups.begin() + 1, train.groups.end(), train.groups.begin()))
    section.fail_at_key("group", "all training samples are of one group: none can be held back to validate on",
                        "name files for 'validation', or another column");
  return train.groups;
}

/// What the parts' samples are: of classes, whose names become labels, or with targets.
class Answers {
 public:
  Answers(const Config& section, Part& train) : section_(section), targets_(train.targets) {
    if (regression() && section.has("classes")) section.fail_at_key("classes", "these data have targets: numbers, and no classes");
    if (!regression()) classes_ = class_names(section, train);
    give(train, "train");
    if (!regression()) check_classes(section, train, classes_);
  }

  void give(Part& part, const char* what) const {
    if (!regression()) return label(part, section_, what, classes_);
    if (const auto constant = constant_target(part))
      section_.fail("the target '" + *constant + "' is the same in all samples of " + what + ": nothing can be learnt or judged by it",
                    "numbers are kept in float32, of about 7 digits: take a constant off those that differ behind them");
    part.samples.labels.assign(part.size(), 0);
  }

  bool regression() const { return !targets_.empty(); }
  const std::vector<std::string>& classes() const { return classes_; }
  const std::vector<std::string>& targets() const { return targets_; }

 private:
  const Config& section_;
  std::vector<std::string> classes_, targets_;
};

}  // namespace

Images labelled(Part part, std::size_t classes, const std::filesystem::path& file) {
  for (std::size_t i = 0; i < part.size(); ++i) {
    const auto label = static_cast<std::size_t>(*cell_number(part.names[i]));
    if (label >= classes)
      throw DataError(file, "label " + part.names[i] + " of sample " + std::to_string(i) +
                                " is out of range: there are " + std::to_string(classes) + " classes");
    part.samples.labels.push_back(static_cast<Label>(label));
  }
  return std::move(part.samples);
}

bool is_drawn(const Config& part) { return part.is_map() && part.has("share"); }

Dataset joined(const Config& section, Part train, std::optional<Part> validation, std::optional<Part> test) {
  const Config test_rule = section.at("test");
  const auto validation_rule = section.find("validation");
  check_part(section, train, train, "train");
  if (!test) test = take(train, test_rule);
  if (validation_rule && !validation) validation = take(train, *validation_rule);
  Dataset data;
  data.name = section.at("kind").text() + " data";
  const Answers answers(section, train);
  data.classes = answers.classes();
  data.targets = answers.targets();
  check_part(section, train, *test, "test");
  answers.give(*test, "test");
  note_shared_groups(train, {{"test", &*test}, {"validation", validation ? &*validation : nullptr}});
  if (!validation) data.groups = groups_to_draw(section, train);
  if (validation) {
    check_part(section, train, *validation, "validation");
    answers.give(*validation, "validation");
    const auto first = static_cast<std::uint32_t>(train.size());
    data.validation.resize(validation->size());
    std::iota(data.validation.begin(), data.validation.end(), first);
    append(train, std::move(*validation));
  }
  data.shape = train.samples.shape;
  for (const Part* part : {&train, &*test}) data.notes.insert(data.notes.end(), part->notes.begin(), part->notes.end());
  data.train = std::move(train.samples);
  data.test = std::move(test->samples);
  return data;
}

Dataset joined(const Config& section, const std::function<Part(const Config&)>& read) {
  const auto part = [&](const Config& named) { return located(named, [&] { return read(named); }); };
  const auto given = [&](const char* key) -> std::optional<Part> {
    const auto named = section.find(key);
    if (!named || is_drawn(*named)) return std::nullopt;
    return part(*named);
  };
  Part train = part(section.at("train"));
  if (!section.has("test"))
    section.fail("'test' is missing: what the finished networks are judged on",
                 "name files, or  test: {share: 0.2, seed: 1}  draws it");
  auto validation = given("validation"), test = given("test");
  return joined(section, std::move(train), std::move(validation), std::move(test));
}

}  // namespace paretoforge
