#pragma once

#include "pgexpand/catalog/probe.hpp"
#include "pgexpand/pg/session.hpp"

#include <optional>

namespace pgexpand::pg {

/// Tries `up` and then `down` on sampled rows, as sample() does; nothing where
/// either cannot be tried, or the rows cannot be read.
[[nodiscard]] std::optional<catalog::RoundTripAnswer> try_round_trip(
    Session& session,
    const catalog::Catalog& catalog,
    const catalog::Probes& probes,
    const catalog::Answers& answers,
    const catalog::RoundTripProbe& probe);

}  // namespace pgexpand::pg
