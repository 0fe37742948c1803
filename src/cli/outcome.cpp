// What a command that acts says about each migration on stdout.
#include "cli/campaign.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

namespace pgexpand::cli {
namespace {

std::string advice(const Known& known) {
  const std::string next = known.next_command();
  switch (known.standing()) {
    case Standing::waits_for_switch:
      return fmt::format(
          "verified; its switch is visible to running code. Deploy code that "
          "works with both shapes, then run `{}`",
          next);
    case Standing::switched:
      return fmt::format(
          "switched. Once nothing uses the old shape any more, run `{}`", next);
    case Standing::contracted:
      return "contracted, nothing is left to do";
    case Standing::pending:
      return "pending, as before it was started";
    default:
      break;
  }
  const auto completed =
      known.stored == nullptr ? std::nullopt : known.stored->completed;
  return fmt::format("{} complete. Next: `{}`",
                     completed ? plan::name(*completed) : "nothing is", next);
}

std::string worded(const Known& known, const std::string& outcome) {
  if (outcome == "softened") {
    return fmt::format(
        "nobody may use the older versions. Run `{0}`, or `pgexpand rollback "
        "{1} --soft` to give access back",
        known.next_command(), known.id);
  }
  return outcome == "restored" ? "the older versions may be used again"
                               : advice(known);
}

void add_entry(Invocation& invocation,
               const Known& known,
               const std::string& outcome,
               const std::string& reason) {
  report::Json json;
  const bool has_phase = known.stored != nullptr && known.stored->completed;
  json["id"] = known.id;
  json["outcome"] = outcome;
  json["status"] = name(known.standing());
  json["completed"] =
      has_phase ? report::Json(plan::name(*known.stored->completed)) : nullptr;
  json["reason"] =
      reason.empty() ? report::Json(nullptr) : report::Json(reason);
  json["next"] = known.next_command().empty()
                     ? report::Json(nullptr)
                     : report::Json(known.next_command());
  invocation.body["migrations"].push_back(std::move(json));
}

}  // namespace

void add_outcome(Invocation& invocation,
                 const Known& known,
                 const std::string& outcome,
                 const std::string& reason) {
  add_entry(invocation, known, outcome, reason);
  if (invocation.json() || outcome == "unchanged") {
    return;
  }
  fmt::print(invocation.out(), "{}: {}\n", known.id,
             reason.empty() ? worded(known, outcome)
                            : fmt::format("left alone: {}", reason));
  invocation.out().flush();
}

void add_failure(Invocation& invocation,
                 const Known& known,
                 const Error& error) {
  add_entry(invocation, known,
            error.kind() == ErrorKind::interrupted ? "interrupted" : "failed",
            error.message());
}

}  // namespace pgexpand::cli
