#include "pgexpand/campaign/target.hpp"

#include "pgexpand/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::campaign {
namespace {

std::string counted(const Diagnostics& findings,
                    Severity severity,
                    const char* what) {
  const auto count =
      std::ranges::count(findings.all(), severity, &Diagnostic::severity);
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

std::string_view name(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::reached:
      return "reached";
    case Outcome::stopped_before_switch:
      return "stopped_before_switch";
    case Outcome::unchanged:
      return "unchanged";
    case Outcome::left:
      return "left";
    case Outcome::rolled_back:
      return "rolled_back";
    case Outcome::softened:
      return "softened";
    case Outcome::restored:
      return "restored";
    case Outcome::interrupted:
      return "interrupted";
    case Outcome::failed:
      return "failed";
  }
  return "";
}

void Target::show_and_stop(const Diagnostics& findings) {
  show(findings);
  if (findings.has_errors()) {
    throw Error(ErrorKind::invalid_spec, "spec.findings",
                fmt::format("{} in the specs; nothing was changed",
                            counted(findings, Severity::error, "error")))
        .hint("correct the specs, then run the command again");
  }
  if (findings.has_refusals()) {
    throw Error(ErrorKind::refused, "plan.refused",
                fmt::format("{} to do this here; nothing was changed",
                            counted(findings, Severity::refusal, "refusal")))
        .hint("each finding above says what would allow it");
  }
}

}  // namespace pgexpand::campaign
