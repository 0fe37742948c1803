#pragma once

#include "pgexpand/plan/plan.hpp"

namespace pgexpand::backfill {

/// How one kind of walk differs from another.
struct WalkStyle {
  plan::Phase phase = plan::Phase::backfill;
  bool skips_triggers = false;  ///< Wanted and safe; the role may lack it.
  int batch_factor = 1;         ///< Reading is lighter: more rows, more time.
  bool writes = true;           ///< Else replicas and WAL are of no concern.
};

}  // namespace pgexpand::backfill
