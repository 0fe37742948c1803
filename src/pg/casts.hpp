#pragma once

#include "pg/type_facts.hpp"

#include <optional>

namespace pgexpand::pg {

/// One row of pg_cast.
struct CastEntry {
  char context = 'e';  ///< i implicit, a assignment, e explicit only.
  char method = 'f';   ///< f function, b binary, i through text.
};

struct CastQuestion {
  TypeFacts from, to;
  std::int32_t from_modifier = -1, to_modifier = -1;
  std::optional<CastEntry> direct;   ///< Between the base types.
  std::optional<CastEntry> element;  ///< Between the arrays' elements.
  char from_element_category = 'U', to_element_category = 'U';
};

struct CastVerdict {
  bool assignable = false;
  bool castable = false;
  bool binary_coercible = false;  ///< No byte changes, no check can fail.
};

/// PostgreSQL's rules: same base type, pg_cast, arrays by element, text by
/// input and output functions.
[[nodiscard]] CastVerdict judge_cast(const CastQuestion& question);

/// True if every value of modifier `from` is one of modifier `to`, unchanged.
[[nodiscard]] bool widens(std::uint32_t base_oid,
                          std::int32_t from,
                          std::int32_t to);

/// Asks the server what judge_cast needs.
[[nodiscard]] CastVerdict read_cast(Session& session,
                                    const catalog::Type& from,
                                    const catalog::Type& to);

}  // namespace pgexpand::pg
