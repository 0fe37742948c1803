#include "cli/commands.hpp"
#include "cli/explanations.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <memory>

namespace pgexpand::cli {
namespace {

Error unknown_code(const std::string& code) {
  const auto meant = spec::did_you_mean(code, explained_codes());
  return Error(ErrorKind::usage, "explain.unknown-code",
               fmt::format("there is no code \"{}\"", code))
      .hint(meant ? fmt::format("did you mean {}?", *meant)
                  : "run `pgexpand explain` without a code to list them all");
}

int list_codes(Invocation& invocation) {
  invocation.body["codes"] = report::Json::array();
  for (const std::string& code : explained_codes()) {
    invocation.body["codes"].push_back(code);
    if (!invocation.json()) {
      fmt::print(invocation.out(), "{}\n", code);
    }
  }
  return 0;
}

int run_explain(Invocation& invocation, const std::string& code) {
  if (code.empty()) {
    return list_codes(invocation);
  }
  const auto text = explanation_of(code);
  if (!text) {
    throw unknown_code(code);
  }
  invocation.body["code"] = code;
  invocation.body["text"] = *text;
  if (!invocation.json()) {
    fmt::print(invocation.out(), "{}\n\n{}\n", code, *text);
  }
  return 0;
}

}  // namespace

Command explain_command(Invocation& invocation) {
  auto code = std::make_shared<std::string>();
  return {
      .name = "explain",
      .help = "Show the text behind a code",
      .parameters = {{"code",
                      "Such as spec.unknown-field; default list all codes",
                      code.get()}},
      .action = [code, &invocation] { return run_explain(invocation, *code); }};
}

}  // namespace pgexpand::cli
