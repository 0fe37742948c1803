#pragma once

#include "pgexpand/catalog/code.hpp"
#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/settings.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::catalog {

/// A type as the server knows it.
struct Type {
  sql::TypeName name;  ///< Fully qualified, with its modifier.
  std::uint32_t oid = 0;
  std::int32_t modifier = -1;  ///< atttypmod; -1 for none.
  std::uint32_t base_oid = 0;  ///< Under all domains; equals oid otherwise.
  char category = 'U';         ///< pg_type.typcategory.
  char storage = 'x';          ///< pg_type.typstorage: p, e, m, x.
  bool is_domain = false;
  bool domain_has_constraints = false;
  bool is_collatable = false;
  bool has_bitwise_equality = false;  ///< See sql comparator, backfill.md.
  bool is_array = false;

  friend bool operator==(const Type&, const Type&) = default;
};

/// One column privilege, as in pg_attribute.attacl.
struct Grant {
  std::string grantee;    ///< Role name; empty for PUBLIC.
  std::string privilege;  ///< SELECT, INSERT, UPDATE, REFERENCES.
  bool with_grant_option = false;

  friend bool operator==(const Grant&, const Grant&) = default;
};

/// A sequence owned by a column (serial or identity).
struct Sequence {
  sql::TableName name;
  std::string type;  ///< smallint, integer, bigint.
  std::int64_t start = 1, increment = 1, minimum = 1, maximum = 0, cache = 1;
  bool cycle = false;

  friend bool operator==(const Sequence&, const Sequence&) = default;
};

/// Something that depends on a column and cannot follow it to another one.
struct Dependent {
  std::string kind;      ///< view, policy, generated column, function, trigger,
                         ///< publication, rule.
  std::string identity;  ///< As pg_describe_object words it.

  friend auto operator<=>(const Dependent&, const Dependent&) = default;
};

struct Column {
  sql::Identifier name;
  int number = 0;  ///< attnum.
  Type type;
  bool not_null = false;
  bool not_null_valid = true;  ///< 18: false while NOT NULL is NOT VALID.
  std::optional<sql::Expression> default_value;  ///< Not of generated columns.
  std::optional<sql::Expression> generated;      ///< Stored or virtual.
  std::optional<char> identity;          ///< 'a' always, 'd' by default.
  std::optional<Sequence> sequence;      ///< Owned: serial or identity.
  std::optional<std::string> collation;  ///< Qualified, quoted; if not default.
  std::optional<std::string> comment;
  std::optional<int> statistics_target;
  char storage = 'p';                ///< p, e, m, x.
  char type_storage = 'p';           ///< The type's own default.
  std::optional<char> compression;   ///< 'p' pglz, 'l' lz4.
  std::vector<std::string> options;  ///< `n_distinct=-0.5`.
  std::vector<Grant> grants;
  std::vector<Dependent> dependents;
  /// As a migration that has not run will make it: there is none like it in the
  /// database, so no value of it can be read.
  bool is_projected = false;

  friend bool operator==(const Column&, const Column&) = default;
};

struct IndexKey {
  std::optional<sql::Identifier> column;      ///< Either this …
  std::optional<sql::Expression> expression;  ///< … or this, unqualified names.
  std::optional<std::string> opclass;    ///< Qualified, quoted; if not default.
  std::string opclass_options;           ///< `siglen='32'`; may be empty.
  std::optional<std::string> collation;  ///< Qualified; if not the column's.
  bool descending = false;
  bool nulls_first = false;

  friend bool operator==(const IndexKey&, const IndexKey&) = default;
};

struct Index {
  sql::TableName name;
  std::uint32_t oid = 0;
  std::string method;  ///< btree, gin, …
  std::vector<IndexKey> keys;
  std::vector<sql::Identifier> include;
  std::optional<sql::Expression> predicate;
  /// All the columns it reads: keys, INCLUDE, and what the server noted of
  /// expressions and predicate, whether we can read those or not.
  std::vector<sql::Identifier> reads;
  std::vector<std::string> options;  ///< `fillfactor=70`.
  std::optional<sql::Identifier> tablespace;
  std::optional<std::string> comment;
  bool is_unique = false;
  bool is_primary = false;
  bool is_exclusion = false;
  bool nulls_not_distinct = false;
  bool is_valid = true;
  bool is_clustered = false;
  bool is_replica_identity = false;
  std::optional<sql::Identifier> constraint;           ///< Whose index it is.
  std::vector<std::optional<int>> statistics_targets;  ///< Per key.
  std::int64_t size_bytes = 0;
  std::string definition;  ///< pg_get_indexdef with an empty search_path.

  friend bool operator==(const Index&, const Index&) = default;
};

/// The columns an index reads, in keys, INCLUDE, expressions and predicate: as
/// the server noted them, or, of an index that is not there yet, as its text
/// says.
[[nodiscard]] std::vector<sql::Identifier> columns_read(const Index& index);

enum class ConstraintKind {
  check,
  not_null,  ///< 18 only.
  foreign_key,
  primary_key,
  unique,
  exclusion,
  trigger,
};

struct Constraint {
  sql::Identifier name;
  sql::TableName table;  ///< The table that holds it.
  ConstraintKind kind = ConstraintKind::check;
  bool is_validated = true;
  bool is_enforced = true;  ///< From 18 on it may be false.
  bool is_deferrable = false;
  bool initially_deferred = false;
  bool no_inherit = false;
  std::vector<sql::Identifier> columns;  ///< In key order; CHECK: those read.
  std::optional<sql::Expression> expression;  ///< CHECK only, unqualified.
  std::string definition;                     ///< pg_get_constraintdef.
  std::optional<std::string> comment;
  // Foreign keys only:
  sql::TableName references_table;
  std::vector<sql::Identifier> references_columns;
  char on_update = 'a',
       on_delete = 'a';  ///< a, r, c, n, d as in pg_constraint.
  char match = 's';
  std::vector<sql::Identifier> on_delete_columns;  ///< SET NULL (cols), 15+.
  std::string foreign_owner;  ///< Of the other end's table, if the session
                              ///< does not have its rights.
  // Unique, primary key, exclusion, and the index a foreign key relies on:
  std::optional<sql::TableName> index;

  friend bool operator==(const Constraint&, const Constraint&) = default;
};

struct Trigger {
  sql::Identifier name;
  char enabled = 'O';  ///< O origin, D disabled, R replica, A always.
  bool is_before = false, is_row = false, on_insert = false, on_update = false;
  bool is_internal = false;
  std::string function;  ///< Qualified signature, quoted: `public.f()`.
  std::string function_owner;
  bool may_alter_function = true;  ///< The session has its owner's rights.
  std::string function_language;
  double function_cost = 100;
  std::string function_definition_hash;
  std::string definition;  ///< pg_get_triggerdef.
  std::vector<sql::Identifier> update_of;
  bool has_when = false;

  friend bool operator==(const Trigger&, const Trigger&) = default;
};

/// CREATE STATISTICS.
struct ExtendedStatistics {
  sql::TableName name;
  std::vector<std::string> kinds;  ///< ndistinct, dependencies, mcv.
  std::vector<sql::Identifier> columns;
  std::vector<sql::Expression> expressions;
  std::vector<sql::Identifier> reads;  ///< Those of expressions, too.
  std::optional<int> target;
  std::optional<std::string> comment;

  friend bool operator==(const ExtendedStatistics&,
                         const ExtendedStatistics&) = default;
};
[[nodiscard]] std::vector<sql::Identifier> columns_read(
    const ExtendedStatistics& statistics);

struct Table {
  sql::TableName name;
  std::uint32_t oid = 0;
  std::uint32_t relfilenode = 0;
  char kind = 'r';            ///< relkind.
  char persistence = 'p';     ///< p, u, t.
  std::string access_method;  ///< heap.
  std::string owner;
  bool may_act_as_owner = true;    ///< The session has the owner's rights.
  bool must_become_owner = false;  ///< It gets them by SET ROLE only.
  bool may_use_schema = true;
  bool may_create_in_schema = true;
  bool hides_rows = false;  ///< A policy applies to the session.
  bool row_security = false;
  bool force_row_security = false;
  bool is_partition = false;
  bool has_children = false;  ///< Inheritance or partitions.
  bool has_parents = false;
  char replica_identity = 'd';
  std::int64_t estimated_rows = 0;
  std::int64_t size_bytes = 0;  ///< Heap with TOAST.
  std::int64_t indexes_size_bytes = 0;
  std::int64_t pages = 0;
  int next_column_number = 1;  ///< Counts dropped ones; 1600 is the end.
  std::vector<Column> columns;
  std::vector<Index> indexes;
  std::vector<Constraint> constraints;
  std::vector<Constraint> referenced_by;  ///< Foreign keys of other tables, and
                                          ///< of itself, to this one.
  std::vector<Trigger> triggers;          ///< Internal ones left out.
  std::vector<ExtendedStatistics> statistics;
  std::vector<std::string> publications;
  /// Rules ON UPDATE that are enabled, of its partitions and children too.
  std::vector<std::string> rules_also, rules_instead;

  [[nodiscard]] const Column* column(const sql::Identifier& name) const;
  [[nodiscard]] const Index* index(const sql::Identifier& name) const;
  [[nodiscard]] const Constraint* constraint(const sql::Identifier& name) const;
  [[nodiscard]] const Constraint* primary_key() const;

  friend bool operator==(const Table&, const Table&) = default;
};

/// Schemas of views that a migration published and that are still there.
struct PublishedVersion {
  std::string migration;
  std::vector<sql::Identifier> schemas;  ///< Aliases too.
  std::vector<sql::Identifier> bases;    ///< Whose tables they show.

  friend bool operator==(const PublishedVersion&,
                         const PublishedVersion&) = default;
};

/// A function that runs with its caller's search_path and does something that
/// no view can.
struct ViewObstacle {
  std::string function;  ///< "public.refill(integer)".
  std::string what;      ///< "TRUNCATE".

  friend bool operator==(const ViewObstacle&, const ViewObstacle&) = default;
};

/// What one connection saw at one moment: the tables a plan names, complete.
struct Catalog {
  int server_version_num = 0;  ///< 150004.
  std::string server_version;  ///< 15.4.
  std::string database;
  std::string host;  ///< For display: host:port or the socket's folder.
  std::string user;
  /// The role may SET session_replication_role (superuser, or 15+ granted).
  bool may_skip_triggers = false;
  sql::Settings settings;  ///< As the connection arrived: see pg::Arrival.
  std::vector<std::string> search_path;  ///< As the connection arrived, quoted
                                         ///< for SET; existing schemas only,
                                         ///< those of `versions` left out.
  std::vector<Table> tables;
  std::vector<sql::TableName> relation_names;  ///< All names taken in the
                                               ///< schemas of `tables`.
  std::vector<PublishedVersion> versions;      ///< Oldest first.
  bool may_create_schema = true;               ///< CREATE on the database.
  /// Before 15, where a view cannot heed its reader's row security: the tables
  /// that have it, in `search_path` and the schemas of `tables` and `versions`.
  std::vector<sql::TableName> row_security;
  std::vector<ViewObstacle> view_obstacles;
  std::vector<sql::Identifier> schemas;  ///< All there are in the database.
  /// What may name one of Request::goes.
  std::vector<Code> code;

  /// The table a spec means: by schema and name, or by name alone through the
  /// search_path. Null if it was not found.
  [[nodiscard]] const Table* table(const sql::TableName& name) const;
  /// The table that has this index; null if none.
  [[nodiscard]] const Table* table_of_index(const sql::TableName& index) const;
  [[nodiscard]] bool is_name_taken(const sql::TableName& name) const;
  /// The one owner whose rights on `tables` come by SET ROLE only. Empty: none,
  /// or more than one.
  [[nodiscard]] std::string owner_to_become() const;

  friend bool operator==(const Catalog&, const Catalog&) = default;
};

/// What a spec needs to know of the database.
struct Request {
  std::vector<sql::TableName> tables;
  std::vector<sql::TableName> indexes;  ///< Their tables are read.
  /// Columns of `tables` whose names go: code that may have them is read.
  std::vector<sql::ColumnName> goes;
  /// Where published versions are noted; empty: they are not read, and their
  /// views count as the user's.
  sql::Identifier state_schema;
};

/// The part of a table that another migration or a DBA must not change under a
/// running one, as stable text: one line per column, default, constraint,
/// index, trigger … See safety.md, fingerprint.
[[nodiscard]] std::vector<std::string> fingerprint(const Table& table);

}  // namespace pgexpand::catalog
