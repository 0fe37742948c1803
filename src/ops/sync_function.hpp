#pragma once

#include "pgexpand/ops/draft.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::ops {

/// Where a table's sync function and trigger are, and what they write to.
struct SyncNames {
  sql::TableName function;  ///< In the state schema.
  sql::Identifier trigger;
  sql::Identifier state_schema;
  std::string migration;
  sql::Settings settings{};  ///< That its values depend on: as they must be.
};
[[nodiscard]] SyncNames sync_names(const catalog::Table& table,
                                   const std::string& migration,
                                   const sql::Identifier& state_schema);

/// CREATE OR REPLACE FUNCTION with the rules; see safety.md, Sync triggers.
[[nodiscard]] sql::Statement sync_function(const SyncNames& names,
                                           const catalog::Table& table,
                                           const SyncRules& rules);

/// A dollar quote that `body` does not contain.
[[nodiscard]] std::string dollar_quote(std::string_view body);

/// Function, ownership, trigger: what expand runs.
[[nodiscard]] std::vector<sql::Statement> create_sync(
    const SyncNames& names,
    const catalog::Table& table,
    const SyncRules& rules,
    const std::string& user);

/// Trigger, then function: what rollback and contract run. With
/// `may_be_published` the version's second trigger, for its writers, and the
/// one for every UPDATE, too: these stay where the first was dropped by hand.
[[nodiscard]] std::vector<sql::Statement> drop_sync(const SyncNames& names,
                                                    const catalog::Table& table,
                                                    bool may_be_published);

}  // namespace pgexpand::ops
