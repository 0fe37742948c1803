#pragma once

#include "ops/expressions.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::ops {

/// An object that the server finds by the path.
struct NamedObject {
  sql::TableName name;
  Location where;
};

/// One member of create_index's `columns`.
struct IndexKeyFields {
  std::optional<sql::Identifier> column;     ///< Either this …
  std::optional<UserExpression> expression;  ///< … or this.
  std::optional<NamedObject> opclass;
  std::string opclass_options;  ///< `"siglen" = '64'`; may be empty.
  std::optional<NamedObject> collation;
  bool descending = false;
  bool nulls_first = false;
};

/// The fields of create_index besides `table`.
struct IndexFields {
  std::vector<IndexKeyFields> keys;
  std::optional<sql::Identifier> name;
  std::string method = "btree";
  std::vector<sql::Identifier> include;
  std::optional<UserExpression> where;
  std::vector<std::string> options;  ///< `fillfactor = '70'`.
  bool is_unique = false;
  bool nulls_not_distinct = false;
};

/// Nothing if `columns` is missing or unusable; `findings` says why.
[[nodiscard]] std::optional<IndexFields> read_index_fields(
    spec::Fields& fields, Diagnostics& findings);

using NameIsTaken = std::function<bool(const sql::TableName&)>;

/// The name given, or the one PostgreSQL would choose: `<table>_<columns>_idx`,
/// with a number if it is taken.
[[nodiscard]] sql::TableName index_name(const IndexFields& fields,
                                        const catalog::Table& table,
                                        const NameIsTaken& is_taken);

/// A key without what it is of. `name` is that of its questions: names are as
/// they were written until the server was asked.
[[nodiscard]] catalog::IndexKey plain_key(const IndexKeyFields& wanted,
                                          const std::string& name,
                                          const catalog::Answers& answers);

}  // namespace pgexpand::ops
