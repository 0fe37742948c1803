#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/ops/draft.hpp"
#include "pgexpand/ops/operation.hpp"

namespace pgexpand::ops {

/// What the planner does once for all operations together, after each has added
/// its pieces: builds again what hangs on moved columns, and looks at the
/// tables themselves (kind, rights, publications, triggers of their own).
void carry_moves(const Situation& situation,
                 Draft& draft,
                 Diagnostics& findings);
void check_tables(const Draft& draft,
                  const catalog::Catalog& catalog,
                  Diagnostics& findings);
/// Whether a version may be published; without one, that none is.
void check_versions(const Draft& draft,
                    const catalog::Catalog& catalog,
                    const Location& where,
                    Diagnostics& findings);
/// What a migration in views mode publishes if it names no table: the first
/// schema of the search_path.
[[nodiscard]] Publication publication(const catalog::Catalog& catalog,
                                      std::string alias);
/// `catalog` without what a migration that is under way has put beside what is
/// the users': its second columns, indexes and constraints, its triggers.
[[nodiscard]] catalog::Catalog without_traces(catalog::Catalog catalog,
                                              const plan::Plan& plan);
/// The version that the migration publishes; nothing without views.
[[nodiscard]] std::optional<catalog::PublishedVersion> published_version(
    const Draft& draft);
/// The tables whose columns will not be in the order that the plain statements
/// leave, each with a warning, but for those whose operations allow it.
[[nodiscard]] std::vector<plan::ColumnOrder> column_orders(
    const Draft& draft, const Shapes& shapes, Diagnostics& findings);
/// Puts the settings and the path that a person's text is read under before the
/// statements that hold some, and ours behind them.
void surround_users_text(plan::Plan& plan);
/// Does a row that is written or compared run code of the users', which may
/// look for things by the search_path? In checks, generated columns, indexes,
/// triggers, domains of the tables, and in the answers.
[[nodiscard]] bool runs_users_code(const Draft& draft,
                                   const catalog::Answers& answers);
/// Refuses a table that has already what expand would put beside what is the
/// users': the migration was under way there, and its state is gone.
void check_remnants(const plan::Plan& plan,
                    const catalog::Catalog& catalog,
                    const Location& where,
                    Diagnostics& findings);
/// What only the whole plan shows: rights on the tables it locks besides, and
/// to create what it builds.
void check_plan(const Draft& draft,
                const plan::Plan& plan,
                const catalog::Catalog& catalog,
                Diagnostics& findings);

}  // namespace pgexpand::ops
