#pragma once

#include "ops/carry.hpp"
#include "ops/expressions.hpp"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace pgexpand::ops {

/// Carries one table's objects over to its moved columns. Split over
/// carry_indexes.cpp, carry_deferrable.cpp and carry_constraints.cpp.
class Carrier {
 public:
  Carrier(const Situation& situation,
          Draft& draft,
          TableDraft& pieces,
          Diagnostics& findings)
      : situation_(situation),
        draft_(draft),
        pieces_(pieces),
        table_(*pieces.table),
        shape_(situation.shapes.of(*pieces.table)),
        findings_(findings) {}

  void add_objects() {
    carry_indexes();
    carry_checks();
    carry_statistics();
    add_alias_indexes();
    rename_later_inputs();
    free_lossy_columns();
  }
  /// After the objects of every table: a foreign key relies on an index of the
  /// table it refers to.
  void add_foreign_keys() {
    carry_foreign_keys_here();
    carry_foreign_keys_out();
  }

 private:
  // --- indexes ---------------------------------------------------------------
  void carry_indexes();
  void carry_index(const catalog::Index& index);
  /// A finding of one that is not valid, which is not built again.
  [[nodiscard]] bool is_usable(const catalog::Index& index);
  [[nodiscard]] catalog::Index renewed(const catalog::Index& index);
  [[nodiscard]] catalog::IndexKey renewed_key(const catalog::Index& index,
                                              std::size_t n);
  [[nodiscard]] std::optional<std::string> opclass_for(
      const catalog::Index& index, const catalog::IndexKey& key);
  void carry_deferrable(const catalog::Index& index, bool new_promise);
  void build_deferrable(const catalog::Index& index, plan::Phase phase);
  void check_at_end(const catalog::Index& index, plan::Phase since);
  void carry_deferrable_key(const catalog::Index& index, bool new_promise);
  void build_key_late(const catalog::Index& index);
  [[nodiscard]] plan::Undo rebuild_old_key(const catalog::Index& index) const;
  void take_over_plain(const catalog::Index& index);
  void take_over_unique(const catalog::Index& index);
  void take_over_primary(const catalog::Index& index);
  void take_over_attributes(const catalog::Index& index);
  void take_over_comments(const catalog::Index& index, Transition& step);
  void take_over_column_names(const catalog::Index& index);
  void add_alias_indexes();
  void add_alias_index(const catalog::Index& index);
  [[nodiscard]] sql::Identifier alias_of(const sql::Identifier& today) const;
  void carry_statistics();
  void carry_statistics(const catalog::ExtendedStatistics& statistics,
                        const std::vector<std::string>& members);

  // --- constraints -----------------------------------------------------------
  void carry_checks();
  void say_it_is_carried(const catalog::Constraint& constraint,
                         std::string_view what,
                         const std::vector<sql::Identifier>& columns);
  void carry_foreign_keys_out();
  void carry_foreign_keys_here();
  void enforce_foreign_key(const catalog::Constraint& key,
                           const catalog::Constraint& fresh);
  void check_comparable(const catalog::Constraint& key);
  void replace_foreign_key(const catalog::Constraint& key, bool now);
  void take_over_named(const catalog::Constraint& constraint);
  void rename_later_inputs();
  void free_lossy_columns();
  [[nodiscard]] bool keeps_key(const Move& move);
  void prove_nothing_is_lost(const Move& move);

  // --- common ----------------------------------------------------------------
  /// The transition in which the new object takes its name: switch if every
  /// moved column among `columns` swaps there, else contract.
  [[nodiscard]] bool at_switch(
      const std::vector<sql::Identifier>& columns) const {
    return is_at_switch(shape_, columns);
  }
  [[nodiscard]] static bool is_at_switch(
      const TableShape& shape, const std::vector<sql::Identifier>& columns);
  [[nodiscard]] Transition& transition(bool at_switch) {
    return at_switch ? draft_.at_switch() : draft_.at_contract();
  }
  [[nodiscard]] sql::Identifier physical_of(
      const sql::Identifier& today) const {
    return shape_.physical(shape_.renamed(today));
  }
  [[nodiscard]] std::vector<sql::Identifier> physical_of(
      const std::vector<sql::Identifier>& today) const;
  [[nodiscard]] sql::TableName in_schema(const sql::Identifier& name) const {
    return {table_.name.schema, name};
  }
  /// The text of an object's expression over the columns that `name` says; a
  /// finding if we cannot read it.
  [[nodiscard]] std::optional<sql::Expression> rewritten(
      const std::string& object,
      const sql::Expression& expression,
      const std::function<sql::Identifier(const sql::Identifier&)>& name);
  /// The same; a finding, too, if it does not hold there.
  [[nodiscard]] std::optional<sql::Expression> carried(
      const std::string& key,
      const std::string& object,
      const sql::Expression& expression);

  const Situation& situation_;
  Draft& draft_;
  TableDraft& pieces_;
  const catalog::Table& table_;
  const TableShape& shape_;
  Diagnostics& findings_;
};

/// ` DEFERRABLE INITIALLY DEFERRED`, ` DEFERRABLE` or nothing, as the
/// constraint of this index is.
[[nodiscard]] sql::Expression deferrable(const catalog::Table& table,
                                         const catalog::Index& index);
/// Makes an index that stands a constraint: that of `index`, named `name`.
[[nodiscard]] sql::Statement adopt(const catalog::Table& table,
                                   const catalog::Index& index,
                                   const sql::Identifier& name,
                                   const sql::Identifier& built);

[[nodiscard]] sql::Statement drop_constraint(const sql::TableName& table,
                                             const sql::Identifier& name);
[[nodiscard]] sql::Statement rename_constraint(const sql::TableName& table,
                                               const sql::Identifier& from,
                                               const sql::Identifier& to);

/// Keys of the probes carry_probes() asks.
[[nodiscard]] std::string key_probe(const catalog::Table& table,
                                    const catalog::Index& index,
                                    std::size_t n);
[[nodiscard]] std::string predicate_probe(const catalog::Table& table,
                                          const catalog::Index& index);
[[nodiscard]] std::string check_probe(const catalog::Table& table,
                                      const catalog::Constraint& check);
[[nodiscard]] std::string foreign_key_probe(const catalog::Constraint& key,
                                            std::size_t n);

}  // namespace pgexpand::ops
