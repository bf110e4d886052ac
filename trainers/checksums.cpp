// Files held against a list that sha256sum wrote.
#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <sstream>

#include "configs/files.hpp"
#include "trainers/data_files_internal.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

/// In 64 hexadecimal digits, read piece by piece.
std::string sha256_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw DataError(path, "no such file, and the list of checksums names it");
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  bool good = EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  for (std::array<char, 65536> piece; good && file;) {
    file.read(piece.data(), piece.size());
    good = EVP_DigestUpdate(context.get(), piece.data(), static_cast<std::size_t>(file.gcount())) == 1;
  }
  if (!good || file.bad() || EVP_DigestFinal_ex(context.get(), digest.data(), &length) != 1)
    throw DataError(path, "cannot be read to its end");
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    static constexpr char digits[] = "0123456789abcdef";
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 15];
  }
  return text;
}

void check_line(const fs::path& list, const std::string& line, int number) {
  const std::string where = "line " + std::to_string(number) + " is no line of sha256sum: '" + line + "'";
  const bool form = line.size() > 66 && line.find_first_not_of("0123456789abcdef") == 64 && line[64] == ' ' &&
                    (line[65] == ' ' || line[65] == '*');
  if (!form) throw DataError(list, where);
  const fs::path file = list.parent_path() / line.substr(66);
  if (const std::string found = sha256_of(file); found != line.substr(0, 64))
    throw DataError(file, "is not the file that " + list.string() + " names: SHA-256 " + found + " instead of " +
                              line.substr(0, 64));
}

}  // namespace

void check_sums(const Config& list) {
  located(list, [&] {
    const fs::path path = data_path(list);
    if (!fs::is_regular_file(path)) throw DataError(path, "no such file");
    std::istringstream lines(read_file(path, std::size_t{1} << 26));
    int number = 0, checked = 0;
    for (std::string line; std::getline(lines, line);) {
      ++number;
      if (line.empty()) continue;
      check_line(path, line, number);
      ++checked;
    }
    if (checked == 0) throw DataError(path, "lists no file");
  });
}

}  // namespace paretoforge
