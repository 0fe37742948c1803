#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::cli {

/// The longer text behind one code: what happened, why it matters, what to do.
struct Explanation {
  std::string_view code;
  std::string_view text;
};

/// All of them, in the order of the files that hold them.
[[nodiscard]] const std::vector<Explanation>& explanations();
[[nodiscard]] std::vector<std::string> explained_codes();
[[nodiscard]] std::optional<std::string_view> explanation_of(
    std::string_view code);

// One list for each group of modules.
[[nodiscard]] std::span<const Explanation> cli_explanations();
[[nodiscard]] std::span<const Explanation> spec_explanations();
[[nodiscard]] std::span<const Explanation> sql_explanations();
[[nodiscard]] std::span<const Explanation> plan_explanations();
[[nodiscard]] std::span<const Explanation> run_explanations();
[[nodiscard]] std::span<const Explanation> walk_explanations();
[[nodiscard]] std::span<const Explanation> doctor_explanations();

}  // namespace pgexpand::cli
