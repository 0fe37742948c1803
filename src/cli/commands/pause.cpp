// pause: a note in the state tables that the running process reads with each
// batch. It needs no lease, so it works beside that process.
#include "cli/commands.hpp"
#include "cli/commands/live.hpp"
#include "pgexpand/campaign/workbench.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <memory>

namespace pgexpand::cli {
namespace {

using campaign::Access;
using campaign::Workbench;

std::string user_name() {
  const passwd* entry = getpwuid(geteuid());
  return entry == nullptr ? std::to_string(geteuid()) : entry->pw_name;
}

std::string who() {
  std::array<char, 256> host{};
  const bool known = gethostname(host.data(), host.size() - 1) == 0;
  return fmt::format("{}@{}", user_name(),
                     known ? host.data() : "unknown host");
}

int run_pause(Invocation& invocation, const std::string& id) {
  Workbench bench(invocation, Access::write);
  static_cast<void>(get_under_way(bench.store(), id));
  const std::string by = who();
  bench.store().set_paused(id, true, by);
  invocation.body["id"] = id;
  invocation.body["paused_by"] = by;
  invocation.body["next"] = fmt::format("pgexpand resume {}", id);
  if (!invocation.json()) {
    fmt::print(invocation.out(),
               "{0}: paused. A running process finishes its batch and exits "
               "with 6; apply leaves it alone until `pgexpand resume {0}`\n",
               id);
  }
  return 0;
}

}  // namespace

Command pause_command(Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  return {.name = "pause",
          .help = "Stop a migration at its next batch until resume",
          .parameters = {{.name = "id",
                          .help = "The migration",
                          .target = id.get(),
                          .required = true}},
          .action = [id, &invocation] { return run_pause(invocation, *id); }};
}

}  // namespace pgexpand::cli
