// completion: the script by which a shell asks us what may stand at the cursor.
#include "cli/completion.hpp"

#include "cli/commands.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <memory>

namespace pgexpand::cli {
namespace {

// Each line of the answer is a word, a tab, and what the word means.
constexpr std::string_view bash_script = R"(_pgexpand() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <("$1" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null)
  [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}
complete -o default -F _pgexpand pgexpand
)";

constexpr std::string_view zsh_script = R"(#compdef pgexpand
_pgexpand() {
  local line
  local -a found
  for line in "${(@f)$("$words[1]" __complete "${(@)words[2,CURRENT]}" \
      2> /dev/null)}"; do
    [[ -z $line ]] || found+=("${line/$'\t'/:}")
  done
  if (( $#found )); then
    _describe pgexpand found
  else
    _files
  fi
}
compdef _pgexpand pgexpand
)";

constexpr std::string_view fish_script = R"(function __pgexpand_complete
  set -l words (commandline -opc)
  set -l program $words[1]
  set -e words[1]
  set -l current (commandline -ct)
  set -l found ($program __complete $words "$current" 2> /dev/null)
  if test (count $found) -gt 0
    printf '%s\n' $found
  else
    __fish_complete_path "$current"
  end
end
complete -c pgexpand -f -a '(__pgexpand_complete)'
)";

std::string_view script_for(std::string_view shell) {
  return shell == "bash"  ? bash_script
         : shell == "zsh" ? zsh_script
                          : fish_script;
}

int run_completion(Invocation& invocation, const std::string& shell) {
  const std::string_view script = script_for(shell);
  invocation.body["shell"] = shell;
  invocation.body["script"] = script;
  if (!invocation.json()) {
    fmt::print(invocation.out(), "{}", script);
  }
  return 0;
}

}  // namespace

Command completion_command(Invocation& invocation) {
  auto shell = std::make_shared<std::string>();
  return {.name = "completion",
          .help = "Print the script by which a shell completes our words",
          .parameters = {{.name = "shell",
                          .help = "bash, zsh or fish",
                          .target = shell.get(),
                          .choices = {"bash", "zsh", "fish"},
                          .required = true}},
          .action = [shell, &invocation] {
            return run_completion(invocation, *shell);
          }};
}

}  // namespace pgexpand::cli
