#pragma once

#include "pgexpand/backfill/engine.hpp"

#include <optional>

namespace pgexpand::backfill {

/// True if no row of the table and its leaves is pending, as one snapshot sees
/// them; none: told to stop. A walk cannot tell where nothing protects rows:
/// one that is moved from before the cursor to behind it is never met.
[[nodiscard]] std::optional<bool> is_clean(const plan::BackfillRows& fill,
                                           const Walk& walk,
                                           const Pace& pace);

}  // namespace pgexpand::backfill
