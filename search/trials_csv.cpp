// Trials as CSV, and files replaced in one step.
#include "search/trials_csv.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "configs/table.hpp"
#include "search/store.hpp"

namespace paretoforge {

std::string trials_csv(const Space& space, std::span<const Criterion> criteria, std::span<const Trial> trials) {
  std::string text = "trial,state";
  for (const Decision& decision : space.decisions()) text += ',' + csv_field(decision.name);
  for (const Criterion& criterion : criteria) text += ',' + csv_field(criterion.name);
  text += ",seconds,message\n";
  for (const Trial& trial : trials) {
    text += std::to_string(trial.number) + ',' + std::string(state_name(trial.state));
    for (const std::string& label : space.labels(trial.architecture)) text += ',' + csv_field(label);
    for (const auto& value : trial.values) text += ',' + (value ? number_text(*value) : "");
    text += ',' + number_text(std::round(trial.seconds * 1000) / 1000) + ',' + csv_field(trial.message) + '\n';
  }
  return text;
}

void replace_file(const std::filesystem::path& path, const std::string& content) {
  const std::string temporary = path.string() + ".new";
  const auto fail = [&] {
    const std::string why = std::strerror(errno);
    ::unlink(temporary.c_str());
    throw StoreError("error: cannot write " + path.string() + ": " + why);
  };
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) fail();
  bool good = true;
  for (std::size_t written = 0; good && written < content.size();) {
    const auto count = ::write(file, content.data() + written, content.size() - written);
    if (count < 0 && errno == EINTR) continue;
    good = count > 0;
    if (good) written += static_cast<std::size_t>(count);
  }
  good = good && ::fsync(file) == 0;
  const int reason = errno;
  ::close(file);
  errno = reason;
  if (!good || ::rename(temporary.c_str(), path.c_str()) != 0) fail();
}

}  // namespace paretoforge
