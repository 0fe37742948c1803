// What a command that acts says about each migration on stdout.
#include "cli/outcome.hpp"

#include "cli/invocation.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

namespace pgexpand::cli {
namespace {

using campaign::Known;
using campaign::Outcome;
using campaign::Standing;

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

std::string worded(const Known& known, Outcome outcome) {
  if (outcome == Outcome::softened) {
    return fmt::format(
        "nobody may use the older versions. Run `{0}`, or `pgexpand rollback "
        "{1} --soft` to give access back",
        known.next_command(), known.id);
  }
  return outcome == Outcome::restored ? "the older versions may be used again"
                                      : advice(known);
}

report::Json text_or_null(const std::string& text) {
  return text.empty() ? report::Json(nullptr) : report::Json(text);
}

report::Json entry(const Known& known,
                   Outcome outcome,
                   const std::string& reason) {
  report::Json json;
  const bool has_phase = known.stored != nullptr && known.stored->completed;
  json["id"] = known.id;
  json["outcome"] = name(outcome);
  json["status"] = name(known.standing());
  json["completed"] =
      has_phase ? report::Json(plan::name(*known.stored->completed)) : nullptr;
  json["reason"] = text_or_null(reason);
  json["next"] = text_or_null(known.next_command());
  return json;
}

bool is_said_elsewhere(Outcome outcome) {
  return outcome == Outcome::unchanged || outcome == Outcome::interrupted ||
         outcome == Outcome::failed;
}

}  // namespace

void Invocation::conclude(const Known& known,
                          Outcome outcome,
                          const std::string& reason) {
  body["migrations"].push_back(entry(known, outcome, reason));
  if (json() || is_said_elsewhere(outcome)) {
    return;
  }
  fmt::print(out(), "{}: {}\n", known.id,
             reason.empty() ? worded(known, outcome)
                            : fmt::format("left alone: {}", reason));
  out().flush();
}

int finish(campaign::Campaign& campaign, Invocation& invocation) {
  constexpr int partly_done = 8;
  if (!campaign.finish() && !invocation.json()) {
    fmt::print(invocation.out(), "nothing to do\n");
  }
  const auto& left = campaign.left_for_later();
  if (left.empty()) {
    return 0;
  }
  invocation.body["left_for_later"] = left;
  if (!invocation.json()) {
    fmt::print(invocation.out(), "partly done, left for later:\n");
    for (const std::string& each : left) {
      fmt::print(invocation.out(), "  {}\n", each);
    }
  }
  return partly_done;
}

}  // namespace pgexpand::cli
