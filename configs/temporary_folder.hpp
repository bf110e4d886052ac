// A place for files that others are to read or write for a while.
#pragma once

#include <filesystem>

namespace paretoforge {

/// A folder of its own among the system's temporary ones (TMPDIR), gone with all that is in it when this is. Throws
/// std::runtime_error where none can be made.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace paretoforge
