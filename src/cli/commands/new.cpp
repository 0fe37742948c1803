#include "cli/commands.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <fstream>
#include <memory>

namespace pgexpand::cli {
namespace {

constexpr std::size_t longest_id = 40;
constexpr const char* schema_file = "pgexpand.schema.json";

constexpr const char* lesson =
    R"(# What this migration is for, in one line.
description: {0}

# One file is one migration; its id is the file's name. Check it with
# `pgexpand lint`, look at what it would do with `pgexpand plan {1}`,
# run it with `pgexpand apply`. Every operation has a page in docs/operations.
#
# `up` computes the new value from the row as it is before the migration.
operations:
  - add_column:
      table: orders
      column: status_v2
      type: varchar(50)
      up: status
)";

std::string id_for(const std::string& name,
                   std::chrono::system_clock::time_point now) {
  std::string id =
      fmt::format("{:%Y%m%d%H%M%S}_",
                  fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
  for (const char byte : name) {
    const bool is_upper = byte >= 'A' && byte <= 'Z';
    id += is_upper ? static_cast<char>(byte - 'A' + 'a')
                   : (byte == '-' || byte == ' ' ? '_' : byte);
  }
  const auto is_legal = [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           byte == '_';
  };
  if (name.empty() || !std::ranges::all_of(id, is_legal)) {
    throw Error(ErrorKind::usage, "new.bad-name",
                fmt::format("\"{}\" cannot be part of a file name", name))
        .hint("use letters, digits and _");
  }
  if (id.size() > longest_id) {
    throw Error(ErrorKind::usage, "new.long-name",
                fmt::format("{} is longer than {} bytes", id, longest_id))
        .hint("choose a shorter name");
  }
  return id;
}

std::string text_for(const std::string& id,
                     const std::string& name,
                     const std::filesystem::path& folder) {
  std::error_code ignored;
  const std::string schema_line =
      std::filesystem::exists(folder / schema_file, ignored)
          ? fmt::format("# yaml-language-server: $schema={}\n", schema_file)
          : "";
  return schema_line + fmt::format(fmt::runtime(lesson), name, id);
}

int run_new(Invocation& invocation, const std::string& name) {
  const std::string id = id_for(name, invocation.environment().now());
  const auto folder = invocation.spec_folder();
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  const auto path = folder / (id + ".yaml");
  std::string shown = invocation.spec_folder_shown() + "/" + id + ".yaml";
  if (std::filesystem::exists(path, problem)) {
    throw Error(ErrorKind::usage, "new.exists",
                fmt::format("{} is there already", shown))
        .hint("choose another name");
  }
  std::ofstream file(path);
  file << text_for(id, name, folder) << std::flush;
  if (!file) {
    throw Error(ErrorKind::usage, "new.cannot-write",
                fmt::format("cannot write {}", shown))
        .hint("check the rights of the folder, or name another with --dir");
  }
  invocation.body["id"] = id;
  invocation.body["file"] = shown;
  if (!invocation.json()) {
    fmt::print(invocation.out(), "{}\n", shown);
  }
  return 0;
}

}  // namespace

Command new_command(Invocation& invocation) {
  auto name = std::make_shared<std::string>();
  return {.name = "new",
          .help = "Write the file of a new migration",
          .parameters = {{.name = "name",
                          .help = "A short name, such as orders_status",
                          .target = name.get(),
                          .required = true}},
          .action = [name, &invocation] { return run_new(invocation, *name); }};
}

}  // namespace pgexpand::cli
