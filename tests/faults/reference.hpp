#pragma once

#include "faults/trial.hpp"

#include <memory>
#include <string>
#include <vector>

namespace pgexpand::testing {

inline const std::vector<std::string> apply_words{"apply", "--through",
                                                  "switch"};

/// An operation's example, without or with version schemas.
struct Case {
  std::string operation;
  bool views = false;
};

[[nodiscard]] std::string name_of(const Case& each);
/// All operations, each without and with version schemas.
[[nodiscard]] std::vector<Case> all_cases();

/// What runs that nothing disturbs come by, and where they end.
struct Reference {
  std::unique_ptr<Example> start;     ///< Nothing was done yet.
  std::unique_ptr<Example> switched;  ///< The same after switch.
  Picture before, after;
  std::vector<Moment> of_apply, of_contract, of_rollback;
};

/// Made at its first use, and kept.
[[nodiscard]] Reference& reference(const Case& each);
/// How many were made.
[[nodiscard]] std::size_t reference_count();
void forget_references();

/// The same case in a copy of the database of `original`.
[[nodiscard]] Example copy_of(const Case& each, Example& original);

}  // namespace pgexpand::testing
