#include "cli/commands/live.hpp"

#include "pgexpand/base/error.hpp"

#include <fmt/format.h>

namespace pgexpand::cli {

state::Migration get_under_way(state::Store& store, const std::string& id) {
  const auto found = store.read_version() ? store.migration(id) : std::nullopt;
  if (!found) {
    throw Error(ErrorKind::usage, "cli.never-started",
                fmt::format("{} was never started in this database", id))
        .hint("run `pgexpand status` to see what was");
  }
  if (found->status != state::Status::in_progress) {
    throw Error(ErrorKind::refused, "cli.not-under-way",
                fmt::format("{} is {}", id, state::name(found->status)))
        .hint("run `pgexpand status` to see what is under way");
  }
  return *found;
}

}  // namespace pgexpand::cli
