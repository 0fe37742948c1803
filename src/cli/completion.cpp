#include "cli/completion.hpp"

#include "cli/explanations.hpp"
#include "pgexpand/base/error.hpp"
#include "pgexpand/campaign/pace.hpp"

#include <algorithm>
#include <filesystem>
#include <string>

namespace pgexpand::cli {
namespace {

std::vector<Candidate> without_help(const std::vector<std::string>& words) {
  std::vector<Candidate> candidates;
  for (const std::string& word : words) {
    candidates.push_back({word, ""});
  }
  return candidates;
}

std::vector<Candidate> ids(Invocation& invocation) {
  std::vector<std::string> names;
  std::error_code unreadable;
  for (std::filesystem::directory_iterator file(invocation.spec_folder(),
                                                unreadable);
       !unreadable && file != std::filesystem::directory_iterator();
       file.increment(unreadable)) {
    if (file->path().extension() == ".yaml") {
      names.push_back(file->path().stem().string());
    }
  }
  std::ranges::sort(names);
  return without_help(names);
}

std::vector<Candidate> live_settings() {
  auto keys = campaign::live_keys();
  for (std::string& key : keys) {
    key += '=';
  }
  return without_help(keys);
}

std::vector<Candidate> values(const Parameter& parameter,
                              Invocation& invocation) {
  const std::string_view name = parameter.long_name();
  if (name == "id") {
    return ids(invocation);
  }
  if (name == "code") {
    return without_help(explained_codes());
  }
  if (name == "change") {
    return live_settings();
  }
  return without_help(parameter.choices);
}

void add_options(const std::vector<Parameter>& parameters,
                 std::vector<Candidate>& candidates) {
  for (const Parameter& parameter : parameters) {
    if (parameter.is_argument()) {
      continue;
    }
    const std::string word = "--" + std::string(parameter.long_name());
    const bool is_known = std::ranges::any_of(
        candidates, [&](const Candidate& each) { return each.word == word; });
    if (!is_known) {
      candidates.push_back({word, parameter.help});
    }
  }
}

/// Reads a line as far as it was typed.
class Line {
 public:
  Line(const Program& program, Invocation& invocation)
      : program_(program), invocation_(invocation) {}

  void pass(const std::string& word) {
    if (wants_value_ != nullptr) {
      note(*wants_value_, word);
      wants_value_ = nullptr;
    } else if (word.starts_with("-")) {
      pass_option(word);
    } else if (command_ == nullptr) {
      choose(word);
    } else {
      ++arguments_;
    }
  }

  [[nodiscard]] std::vector<Candidate> at_cursor(const std::string& typed) {
    if (is_lost_) {
      return {};
    }
    if (wants_value_ != nullptr) {
      return values(*wants_value_, invocation_);
    }
    if (typed.starts_with("-")) {
      return options(typed);
    }
    return command_ == nullptr ? commands() : arguments();
  }

 private:
  void choose(const std::string& name) {
    const auto found =
        std::ranges::find(program_.commands, name, &Command::name);
    command_ = found == program_.commands.end() ? nullptr : &*found;
    is_lost_ = command_ == nullptr;
  }

  void pass_option(const std::string& word) {
    const auto equals = word.find('=');
    const Parameter* option = option_called(word.substr(0, equals));
    if (option == nullptr || !option->takes_value()) {
      return;
    }
    if (equals == std::string::npos) {
      wants_value_ = option;
    } else {
      note(*option, word.substr(equals + 1));
    }
  }

  /// What decides where the specs are.
  void note(const Parameter& option, const std::string& value) {
    const std::string_view name = option.long_name();
    if (name == "dir") {
      invocation_.globals.settings["dir"] = {value, "--dir"};
    } else if (name == "config") {
      invocation_.globals.config = value;
    } else if (name == "env") {
      invocation_.globals.environment = value;
    }
  }

  [[nodiscard]] const Parameter* option_called(const std::string& word) const {
    const Parameter* own =
        command_ == nullptr ? nullptr : find_option(command_->parameters, word);
    return own == nullptr ? find_option(program_.parameters, word) : own;
  }

  [[nodiscard]] std::vector<Candidate> options(const std::string& typed) {
    const auto equals = typed.find('=');
    std::vector<Candidate> candidates;
    if (equals == std::string::npos) {
      if (command_ != nullptr) {
        add_options(command_->parameters, candidates);
      }
      add_options(program_.parameters, candidates);
      return candidates;
    }
    const Parameter* option = option_called(typed.substr(0, equals));
    if (option != nullptr) {
      candidates = values(*option, invocation_);
    }
    for (Candidate& candidate : candidates) {
      candidate.word.insert(0, typed, 0, equals + 1);
    }
    return candidates;
  }

  [[nodiscard]] std::vector<Candidate> commands() const {
    std::vector<Candidate> candidates;
    for (const Command& command : program_.commands) {
      candidates.push_back({command.name, command.help});
    }
    return candidates;
  }

  /// The last argument of a command may be given many times.
  [[nodiscard]] std::vector<Candidate> arguments() {
    std::vector<const Parameter*> all;
    for (const Parameter& parameter : command_->parameters) {
      if (parameter.is_argument()) {
        all.push_back(&parameter);
      }
    }
    if (all.empty() ||
        (arguments_ >= all.size() && !all.back()->takes_many())) {
      return {};
    }
    return values(*all[std::min(arguments_, all.size() - 1)], invocation_);
  }

  const Program& program_;
  Invocation& invocation_;
  const Command* command_ = nullptr;
  const Parameter* wants_value_ = nullptr;
  std::size_t arguments_ = 0;  ///< Of the command, before the cursor.
  bool is_lost_ = false;       ///< After a command that does not exist.
};

/// bash takes `--through=sw` for three words.
std::vector<std::string> without_equals_signs(
    const std::vector<std::string>& words) {
  std::vector<std::string> kept;
  for (const std::string& word : words) {
    if (word != "=") {
      kept.push_back(word);
    }
  }
  if (!words.empty() && words.back() == "=") {
    kept.emplace_back();
  }
  return kept;
}

}  // namespace

std::vector<Candidate> complete(const Program& program,
                                Invocation& invocation,
                                const std::vector<std::string>& words) {
  auto typed = without_equals_signs(words);
  const std::string current = typed.empty() ? "" : typed.back();
  if (!typed.empty()) {
    typed.pop_back();
  }
  Line line(program, invocation);
  for (const std::string& word : typed) {
    line.pass(word);
  }
  auto candidates = line.at_cursor(current);
  std::erase_if(candidates, [&](const Candidate& candidate) {
    return !candidate.word.starts_with(current);
  });
  return candidates;
}

}  // namespace pgexpand::cli
