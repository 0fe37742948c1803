#include "ops/new_column_pieces.hpp"

#include "ops/column_rules.hpp"
#include "ops/column_warnings.hpp"
#include "ops/comparator.hpp"
#include "ops/enforce.hpp"
#include "ops/identity.hpp"
#include "ops/new_column_changes.hpp"
#include "ops/rights.hpp"
#include "ops/table_operation.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {
namespace {

using plan::LockMode;
using plan::Phase;
using sql::Expression;
using sql::Identifier;
using sql::Statement;

// A rewrite of this much fits into lock.hold on slow disks.
constexpr std::int64_t small_table_bytes = 8 * 1024 * 1024;

}  // namespace

NewColumnPieces::NewColumnPieces(Draft& draft,
                                 TableDraft& table,
                                 const NewColumn& column,
                                 NewColumnValues values)
    : draft_(draft),
      table_(table),
      column_(column),
      values_(std::move(values)) {}

void NewColumnPieces::add_physical(const Expression& tail) {
  const sql::TableName& name = table_.table->name;
  std::string type = values_.type.name.text;
  if (!values_.collation.empty()) {
    type += " COLLATE " + values_.collation;
  }
  table_.expand.push_back(Statement::of("ALTER TABLE {} ADD COLUMN {} {}{}",
                                        name, column_.name, Expression{type},
                                        tail));
  table_.expand_undo.push_back(
      Statement::of("ALTER TABLE {} DROP COLUMN {}", name, column_.name));
  table_.expand_titles.push_back(fmt::format(
      "add column {} {}", column_.name.name(), values_.type.name.text));
  if (column_.comment) {
    table_.expand.push_back(
        comment_on_column(name, column_.name, column_.comment));
  }
  table_.touched.insert(column_.name);
  table_.version.made.insert(column_.name);
  table_.adds_columns = true;
  table_.added.push_back(column_.name);
}

void NewColumnPieces::add(const catalog::Catalog& catalog,
                          const Location& where,
                          Diagnostics& findings) {
  if (!is_free_of_constraints(values_.type, where, findings)) {
    return;
  }
  if (column_.generated) {
    add_generated(catalog, where, findings);
  } else if (column_.identity) {
    add_identity(catalog, where, findings);
  } else if (values_.up) {
    add_filled_by_up();
  } else {
    add_filled_by_default(where, findings);
  }
}

void NewColumnPieces::add_generated(const catalog::Catalog& catalog,
                                    const Location& where,
                                    Diagnostics& findings) {
  const bool is_virtual = catalog.server_version_num >= 180000;
  if (!is_virtual && table_.table->size_bytes > small_table_bytes) {
    findings.refuse(
        where, "column.generated-rewrites",
        fmt::format("a stored generated column rewrites table {} under ACCESS "
                    "EXCLUSIVE, and it is too large for that",
                    table_.table->name.display()),
        "add a plain column with `up`, and let the application keep it");
    return;
  }
  warn_of_generated(column_.name, values_.generated_deparsed, where, findings);
  add_physical(sql::compose(" GENERATED ALWAYS AS ({}) {}", *values_.generated,
                            Expression{is_virtual ? "VIRTUAL" : "STORED"}));
  if (!column_.nullable) {
    table_.before_switch.push_back(no_nulls(column_.name));
    if (!is_never_null(*table_.table, values_.generated_deparsed)) {
      draft_.visible(fmt::format("a row for which {} would be NULL is rejected",
                                 column_.name.name()));
    }
    enforce_not_null(draft_, *table_.table,
                     {.column = column_.name, .column_is_new = true});
  }
}

void NewColumnPieces::add_identity(const catalog::Catalog& catalog,
                                   const Location& where,
                                   Diagnostics& findings) {
  const sql::TableName& name = table_.table->name;
  const sql::TableName sequence = identity_sequence_name(name, column_.name);
  if (catalog.is_name_taken(sequence)) {
    findings.error(where, "catalog.name-taken",
                   fmt::format("{} exists already", sequence.display()),
                   "rename it: the identity's sequence takes that name");
    return;
  }
  draft_.claims().claim(fill_claim(name, column_.name));
  check_may_create("a sequence", *table_.table, catalog, where, findings);
  const Identifier owner(table_.table->owner);
  table_.expand.push_back(Statement::of("CREATE SEQUENCE {}", sequence));
  // OWNED BY wants one owner for both, and ours may only be a member of it.
  table_.expand.push_back(
      Statement::of("ALTER SEQUENCE {} OWNER TO {}", sequence, owner));
  add_physical({});
  const auto next_value =
      sql::compose("pg_catalog.nextval({}::pg_catalog.regclass)",
                   sql::Literal{sequence.quoted()});
  table_.expand.push_back(Statement::of("ALTER SEQUENCE {} OWNED BY {}.{}",
                                        sequence, name, column_.name));
  table_.expand.push_back(set_default(name, column_.name, next_value));
  table_.expand.push_back(let_writers_draw(sequence, name));
  warn_of_lastval(*table_.table, column_.name, where, findings);
  const Expression is_missing = sql::compose("t.{} IS NULL", column_.name);
  table_.fills.push_back({.assignment = {column_.name, next_value},
                          .type = values_.type,
                          .pending = is_missing,
                          .is_in_place = true,
                          .until_clean = true});
  table_.analyze.push_back(column_.name);
  table_.before_switch.push_back(no_nulls(column_.name));
  enforce_not_null(draft_, *table_.table,
                   {.column = column_.name, .column_is_new = true});
  auto& transition = draft_.at_switch();
  transition.last.push_back(
      sequence_to_identity(name, column_.name, sequence, *column_.identity));
  transition.undo_first(
      {identity_to_sequence(name, column_.name, sequence, owner),
       let_writers_draw(sequence, name)});
  transition.titles.push_back(
      fmt::format("make {} an identity column", column_.name.name()));
}

Expression NewColumnPieces::effective_up() const {
  return values_.default_value
             ? sql::compose("COALESCE({}, {})",
                            in_type(values_.type, *values_.up),
                            in_type(values_.type, *values_.default_value))
             : *values_.up;
}

void NewColumnPieces::add_filled_by_up() {
  const sql::TableName& name = table_.table->name;
  draft_.claims().claim(fill_claim(name, column_.name));
  add_physical({});
  const Expression value = effective_up();
  SyncPair pair{.forward = {.column = column_.name,
                            .type = values_.type,
                            .value = value,
                            .is_safe = values_.up_is_safe}};
  table_.sync_before.pairs.push_back(pair);
  // A NULL that new code writes later must not be filled again.
  pair.rows_complete = true;
  pair.knows_writer = draft_.in_views();
  table_.sync_after.pairs.push_back(pair);
  table_.sync_titles.push_back(fmt::format(
      "sync trigger {} -> {}", bare(value).text, column_.name.name()));

  const Expression up = over_row(value);
  const Expression wrong = values_.up_is_volatile
                               ? sql::compose("t.{} IS NULL", column_.name)
                               : differs(values_.type, of_row(column_.name),
                                         as_type(values_.type, up));
  table_.fills.push_back({.assignment = {column_.name, up},
                          .type = values_.type,
                          .pending = wrong,
                          .is_in_place = values_.up_is_volatile});
  table_.analyze.push_back(column_.name);
  // A change of what `up` reads is drift of this migration too.
  for (const Identifier& input : sql::columns_of(value.text)) {
    table_.touched.insert(input);
  }
  table_.before_switch.push_back(
      {.title = fmt::format("{} = {}", column_.name.name(), bare(value).text),
       .differs = wrong,
       .repair = plan::Assignment{column_.name, up}});
  add_not_null_for_up(value);
  if (values_.default_value) {
    table_.version.defaults[column_.name] = values_.default_value;
    auto& transition = draft_.at_contract();
    transition.lock(name, LockMode::access_exclusive);
    transition.last.push_back(
        set_default(name, column_.name, values_.default_ddl));
    transition.titles.push_back(fmt::format(
        "default of {}: {}", column_.name.name(), values_.default_ddl->text));
  }
}

void NewColumnPieces::add_not_null_for_up(const Expression& value) {
  if (column_.nullable) {
    return;
  }
  // A failing `up` gives NULL, and must not fail old code's write.
  const bool is_certain = is_never_null(*table_.table, value) &&
                          (values_.up_is_safe || sql::cannot_fail(value.text));
  enforce_not_null(draft_, *table_.table,
                   {.column = column_.name,
                    .phase = is_certain ? Phase::switch_over : Phase::contract,
                    .column_is_new = true});
}

void NewColumnPieces::add_filled_by_default(const Location& where,
                                            Diagnostics& findings) {
  const sql::TableName& name = table_.table->name;
  if (values_.default_value) {
    warn_of_default(*table_.table, column_.name, *values_.default_value, where,
                    findings);
  }
  if (!values_.default_is_volatile) {
    const Expression value =
        values_.default_ddl
            ? sql::compose(" DEFAULT ({})", *values_.default_ddl)
            : Expression{};
    if (!column_.nullable) {
      draft_.claims().claim(not_null_claim(name, column_.name));
    }
    add_physical(sql::compose("{}{}", value,
                              Expression{column_.nullable ? "" : " NOT NULL"}));
    return;
  }
  draft_.claims().claim(fill_claim(name, column_.name));
  // A volatile default in ADD COLUMN rewrites the table; set afterwards, it
  // only holds for new rows, and the backfill gives the others theirs.
  add_physical({});
  table_.expand.push_back(set_default(name, column_.name, values_.default_ddl));
  const Expression is_missing = sql::compose("t.{} IS NULL", column_.name);
  table_.fills.push_back({.assignment = {column_.name, *values_.default_value},
                          .type = values_.type,
                          .pending = is_missing,
                          .is_in_place = true,
                          .until_clean = true});
  table_.analyze.push_back(column_.name);
  table_.before_switch.push_back(no_nulls(column_.name));
  if (!column_.nullable) {
    enforce_not_null(draft_, *table_.table,
                     {.column = column_.name, .column_is_new = true});
  }
}

bool NewColumnPieces::has_value() const {
  return values_.up || values_.default_value || values_.generated;
}

void NewColumnPieces::add_check(const Location& where, Diagnostics& findings) {
  const Identifier name =
      check_name(*column_.check, table_.table->name, column_.name);
  if (!is_constraint_free(*table_.table, name, where, findings)) {
    return;
  }
  enforce_constraint(draft_,
                     {.table = table_.table->name,
                      .name = name,
                      .definition = sql::compose("CHECK ({})", *values_.check),
                      .title = fmt::format("check {}", name.name())});
  if (!values_.check_over_row.empty()) {
    table_.before_switch.push_back(
        {.title = fmt::format("check {}", name.name()),
         .differs = sql::compose("({}) IS FALSE", values_.check_over_row)});
  }
  const auto read = sql::can_read(values_.check->text)
                        ? sql::columns_of(values_.check->text)
                        : std::vector<Identifier>{};
  if (values_.up) {
    draft_.visible(fmt::format(
        "check {} rejects a row whose `up` does not pass it", name.name()));
  } else if (has_value() || read != std::vector{column_.name}) {
    draft_.visible(
        fmt::format("check {} rejects what old code may write", name.name()));
  }
}

void NewColumnPieces::add_unique(const catalog::Catalog& catalog,
                                 const Location& where,
                                 Diagnostics& findings) {
  const sql::TableName& table = table_.table->name;
  const auto name =
      unique_name(column_, table, [&](const sql::TableName& candidate) {
        return catalog.is_name_taken(candidate) ||
               draft_.claims().is_claimed(index_claim(candidate));
      });
  if (catalog.is_name_taken(name)) {
    findings.error(where, "catalog.name-taken",
                   fmt::format("{} exists already", name.display()),
                   "give `unique` another name");
    return;
  }
  catalog::Index index{.name = name,
                       .method = "btree",
                       .keys = {{.column = column_.name}},
                       .is_unique = true};
  build_index(draft_, *table_.table,
              {.index = index,
               .phase = Phase::switch_over,
               .enforces = true,
               .on_new_column = true});
  auto& transition = draft_.at_switch();
  transition.lock(table, LockMode::access_exclusive);
  transition.last.push_back(
      Statement::of("ALTER TABLE {} ADD CONSTRAINT {} UNIQUE USING INDEX {}",
                    table, name.name, name.name));
  transition.undo_first(
      {Statement::of("ALTER TABLE {} DROP CONSTRAINT {}", table, name.name)});
  transition.titles.push_back(
      fmt::format("unique constraint {}", name.name.name()));
  if (has_value() && !column_.identity) {
    draft_.visible(fmt::format("unique constraint {} rejects duplicates",
                               name.name.name()));
  }
}

void NewColumnPieces::add_reference(const Situation& situation,
                                    Diagnostics& findings) {
  const ReferenceFields& wanted = *column_.references;
  const auto* parent = situation.catalog.table(wanted.table);
  if (parent == nullptr) {
    findings.error(
        wanted.where, "catalog.unknown-table",
        fmt::format("table {} does not exist", wanted.table.display()),
        "check the name and its schema");
    return;
  }
  const auto* key = parent->primary_key();
  if (!wanted.column && (key == nullptr || key->columns.size() != 1)) {
    findings.error(wanted.where, "column.references-what",
                   fmt::format("table {} has no primary key of one column",
                               parent->name.display()),
                   "name the column with `column:`");
    return;
  }
  const Identifier name = reference_name(column_, table_.table->name);
  if (!is_constraint_free(*table_.table, name, wanted.where, findings)) {
    return;
  }
  // A key that moves in the same migration is referred to where it goes.
  const TableShape& shape = situation.shapes.of(*parent);
  const Identifier target =
      wanted.column ? *wanted.column : shape.renamed(key->columns.front());
  const catalog::Constraint constraint{
      .columns = {column_.name},
      .references_table = parent->name,
      .references_columns = {shape.physical(target)},
      .on_update = wanted.on_update,
      .on_delete = wanted.on_delete};
  enforce_constraint(draft_,
                     {.table = table_.table->name,
                      .name = name,
                      .definition = foreign_key_definition(constraint),
                      .references = parent->name,
                      .title = fmt::format("foreign key {}", name.name())});
  if (shape.move_of(target) != nullptr) {
    // On the way back the parent's new key goes before that step is undone.
    auto& transition = draft_.at_switch();
    transition.lock(table_.table->name, LockMode::access_exclusive);
    transition.undo_before.push_back(
        Statement::of("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}",
                      table_.table->name, name));
  }
  draft_.visible(fmt::format(
      "foreign key {} rejects a value that {} does not have, and a DELETE or "
      "TRUNCATE there",
      name.name(), parent->name.display()));
}

}  // namespace pgexpand::ops
