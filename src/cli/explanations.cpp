#include "cli/explanations.hpp"

#include <algorithm>

namespace pgexpand::cli {

const std::vector<Explanation>& explanations() {
  static const std::vector<Explanation> all = [] {
    std::vector<Explanation> joined;
    for (const auto part :
         {cli_explanations(), spec_explanations(), sql_explanations(),
          plan_explanations(), run_explanations(), walk_explanations(),
          doctor_explanations()}) {
      joined.insert(joined.end(), part.begin(), part.end());
    }
    return joined;
  }();
  return all;
}

std::vector<std::string> explained_codes() {
  std::vector<std::string> codes;
  for (const Explanation& one : explanations()) {
    codes.emplace_back(one.code);
  }
  return codes;
}

std::optional<std::string_view> explanation_of(std::string_view code) {
  const auto found =
      std::ranges::find(explanations(), code, &Explanation::code);
  return found == explanations().end() ? std::nullopt
                                       : std::optional(found->text);
}

}  // namespace pgexpand::cli
