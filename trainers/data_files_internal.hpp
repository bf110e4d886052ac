// Reading the files of data sets; errors are std::runtime_error with the file's name. Not public.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include "trainers/data.hpp"

namespace paretoforge {

class DataError : public std::runtime_error {
 public:
  DataError(const std::filesystem::path& file, const std::string& problem)
      : std::runtime_error(file.string() + ": " + problem) {}
};

Dataset read_fashion_mnist(const std::filesystem::path& folder);
Dataset read_cifar10(const std::filesystem::path& folder);

}  // namespace paretoforge
