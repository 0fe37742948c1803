#include "spec/ids.hpp"

#include "spec/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace pgexpand::spec {
namespace {

// `<schema>_<id>` must fit in the 63 bytes of a name.
constexpr std::size_t max_id_bytes = 40;

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string id_of_file(const std::string& file) {
  std::string name = std::filesystem::path(file).filename().string();
  constexpr std::string_view ending = ".yaml";
  if (name.ends_with(ending)) {
    name.resize(name.size() - ending.size());
  }
  return name;
}

void check_id(std::string_view id,
              const std::string& file,
              Diagnostics& findings) {
  const bool has_good_characters =
      !id.empty() && is_lower_or_digit(id.front()) &&
      std::ranges::all_of(
          id, [](char c) { return is_lower_or_digit(c) || c == '_'; });
  if (!has_good_characters) {
    findings.error({file, 0, 0, {}}, "spec.bad-id",
                   fmt::format("{} is no migration id", shown(id)),
                   "rename the file: a-z, 0-9 and _ only, not _ first");
  } else if (id.size() > max_id_bytes) {
    findings.error({file, 0, 0, {}}, "spec.bad-id",
                   fmt::format("migration id {} has {} bytes, the limit is {}",
                               shown(id), id.size(), max_id_bytes),
                   "rename the file");
  }
}

}  // namespace pgexpand::spec
