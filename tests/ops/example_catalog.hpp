#pragma once

#include "pgexpand/catalog/catalog.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::ops {

/// The built-in type that `text` names, as a server would describe it; nothing
/// for a name this small table does not hold.
[[nodiscard]] std::optional<catalog::Type> known_type(std::string_view text);

/// Parts of a table, for tests that need one with more on it.
[[nodiscard]] catalog::Column make_column(
    const std::string& name,
    std::string_view type,
    std::optional<std::string> default_value = {});
[[nodiscard]] catalog::Column make_not_null(
    const std::string& name,
    std::string_view type,
    std::optional<std::string> default_value = {});
[[nodiscard]] catalog::Index make_index(
    const std::string& name, const std::vector<std::string>& columns);
/// A unique index; primary if `is_primary`. Its constraint is added too.
void add_key(catalog::Table& table,
             const std::string& name,
             const std::vector<std::string>& columns,
             bool is_primary);
void add_check(catalog::Table& table,
               const std::string& name,
               const std::vector<std::string>& columns,
               const std::string& expression);
/// Adds the foreign key to both tables. `column` refers to `parent`'s column
/// `target`.
void add_foreign_key(catalog::Table& table,
                     const std::string& name,
                     const std::string& column,
                     catalog::Table& parent,
                     const std::string& target);
/// A BEFORE UPDATE row trigger.
[[nodiscard]] catalog::Trigger make_trigger(const std::string& name);

/// What migrations-examples/<operation>.setup.sql makes, by hand. Throws
/// std::invalid_argument for an operation that has none here.
[[nodiscard]] catalog::Catalog example_catalog(std::string_view operation);

[[nodiscard]] catalog::Table& table_in(catalog::Catalog& catalog,
                                       const std::string& name);
[[nodiscard]] catalog::Column& column_in(catalog::Catalog& catalog,
                                         const std::string& table,
                                         const std::string& column);
/// Sorts the indexes as the server does and notes all names as taken. To be
/// called after a test has added indexes.
void take_names(catalog::Catalog& catalog);

}  // namespace pgexpand::ops
