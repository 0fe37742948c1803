#pragma once

#include <cstdint>
#include <set>
#include <string_view>

namespace pgexpand::pg {

/// Its text depends on lc_monetary.
inline constexpr std::uint32_t money_oid = 790;

/// What a plan tree, as debug_print_plan prints it, calls and computes.
struct PlanFacts {
  std::set<std::uint32_t> functions;             ///< Oids, of operators too.
  std::set<std::uint32_t> types_read_from_text;  ///< Through I/O functions.
  bool converts_text = false;  ///< Through I/O functions, either way.
  bool has_money = false;
  std::set<int> sql_values;  ///< SQLValueFunctionOp: current_date …
  bool has_aggregate = false;
  bool has_window = false;
  bool has_set = false;
  bool has_next_value = false;  ///< An identity's nextval.
  bool reads_relation = false;
};

/// Reads the DETAIL of the notice `plan:`. Works on the tokens, so that no
/// name or constant in the tree can pose as a field.
[[nodiscard]] PlanFacts scan_plan(std::string_view tree);

}  // namespace pgexpand::pg
