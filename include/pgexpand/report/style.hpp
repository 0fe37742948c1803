#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgexpand::report {

/// What `--color` asks for.
enum class ColorChoice { automatic, always, never };
/// "auto", "always", "never"; nullopt for anything else.
[[nodiscard]] std::optional<ColorChoice> color_choice_from_name(
    std::string_view text);

/// Whether to colour one stream. `automatic` obeys FORCE_COLOR, then NO_COLOR
/// (each counts only when it is set and not empty), then whether the stream is
/// a terminal.
[[nodiscard]] bool wants_color(ColorChoice choice,
                               const std::optional<std::string>& no_color,
                               const std::optional<std::string>& force_color,
                               bool is_terminal);

/// Colours for one stream; without colour every function returns `text` as is.
struct Style {
  bool color = false;

  [[nodiscard]] std::string bold(std::string_view text) const;
  [[nodiscard]] std::string red(std::string_view text) const;
  [[nodiscard]] std::string yellow(std::string_view text) const;
  [[nodiscard]] std::string green(std::string_view text) const;
  [[nodiscard]] std::string dim(std::string_view text) const;
};

/// How many columns UTF-8 `text` takes, one per character.
[[nodiscard]] std::size_t text_width(std::string_view text);

/// `text` with blanks up to `width` columns; longer text is left whole.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);

}  // namespace pgexpand::report
