#include "cli/commands.hpp"
#include "pgexpand/campaign/workbench.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <memory>

namespace pgexpand::cli {
namespace {

using campaign::Access;
using campaign::Workbench;

report::Json detail_of(const state::Event& event) {
  auto detail = report::Json::parse(event.detail, nullptr, false);
  return detail.is_discarded() ? report::Json(event.detail) : detail;
}

/// `step=expand-1 took_ms=12`
std::string detail_text(const report::Json& detail) {
  std::string text;
  if (!detail.is_object()) {
    return text;
  }
  for (const auto& [key, value] : detail.items()) {
    text += fmt::format(
        "{}{}={}", text.empty() ? "" : " ", key,
        value.is_string() ? value.get<std::string>() : report::to_line(value));
  }
  return text;
}

int run_history(Invocation& invocation, const std::string& id) {
  invocation.body["events"] = report::Json::array();
  Workbench bench(invocation, Access::read);
  if (!bench.store().read_version()) {
    return 0;
  }
  const auto one = id.empty() ? std::nullopt : std::optional(id);
  for (const state::Event& event : bench.store().events(one)) {
    const report::Json detail = detail_of(event);
    report::Json json;
    json["at"] = event.at;
    json["migration"] = event.migration;
    json["kind"] = event.kind;
    json["detail"] = detail;
    invocation.body["events"].push_back(std::move(json));
    if (!invocation.json()) {
      fmt::print(invocation.out(), "{}  {}  {}  {}\n", event.at,
                 event.migration, event.kind, detail_text(detail));
    }
  }
  return 0;
}

}  // namespace

Command history_command(Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  return {.name = "history",
          .help = "List every event, failed attempts too",
          .parameters = {{"id", "Only this migration", id.get()}},
          .action = [id, &invocation] { return run_history(invocation, *id); }};
}

}  // namespace pgexpand::cli
