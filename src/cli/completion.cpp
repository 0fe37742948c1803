#include "cli/completion.hpp"

#include "cli/explanations.hpp"
#include "cli/pace.hpp"
#include "cli/usage.hpp"
#include "pgexpand/base/error.hpp"

#include <algorithm>
#include <filesystem>

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
  auto keys = live_keys();
  for (std::string& key : keys) {
    key += '=';
  }
  return without_help(keys);
}

/// The values of an option that takes one of a few, which the library shows as
/// `TEXT:{text,json}`.
std::vector<Candidate> listed(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto open = type.find('{');
  const auto close = type.find('}', open);
  if (open == std::string::npos || close == std::string::npos) {
    return {};
  }
  return without_help(
      CLI::detail::split(type.substr(open + 1, close - open - 1), ','));
}

std::vector<Candidate> values(const CLI::Option& option,
                              Invocation& invocation) {
  const std::string& name = option.get_single_name();
  if (name == "id") {
    return ids(invocation);
  }
  if (name == "code") {
    return without_help(explained_codes());
  }
  if (name == "change") {
    return live_settings();
  }
  return listed(option);
}

void add_options(const CLI::App& app, std::vector<Candidate>& candidates) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      const std::string word = "--" + name;
      const bool is_known = std::ranges::any_of(
          candidates, [&](const Candidate& each) { return each.word == word; });
      if (!is_known) {
        candidates.push_back({word, option->get_description()});
      }
    }
  }
}

/// Reads a line as far as it was typed.
class Line {
 public:
  Line(const CLI::App& app, Invocation& invocation)
      : app_(app), invocation_(invocation) {}

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
    const auto all = every_command(app_);
    const auto found = std::ranges::find(all, name, &CLI::App::get_name);
    command_ = found == all.end() ? nullptr : *found;
    is_lost_ = command_ == nullptr;
  }

  void pass_option(const std::string& word) {
    const auto equals = word.find('=');
    const CLI::Option* option = find_option(word.substr(0, equals));
    if (option == nullptr || option->get_items_expected_min() == 0) {
      return;
    }
    if (equals == std::string::npos) {
      wants_value_ = option;
    } else {
      note(*option, word.substr(equals + 1));
    }
  }

  /// What decides where the specs are.
  void note(const CLI::Option& option, const std::string& value) {
    const std::string& name = option.get_single_name();
    if (name == "dir") {
      invocation_.globals.settings[name] = {value, "--dir"};
    } else if (name == "config") {
      invocation_.globals.config = value;
    } else if (name == "env") {
      invocation_.globals.environment = value;
    }
  }

  [[nodiscard]] const CLI::Option* find_option(const std::string& name) const {
    const CLI::Option* own =
        command_ == nullptr ? nullptr : command_->get_option_no_throw(name);
    return own == nullptr ? app_.get_option_no_throw(name) : own;
  }

  [[nodiscard]] std::vector<Candidate> options(const std::string& typed) {
    const auto equals = typed.find('=');
    std::vector<Candidate> candidates;
    if (equals == std::string::npos) {
      if (command_ != nullptr) {
        add_options(*command_, candidates);
      }
      add_options(app_, candidates);
      return candidates;
    }
    const CLI::Option* option = find_option(typed.substr(0, equals));
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
    for (const CLI::App* command : every_command(app_)) {
      candidates.push_back({command->get_name(), command->get_description()});
    }
    return candidates;
  }

  /// The last argument of a command may be given many times.
  [[nodiscard]] std::vector<Candidate> arguments() {
    const auto positionals = command_->get_options(
        [](const CLI::Option* option) { return option->get_positional(); });
    if (positionals.empty()) {
      return {};
    }
    const CLI::Option& last = *positionals.back();
    if (arguments_ < positionals.size()) {
      return values(*positionals[arguments_], invocation_);
    }
    return last.get_expected_max() > 1 ? values(last, invocation_)
                                       : std::vector<Candidate>{};
  }

  const CLI::App& app_;
  Invocation& invocation_;
  const CLI::App* command_ = nullptr;
  const CLI::Option* wants_value_ = nullptr;
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

std::vector<Candidate> complete(const CLI::App& app,
                                Invocation& invocation,
                                const std::vector<std::string>& words) {
  auto typed = without_equals_signs(words);
  const std::string current = typed.empty() ? "" : typed.back();
  if (!typed.empty()) {
    typed.pop_back();
  }
  Line line(app, invocation);
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
