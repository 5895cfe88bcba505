// tests/support/temporary_folder.hpp: a folder that goes away with its owner.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace tensorgate::test {

class temporary_folder {
 public:
  temporary_folder() : path_((std::filesystem::temp_directory_path() / "tensorgate-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp");
  }
  temporary_folder(temporary_folder const&)            = delete;
  temporary_folder& operator=(temporary_folder const&) = delete;
  ~temporary_folder() {
    std::error_code left;
    std::filesystem::remove_all(path_, left);
  }

  [[nodiscard]] std::string const& path() const noexcept { return path_; }
  [[nodiscard]] std::string        operator/(std::string const& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace tensorgate::test
