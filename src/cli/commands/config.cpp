#include "cli/commands.hpp"
#include "cli/dsn.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

namespace pgexpand::cli {
namespace {

struct Line {
  std::string key;
  spec::SettingValue value;
};

std::vector<Line> lines_of(Invocation& invocation) {
  const Dsn dsn = invocation.dsn();
  std::vector<Line> lines{
      {"dsn", {dsn.text.empty() ? "" : without_secrets(dsn.text), dsn.source}}};
  const auto sources = invocation.sources();
  for (const spec::SettingName& name : spec::setting_names()) {
    const std::string key(name.key);
    lines.push_back({key, sources.at(key)});
  }
  return lines;
}

int run_config(Invocation& invocation) {
  const std::string file = invocation.config().path;
  invocation.body["file"] =
      file.empty() ? report::Json(nullptr) : report::Json(file);
  invocation.body["settings"] = report::Json::object();
  if (!invocation.json()) {
    fmt::print(invocation.out(), "file {}\n\n", file.empty() ? "none" : file);
  }
  for (const Line& line : lines_of(invocation)) {
    invocation.body["settings"][line.key] = {{"value", line.value.text},
                                             {"source", line.value.source}};
    if (!invocation.json()) {
      fmt::print(invocation.out(), "{} {} {}\n", report::padded(line.key, 24),
                 report::padded(line.value.text, 24), line.value.source);
    }
  }
  return 0;
}

}  // namespace

Command config_command(Invocation& invocation) {
  return {.name = "config",
          .help = "Show the settings and where each one comes from",
          .parameters = {},
          .action = [&invocation] { return run_config(invocation); }};
}

}  // namespace pgexpand::cli
