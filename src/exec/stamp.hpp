#pragma once

#include "pgexpand/pg/session.hpp"
#include "pgexpand/plan/plan.hpp"
#include "pgexpand/sql/names.hpp"

#include <string>
#include <vector>

namespace pgexpand::exec {

/// The rows of the catalog that a fingerprint of `tables` rests on, as one
/// text[]: a line "pg_index 16390 0 745" for each, its xmin last. Equal stamps
/// mean that nobody changed the tables in between. Different ones say less: a
/// GRANT, a rewrite or a new version of views changes rows, too, so look again.
///
/// Asked by tables' names; partitions are left out, as in the fingerprint.
[[nodiscard]] sql::Expression stamp_of(
    const std::vector<plan::PlannedTable>& tables, int server_version_num);

/// What differs between two stamps, in the server's words: "+ index x",
/// "- a row of pg_constraint (oid 16400)". Without rows of pg_class, which
/// change with rights and statistics as well.
[[nodiscard]] std::vector<std::string> describe_changes(
    pg::Session& session, const std::string& before, const std::string& now);

}  // namespace pgexpand::exec
