// add_column: a new column, filled and constrained without a long lock.
//
// ADD COLUMN is metadata only (ACCESS EXCLUSIVE, milliseconds) when it is
// nullable, or its default is not VOLATILE. A volatile default, identity and a
// constrained domain rewrite the table; inline CHECK, UNIQUE and REFERENCES
// scan or build under the lock. So the column comes alone; values come from
// the trigger and the backfill, and constraints NOT VALID after verify.
#include "ops/column_rules.hpp"
#include "ops/comparator.hpp"
#include "ops/field_rows.hpp"
#include "ops/new_column.hpp"
#include "ops/new_column_changes.hpp"
#include "ops/new_column_pieces.hpp"
#include "ops/table_operation.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {
namespace {

class AddColumn final : public TableOperation {
 public:
  AddColumn(Target target, NewColumn column)
      : TableOperation(std::move(target)), column_(std::move(column)) {}

  void request(catalog::Request& request) const override {
    TableOperation::request(request);
    if (column_.references) {
      request.tables.push_back(column_.references->table);
    }
  }

  void reshape(const catalog::Catalog& catalog,
               Shapes& shapes,
               Diagnostics& findings) const override {
    const auto* found = find_table(catalog, findings);
    if (found == nullptr) {
      return;
    }
    if (!is_free(*found, shapes.of(*found), column_.name,
                 "choose another name, or use alter_column", findings)) {
      return;
    }
    check_parts(*found, findings);
    shapes.of(*found).add({.name = column_.name,
                           .physical = column_.name,
                           .type = column_.type.text,
                           .is_user_type = true});
  }

  void probe(const Situation& situation,
             const std::string& prefix,
             catalog::Probes& probes) const override {
    const auto& here = table(situation.catalog);
    const auto& shape = situation.shapes.of(here);
    probes.types[prefix + "type"] = {.text = column_.type.text,
                                     .collation = column_.collation,
                                     .where = column_.type.where};
    const auto assigned = [&](catalog::ExpressionProbe probe) {
      probe.target_type = column_.type.text;
      probe.target_is_user_type = true;
      return probe;
    };
    if (column_.up) {
      probes.expressions[prefix + "up"] =
          assigned(probe_today(here, *column_.up));
    }
    if (column_.default_value) {
      probes.expressions[prefix + "default"] =
          assigned({.text = column_.default_value->text,
                    .is_for_ddl = is_for_ddl(*column_.default_value),
                    .where = column_.default_value->where});
    }
    if (column_.generated) {
      probes.expressions[prefix + "generated"] =
          assigned(probe_today(here, *column_.generated));
    }
    if (column_.check) {
      auto probe = probe_after(here, shape, column_.check->expression);
      probe.is_predicate = true;
      probes.expressions[prefix + "check"] = std::move(probe);
    }
  }

  void plan(const Situation& situation,
            const std::string& prefix,
            Draft& draft,
            Diagnostics& findings) const override {
    const auto& here = table(situation.catalog);
    auto values = answered(situation, prefix, here, findings);
    if (findings.blocks()) {
      return;
    }
    NewColumnPieces pieces(draft, draft_of(draft, here), column_,
                           *std::move(values));
    pieces.add(situation.catalog, where(), findings);
    if (column_.check) {
      pieces.add_check(where(), findings);
    }
    if (column_.unique) {
      pieces.add_unique(situation.catalog, where(), findings);
    }
    if (column_.references) {
      pieces.add_reference(situation, findings);
    }
  }

 protected:
  [[nodiscard]] std::vector<catalog::Change> changes_of(
      const catalog::Table& table,
      const Situation& situation,
      const std::string& prefix) const override {
    return ops::changes_of(column_, table, situation, prefix);
  }

 private:
  /// What a column of a partitioned table cannot have yet.
  void check_parts(const catalog::Table& here, Diagnostics& findings) const {
    const auto refuse = [&](bool is_wanted, const char* what,
                            const char* hint) {
      if (is_wanted) {
        (void)refuse_if_partitioned(here, what, hint, where(), findings);
      }
    };
    refuse(column_.unique.has_value(), "a unique column",
           "leave `unique` out, and build the index by hand");
    refuse(column_.references.has_value(), "a foreign key",
           "leave `references` out: PostgreSQL has no NOT VALID foreign key of "
           "a partitioned table before 18");
    refuse(column_.identity.has_value(), "an identity column",
           "add a plain column with a `default` that takes a sequence's next "
           "value");
  }

  [[nodiscard]] std::optional<NewColumnValues> answered(
      const Situation& situation,
      const std::string& prefix,
      const catalog::Table& here,
      Diagnostics& findings) const {
    NewColumnValues values;
    const auto* type =
        resolved_type(situation.answers, prefix + "type", findings);
    if (type == nullptr) {
      return std::nullopt;
    }
    values.type = type->type;
    values.collation = type->collation;
    const auto answer =
        [&](const std::optional<UserExpression>& expression, const char* key,
            Demands demands) -> const catalog::ExpressionAnswer* {
      return expression
                 ? resolved(situation.answers, prefix + key, expression->where,
                            allowed(), demands, findings)
                 : nullptr;
    };
    if (const auto* up = answer(column_.up, "up", {})) {
      values.up = up->deparsed;
      values.up_is_safe =
          up->binary_coercible && sql::is_plain_column(up->deparsed.text);
      values.up_is_volatile = up->stability != catalog::Stability::immutable;
      (void)reads_no_generated_column(here, *up, column_.up->where, findings);
    }
    const Reader reader = column_.up ? Reader::us : Reader::server;
    if (const auto* value =
            answer(column_.default_value, "default",
                   {.deterministic = false, .reader = reader})) {
      values.default_value = value->deparsed;
      values.default_ddl = as_written(*column_.default_value);
      values.default_is_volatile =
          value->stability == catalog::Stability::is_volatile;
    }
    if (const auto* value = answer(column_.generated, "generated",
                                   {.reader = Reader::server})) {
      values.generated_deparsed = value->deparsed;
      values.generated = as_written(*column_.generated);
    }
    if (column_.check) {
      const std::optional expression = column_.check->expression;
      if (const auto* value = answer(expression, "check", is_check)) {
        const auto& shape = situation.shapes.of(here);
        values.check_over_row = sql::can_read(value->deparsed.text)
                                    ? over_row(value->deparsed, &shape)
                                    : sql::Expression{};
        values.check =
            for_ddl(*expression, situation.shapes.of(here), findings);
      }
    }
    return values;
  }

  NewColumn column_;
};

std::unique_ptr<Operation> parse(spec::Fields& fields, Diagnostics& findings) {
  auto target = read_target(fields, findings);
  auto column = read_new_column(fields, findings);
  fields.reject_unknown(findings);
  if (!target || !column) {
    return nullptr;
  }
  return std::make_unique<AddColumn>(*std::move(target), *std::move(column));
}

constexpr std::array unique_fields{FieldRow{
    .name = "name", .type = FieldType::name, .help = "name of the constraint"}};

constexpr std::array<std::string_view, 5> actions{
    "no action", "restrict", "cascade", "set null", "set default"};
constexpr std::array reference_fields{
    FieldRow{.name = "table",
             .type = FieldType::relation,
             .help = "the table it points to",
             .required = true},
    FieldRow{.name = "column",
             .type = FieldType::name,
             .help = "its column; else the primary key"},
    FieldRow{.name = "name",
             .type = FieldType::name,
             .help = "name of the constraint"},
    FieldRow{.name = "on_delete",
             .type = FieldType::choice,
             .help = "what follows a DELETE there",
             .choices = actions},
    FieldRow{.name = "on_update",
             .type = FieldType::choice,
             .help = "what follows an UPDATE there",
             .choices = actions},
};

constexpr std::array<std::string_view, 2> identities{"always", "by_default"};
constexpr std::array field_rows{
    table_row,
    FieldRow{.name = "column",
             .type = FieldType::name,
             .help = "the new column's name",
             .required = true},
    FieldRow{.name = "type",
             .type = FieldType::type,
             .help = "its type, as in SQL",
             .required = true},
    FieldRow{.name = "up",
             .type = FieldType::expression,
             .help = "expression over the row as it is today: the new value"},
    FieldRow{.name = "nullable",
             .type = FieldType::boolean,
             .help = "false: NOT NULL",
             .default_value = "true"},
    FieldRow{.name = "default",
             .type = FieldType::expression,
             .help = "value of rows that do not give one"},
    check_row,
    FieldRow{.name = "unique",
             .type = FieldType::mapping,
             .help = "a UNIQUE constraint",
             .fields = unique_fields},
    FieldRow{.name = "references",
             .type = FieldType::mapping,
             .help = "a foreign key",
             .fields = reference_fields},
    FieldRow{.name = "generated",
             .type = FieldType::expression,
             .help = "expression of a generated column"},
    FieldRow{.name = "identity",
             .type = FieldType::choice,
             .help = "numbers from a sequence of its own",
             .choices = identities},
    FieldRow{.name = "collation",
             .type = FieldType::text,
             .help = "name of a collation"},
    FieldRow{.name = "comment",
             .type = FieldType::text,
             .help = "comment on the column"},
    allow_row,
};

}  // namespace

extern const OperationType add_column;
constinit const OperationType add_column = {
    .name = "add_column",
    .summary = "Add a column; `up` fills it from the old ones.",
    .fields = field_rows,
    .parse = parse,
};

}  // namespace pgexpand::ops
