#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/catalog/probe.hpp"
#include "pgexpand/pg/session.hpp"

namespace pgexpand::pg {

/// Reads what `request` names in one read-only REPEATABLE READ transaction, a
/// fixed number of queries however many tables. If a transaction is open, reads
/// in that one, as it is, and leaves it open. A name that is not there is
/// simply absent from the result. Names without a schema are looked up through
/// `arrival.search_path`.
[[nodiscard]] catalog::Catalog read_catalog(Session& session,
                                            const Arrival& arrival,
                                            const catalog::Request& request);

/// Answers every probe in read-only transactions; changes nothing. User text
/// is resolved with `catalog.search_path`; what comes back is deparsed with an
/// empty one.
[[nodiscard]] catalog::Answers ask(Session& session,
                                   const catalog::Catalog& catalog,
                                   const catalog::Probes& probes);

}  // namespace pgexpand::pg
