// What a command line may say, as plain data. command_line_parser.cpp reads
// words by it, completion.cpp offers them, usage.cpp says what was meant.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pgexpand::cli {

/// Print the help of the command, or of the program, and end.
struct ShowHelp {};
/// Print this line and end.
struct ShowText {
  std::string text;
};

/// Where the words of a parameter go. The pointers must outlive the command;
/// its action holds what they point into.
using Target = std::variant<ShowHelp,
                            ShowText,
                            bool*,                      ///< A flag.
                            std::string*,               ///< One value.
                            std::vector<std::string>*,  ///< One or more values.
                            std::function<void(const std::string&)>>;

/// An option, a flag or an argument.
struct Parameter {
  std::string name;  ///< "--through", "-o,--output"; of an argument "id".
  std::string help;  ///< One line.
  Target target;
  std::vector<std::string> choices{};  ///< Empty: any text.
  bool required = false;
  std::string excludes{};  ///< An option named before it in the same command.
  std::string group{};     ///< Heading in the help; empty: the usual one.

  [[nodiscard]] bool is_argument() const { return !name.starts_with('-'); }
  [[nodiscard]] bool takes_value() const;
  [[nodiscard]] bool takes_many() const;
  /// Without dashes: "output"; the one of an argument is its name.
  [[nodiscard]] std::string_view long_name() const;
  /// True for "--output" and for "-o".
  [[nodiscard]] bool is_called(std::string_view word) const;
};

struct Command {
  std::string name;
  std::string help;  ///< One line.
  /// Arguments are read in this order.
  std::vector<Parameter> parameters;
  std::function<int()> action;  ///< Returns the exit code.
};

struct Program {
  std::string name;
  std::string help;
  std::vector<Parameter> parameters;  ///< May stand beside every command.
  std::vector<Command> commands;
};

/// Null: there is none that is called so.
[[nodiscard]] const Parameter* find_option(
    const std::vector<Parameter>& parameters, std::string_view word);

}  // namespace pgexpand::cli
