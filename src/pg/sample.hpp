#pragma once

#include "pg/deparse.hpp"

#include <optional>
#include <string>

namespace pgexpand::pg {

struct SampleResult {
  std::int64_t rows = 0;
  std::int64_t failed_rows = 0;  ///< Class 22, 23, or a RAISE.
  std::string sqlstate;          ///< Of the last failure.
};

/// Tries the deparsed `expression` on up to 1,000 real rows as an assignment
/// to `target` (SQL text, qualified), read-only and for 2 s at most. nullopt:
/// not sampled, because time ran out, the table is locked, or the expression
/// reads columns that are not stored. Throws for any other error of the
/// server.
[[nodiscard]] std::optional<SampleResult> sample(
    Session& session,
    const catalog::Catalog& catalog,
    const catalog::ExpressionProbe& probe,
    const sql::Expression& expression,
    const sql::TypeName& target);

/// The query of those rows: `columns`, by the names that they have as `t.name`.
[[nodiscard]] std::string rows_to_try(
    const catalog::Catalog& catalog,
    const sql::TableName& name,
    const std::vector<catalog::ScopeColumn>& columns);

/// Runs a DO block over sampled rows, with the limits of sample(), and returns
/// what it left in the setting pgexpand.sample; nullopt: not sampled.
[[nodiscard]] std::optional<std::string> run_block(
    Session& session,
    const catalog::Catalog& catalog,
    const sql::Statement& statement);

/// The part of a table worth reading for 1,000 rows, in percent of its pages;
/// nullopt: all of it.
[[nodiscard]] std::optional<double> sample_percent(std::int64_t pages,
                                                   std::int64_t rows);

}  // namespace pgexpand::pg
