#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/ops/draft.hpp"

#include <string>

namespace pgexpand::ops {

/// How ALTER COLUMN TYPE would treat a change, as measured on 13 to 18.
enum class TypeChange {
  none,      ///< The same type.
  metadata,  ///< The catalog only: values and indexes stay as they are.
  rewrite,   ///< Needs a twin column.
};

/// `metadata` only if the column is in no expression index or predicate either:
/// those would be rebuilt under ACCESS EXCLUSIVE. And only if no published
/// version shows the table: the type of a column that a view shows is fixed.
[[nodiscard]] TypeChange classify(const catalog::Catalog& catalog,
                                  const catalog::Table& table,
                                  const catalog::Column& column,
                                  const std::string& new_type);

/// ALTER TYPE in place at switch. A valid CHECK or foreign key on the column
/// would be scanned under the lock: it is dropped and added NOT VALID in the
/// same transaction, and proved afterwards.
void change_type_in_place(Draft& draft,
                          TableDraft& pieces,
                          const catalog::Column& column,
                          const catalog::Type& type,
                          const Location& where,
                          Diagnostics& findings);

}  // namespace pgexpand::ops
