// lint: everything about specs that can be said without a database.
#include "cli/commands.hpp"
#include "pgexpand/ops/operation.hpp"
#include "pgexpand/report/print.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <memory>

namespace pgexpand::cli {
namespace {

std::vector<spec::MigrationSpec> load_file(const std::string& path,
                                           const std::filesystem::path& place,
                                           Diagnostics& findings) {
  const auto text = read_file(place);
  if (!text) {
    throw Error(ErrorKind::usage, "lint.unreadable",
                fmt::format("cannot read {}", path))
        .hint("name a spec or a folder of specs");
  }
  std::vector<spec::MigrationSpec> specs;
  if (auto spec = spec::parse(*text, path, findings)) {
    specs.push_back(*std::move(spec));
  }
  return specs;
}

/// Returns how many specs there were.
std::size_t check(Invocation& invocation,
                  const std::string& path,
                  Diagnostics& findings) {
  const auto place = invocation.environment().folder / path;
  std::error_code ignored;
  const bool is_file = std::filesystem::is_regular_file(place, ignored);
  const auto specs = is_file ? load_file(path, place, findings)
                             : spec::load_folder(place.string(), findings);
  for (const spec::MigrationSpec& spec : specs) {
    static_cast<void>(ops::parse_operations(spec, findings));
  }
  return specs.size();
}

int run_lint(Invocation& invocation, std::vector<std::string> paths) {
  if (paths.empty()) {
    paths.push_back(invocation.spec_folder().string());
  }
  Diagnostics findings;
  std::size_t specs = 0;
  for (const std::string& path : paths) {
    specs += check(invocation, path, findings);
  }
  invocation.body["specs"] = specs;
  invocation.show_and_stop(findings);
  if (!invocation.json()) {
    fmt::print(invocation.out(), "{} {}, no error\n", specs,
               specs == 1 ? "spec" : "specs");
  }
  return 0;
}

}  // namespace

Command lint_command(Invocation& invocation) {
  auto paths = std::make_shared<std::vector<std::string>>();
  return {
      .name = "lint",
      .help = "Check specs without a database",
      .parameters = {{"path", "Specs or folders; default --dir", paths.get()}},
      .action = [paths, &invocation] { return run_lint(invocation, *paths); }};
}

}  // namespace pgexpand::cli
