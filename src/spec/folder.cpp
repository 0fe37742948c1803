// Reading a folder of specs: the only place in this module that touches files.
#include "pgexpand/base/error.hpp"
#include "pgexpand/spec/migration_spec.hpp"
#include "spec/dependencies.hpp"
#include "spec/ids.hpp"
#include "spec/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>

namespace pgexpand::spec {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void throw_unreadable(const std::string& folder,
                                   const std::error_code& failure) {
  throw Error(ErrorKind::usage, "spec.no-folder",
              fmt::format("folder {} cannot be read: {}", shown(folder),
                          failure.message()))
      .hint("name the folder of the specs with --dir, or run pgexpand new");
}

bool is_yaml_name(std::string name) {
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name.ends_with(".yaml") || name.ends_with(".yml");
}

std::vector<fs::path> yaml_files(const std::string& folder) {
  std::error_code failure;
  std::vector<fs::path> files;
  fs::directory_iterator at(folder, failure);
  for (; !failure && at != fs::directory_iterator(); at.increment(failure)) {
    if (is_yaml_name(at->path().filename().string())) {
      files.push_back(at->path());
    }
  }
  if (failure) {
    throw_unreadable(folder, failure);
  }
  return files;
}

bool is_spec(const fs::path& path, Diagnostics& findings) {
  const Location whole_file{path.string(), 0, 0, {}};
  const std::string name = path.filename().string();
  if (!name.ends_with(".yaml")) {
    findings.error(whole_file, "spec.stray-file",
                   fmt::format("file {} does not end in .yaml", shown(name)),
                   "rename it to end in .yaml, or move it away");
    return false;
  }
  std::error_code failure;
  if (!fs::is_regular_file(path, failure)) {
    findings.error(whole_file, "spec.stray-file",
                   fmt::format("{} is not a file", shown(name)),
                   "move it away");
    return false;
  }
  return true;
}

std::optional<std::string> read_file(const fs::path& path,
                                     Diagnostics& findings) {
  std::error_code failure;
  const auto size = fs::file_size(path, failure);
  // One byte over the limit is enough for the finding.
  const auto wanted = std::min<std::uintmax_t>(size, max_file_bytes + 1);
  std::string text(failure ? 0 : static_cast<std::size_t>(wanted), '\0');
  std::ifstream stream(path, std::ios::binary);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (failure || !stream.is_open() || stream.bad()) {
    findings.error(
        {path.string(), 0, 0, {}}, "spec.unreadable",
        fmt::format("file {} cannot be read", shown(path.filename().string())),
        "check its permissions");
    return std::nullopt;
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace

std::vector<MigrationSpec> load_folder(const std::string& folder,
                                       Diagnostics& findings) {
  std::vector<fs::path> files = yaml_files(folder);
  std::ranges::sort(files, {}, [](const fs::path& path) {
    return id_of_file(path.string());
  });
  std::vector<MigrationSpec> specs;
  std::vector<std::string> ids;
  for (const fs::path& path : files) {
    if (!is_spec(path, findings)) {
      continue;
    }
    ids.push_back(id_of_file(path.string()));
    if (const auto text = read_file(path, findings)) {
      if (auto spec = parse(*text, path.string(), findings)) {
        specs.push_back(*std::move(spec));
      }
    }
  }
  check_dependencies(specs, ids, findings);
  return specs;
}

}  // namespace pgexpand::spec
