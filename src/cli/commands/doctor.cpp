#include "cli/commands.hpp"
#include "cli/plan_setting.hpp"
#include "pgexpand/campaign/checkup.hpp"
#include "pgexpand/report/plan_view.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>

namespace pgexpand::cli {
namespace {

using campaign::Check;
using campaign::Verdict;

constexpr int gate_closed = 7;

report::Json text_or_null(const std::string& text) {
  return text.empty() ? report::Json(nullptr) : report::Json(text);
}

std::string painted(Verdict verdict, const report::Style& style) {
  constexpr std::size_t longest = 7;
  const std::string word = report::padded(name(verdict), longest);
  switch (verdict) {
    case Verdict::ok:
      return style.green(word);
    case Verdict::note:
      return style.dim(word);
    case Verdict::warning:
      return style.yellow(word);
    case Verdict::refusal:
      return style.red(word);
  }
  return word;
}

void print(const std::vector<Check>& checks, Invocation& invocation) {
  constexpr std::size_t longest_area = 12;
  const report::Style style = invocation.out_style();
  for (const Check& check : checks) {
    fmt::print(invocation.out(), "{}  {}  {}{}\n",
               painted(check.verdict, style),
               report::padded(check.area, longest_area), check.message,
               check.code.empty() ? "" : fmt::format(" [{}]", check.code));
    if (!check.cure.empty()) {
      fmt::print(invocation.out(), "{:23}{}\n", "", check.cure);
    }
  }
}

std::string counted(std::ptrdiff_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

int run_doctor(Invocation& invocation) {
  const campaign::Surroundings at = campaign::look_around(invocation);
  const auto setting = plan_setting(invocation, at.arrival, nullptr);
  const auto checks = check_up(at);
  invocation.body["database"] = at.arrival.database;
  invocation.body["host"] = at.arrival.host;
  invocation.body["role"] = at.arrival.user;
  invocation.body["server_version"] = setting.server_version;
  invocation.body["checks"] = report::Json::array();
  for (const Check& check : checks) {
    invocation.body["checks"].push_back({{"area", check.area},
                                         {"verdict", name(check.verdict)},
                                         {"code", text_or_null(check.code)},
                                         {"message", check.message},
                                         {"cure", text_or_null(check.cure)}});
  }
  const auto refusals =
      std::ranges::count(checks, Verdict::refusal, &Check::verdict);
  const auto warnings =
      std::ranges::count(checks, Verdict::warning, &Check::verdict);
  if (!invocation.json()) {
    fmt::print(invocation.out(), "{}\n\n", report::describe(setting));
    print(checks, invocation);
    fmt::print(invocation.out(), "\n{}, {}\n",
               counted(refusals, "refusal", "refusals"),
               counted(warnings, "warning", "warnings"));
  }
  return refusals == 0 ? 0 : gate_closed;
}

}  // namespace

Command doctor_command(Invocation& invocation) {
  return {.name = "doctor",
          .help = "Check the server, the rights and what is in the way",
          .parameters = {},
          .action = [&invocation] { return run_doctor(invocation); }};
}

}  // namespace pgexpand::cli
