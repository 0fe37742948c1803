// Changes as JSON: [["column_added", {…}], …]. One line a type; a member that
// an older release did not write keeps its default.
#include "pgexpand/catalog/change_json.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <stdexcept>
#include <utility>

namespace nlohmann {

/// null is no value.
template <typename T>
struct adl_serializer<std::optional<T>> {
  static void to_json(json& json, const std::optional<T>& value) {
    json = value ? nlohmann::json(*value) : nlohmann::json();
  }
  static void from_json(const json& json, std::optional<T>& value) {
    value = json.is_null() ? std::nullopt : std::optional(json.get<T>());
  }
};

}  // namespace nlohmann

namespace pgexpand::sql {

static void to_json(nlohmann::json& json, const Identifier& name) {
  json = name.name();
}
static void from_json(const nlohmann::json& json, Identifier& name) {
  name = Identifier(json.get<std::string>());
}
static void to_json(nlohmann::json& json, const TableName& name) {
  json = std::pair(name.schema.name(), name.name.name());
}
static void from_json(const nlohmann::json& json, TableName& name) {
  const auto [schema, own] = json.get<std::pair<std::string, std::string>>();
  name = {Identifier(schema), Identifier(own)};
}
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Expression, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TypeName, text)

}  // namespace pgexpand::sql

namespace pgexpand::catalog {

#define PGEXPAND_MEMBERS NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT

// clang-format off
PGEXPAND_MEMBERS(Type, name, oid, modifier, base_oid, category, storage,
                 is_domain, domain_has_constraints, is_collatable,
                 has_bitwise_equality, is_array)
PGEXPAND_MEMBERS(Grant, grantee, privilege, with_grant_option)
PGEXPAND_MEMBERS(Sequence, name, type, start, increment, minimum, maximum,
                 cache, cycle)
PGEXPAND_MEMBERS(Dependent, kind, identity)
PGEXPAND_MEMBERS(Column, name, number, type, not_null, not_null_valid,
                 default_value, generated, identity, sequence, collation,
                 comment, statistics_target, storage, type_storage, compression,
                 options, grants, dependents, is_projected)
PGEXPAND_MEMBERS(IndexKey, column, expression, opclass, opclass_options,
                 collation, descending, nulls_first)
PGEXPAND_MEMBERS(Index, name, oid, method, keys, include, predicate, options,
                 tablespace, comment, is_unique, is_primary, is_exclusion,
                 nulls_not_distinct, is_valid, is_clustered,
                 is_replica_identity, constraint, statistics_targets,
                 size_bytes, definition)
PGEXPAND_MEMBERS(Constraint, name, table, kind, is_validated, is_enforced,
                 is_deferrable, initially_deferred, no_inherit, columns,
                 expression, definition, comment, references_table,
                 references_columns, on_update, on_delete, match,
                 on_delete_columns, foreign_owner, index)
PGEXPAND_MEMBERS(Trigger, name, enabled, is_before, is_row, on_insert,
                 on_update, is_internal, function, function_owner,
                 may_alter_function, function_language, function_cost,
                 function_definition_hash, definition, update_of, has_when)
PGEXPAND_MEMBERS(ExtendedStatistics, name, kinds, columns, expressions, target,
                 comment)
PGEXPAND_MEMBERS(Table, name, oid, relfilenode, kind, persistence,
                 access_method, owner, may_act_as_owner, must_become_owner,
                 may_use_schema, may_create_in_schema, hides_rows, row_security,
                 force_row_security, is_partition, has_children, has_parents,
                 replica_identity, estimated_rows, size_bytes,
                 indexes_size_bytes, pages, next_column_number, columns,
                 indexes, constraints, referenced_by, triggers, statistics,
                 publications)
PGEXPAND_MEMBERS(PublishedVersion, migration, schemas, bases)
// clang-format on

PGEXPAND_MEMBERS(TableAdded, table)
PGEXPAND_MEMBERS(TableDropped, table)
PGEXPAND_MEMBERS(TableRenamed, table, to)
PGEXPAND_MEMBERS(ColumnAdded, table, column)
PGEXPAND_MEMBERS(ColumnDropped, table, column)
PGEXPAND_MEMBERS(ColumnRenamed, table, from, to, by_twin)
PGEXPAND_MEMBERS(
    ColumnRetyped, table, column, type, collation, sequence, by_twin)
PGEXPAND_MEMBERS(NullabilityChanged, table, column, not_null)
PGEXPAND_MEMBERS(DefaultChanged, table, column, value)
PGEXPAND_MEMBERS(CommentChanged, table, column, comment)
PGEXPAND_MEMBERS(IndexAdded, table, index)
PGEXPAND_MEMBERS(IndexDropped, index)
PGEXPAND_MEMBERS(IndexRenamed, index, to)
PGEXPAND_MEMBERS(ConstraintAdded, constraint)
PGEXPAND_MEMBERS(ConstraintDropped, table, constraint)
PGEXPAND_MEMBERS(ConstraintRenamed, table, from, to)
PGEXPAND_MEMBERS(VersionPublished, version)

#undef PGEXPAND_MEMBERS

namespace {

using nlohmann::json;

/// In the order of Change's members. A word never changes once released.
constexpr std::array<std::string_view, std::variant_size_v<Change>> words{
    "table_dropped",       "table_renamed",    "table_added",
    "constraint_dropped",  "index_dropped",    "column_dropped",
    "column_renamed",      "column_added",     "column_retyped",
    "nullability_changed", "default_changed",  "comment_changed",
    "index_renamed",       "index_added",      "constraint_renamed",
    "constraint_added",    "version_published"};

template <std::size_t... Index>
Change read(std::size_t wanted,
            const json& members,
            std::index_sequence<Index...> /*all*/) {
  std::optional<Change> change;
  ((Index == wanted
        ? void(change =
                   members.get<std::variant_alternative_t<Index, Change>>())
        : void()),
   ...);
  return change.value();
}

Change change_from(const json& pair) {
  const auto found = std::ranges::find(words, pair.at(0).get<std::string>());
  const auto place = static_cast<std::size_t>(found - words.begin());
  return read(place, pair.at(1),
              std::make_index_sequence<std::variant_size_v<Change>>());
}

}  // namespace

std::string to_json(const std::vector<Change>& changes) {
  json list = json::array();
  for (const Change& change : changes) {
    std::visit(
        [&](const auto& one) {
          list.push_back(json::array({words.at(change.index()), json(one)}));
        },
        change);
  }
  return list.dump();
}

std::optional<std::vector<Change>> changes_from_json(std::string_view text) {
  try {
    std::vector<Change> changes;
    for (const json& pair : json::parse(text)) {
      changes.push_back(change_from(pair));
    }
    return changes;
  } catch (const std::exception&) {
    return std::nullopt;  // another release's, or nobody's
  }
}

}  // namespace pgexpand::catalog
