#include "configs/temporary_folder.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace paretoforge {

TemporaryFolder::TemporaryFolder() {
  const std::filesystem::path among = std::filesystem::temp_directory_path();
  std::string name = (among / "paretoforge-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder can be made in " + among.string());
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace paretoforge
