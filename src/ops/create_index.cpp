// create_index: builds an index without blocking writers.
//
// CREATE INDEX holds SHARE for the whole build; CONCURRENTLY takes SHARE UPDATE
// EXCLUSIVE and waits for every transaction with an older snapshot. A unique
// one begins to reject rows when it is ready, before it is valid: it carries a
// new promise, so it is built after verify, at a visible switch.
#include "ops/enforce.hpp"
#include "ops/field_rows.hpp"
#include "ops/index_fields.hpp"
#include "ops/table_operation.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pgexpand::ops {
namespace {

class CreateIndex final : public TableOperation {
 public:
  CreateIndex(Target target, IndexFields fields)
      : TableOperation(std::move(target)), args_(std::move(fields)) {}

  void reshape(const catalog::Catalog& catalog,
               Shapes& /*shapes*/,
               Diagnostics& findings) const override {
    (void)find_table(catalog, findings);
  }

  void probe(const Situation& situation,
             const std::string& prefix,
             catalog::Probes& probes) const override {
    const auto& here = table(situation.catalog);
    const auto& shape = situation.shapes.of(here);
    for (std::size_t n = 0; n < args_.keys.size(); ++n) {
      if (args_.keys[n].expression) {
        probes.expressions[key_name(prefix, n)] =
            probe_after(here, shape, *args_.keys[n].expression);
      }
    }
    if (args_.where) {
      auto probe = probe_after(here, shape, *args_.where);
      probe.is_predicate = true;
      probes.expressions[prefix + "where"] = std::move(probe);
    }
  }

  void plan(const Situation& situation,
            const std::string& prefix,
            Draft& draft,
            Diagnostics& findings) const override {
    const auto& here = table(situation.catalog);
    auto index = described(situation, prefix, here, findings);
    index.name = index_name(args_, here, [&](const sql::TableName& name) {
      return situation.catalog.is_name_taken(name) ||
             draft.claims().is_claimed(index_claim(name));
    });
    check_name(index, situation.catalog, findings);
    if (findings.blocks()) {
      return;
    }
    auto& pieces = draft_of(draft, here);
    pieces.touched.insert(index.reads.begin(), index.reads.end());
    build_index(draft, here,
                {.index = index,
                 .phase = index.is_unique ? plan::Phase::switch_over
                                          : plan::Phase::backfill,
                 .enforces = index.is_unique});
    if (index.is_unique) {
      draft.visible(fmt::format("unique index {} rejects duplicates",
                                index.name.name.name()));
    }
  }

 protected:
  [[nodiscard]] TableUse use() const override { return TableUse::index; }
  [[nodiscard]] std::vector<catalog::Change> changes_of(
      const catalog::Table& table,
      const Situation& situation,
      const std::string& prefix) const override {
    catalog::Index index{
        .name = index_name(args_, table,
                           [&](const sql::TableName& name) {
                             return situation.after.is_name_taken(name);
                           }),
        .method = args_.method,
        .include = args_.include,
        .options = args_.options,
        .is_unique = args_.is_unique,
        .nulls_not_distinct = args_.nulls_not_distinct};
    const auto& answers = situation.answers;
    for (std::size_t n = 0; n < args_.keys.size(); ++n) {
      const IndexKeyFields& wanted = args_.keys[n];
      index.keys.push_back(plain(wanted));
      index.keys.back().column = wanted.column;
      if (wanted.expression) {
        index.keys.back().expression =
            written_out(answers, key_name(prefix, n), *wanted.expression);
      }
    }
    if (args_.where) {
      index.predicate = written_out(answers, prefix + "where", *args_.where);
    }
    return {catalog::IndexAdded{table.name, std::move(index)}};
  }

 private:
  static std::string key_name(const std::string& prefix, std::size_t n) {
    return fmt::format("{}key{}", prefix, n);
  }

  /// Without what it is a key of.
  static catalog::IndexKey plain(const IndexKeyFields& wanted) {
    return {.opclass = wanted.opclass,
            .collation = wanted.collation,
            .descending = wanted.descending,
            .nulls_first = wanted.nulls_first};
  }

  [[nodiscard]] catalog::Index described(const Situation& situation,
                                         const std::string& prefix,
                                         const catalog::Table& here,
                                         Diagnostics& findings) const {
    const auto& shape = situation.shapes.of(here);
    catalog::Index index{.method = args_.method,
                         .options = args_.options,
                         .is_unique = args_.is_unique,
                         .nulls_not_distinct = args_.nulls_not_distinct};
    for (std::size_t n = 0; n < args_.keys.size(); ++n) {
      index.keys.push_back(described_key(situation, prefix, n, findings));
      if (index.keys.back().column) {
        index.reads.push_back(*index.keys.back().column);
      }
      note_columns(index.keys.back().expression, here, index);
    }
    for (const auto& column : args_.include) {
      require(shape, here, column, findings);
      index.include.push_back(shape.physical(column));
      index.reads.push_back(index.include.back());
    }
    if (args_.where) {
      const auto* answer =
          resolved(situation.answers, prefix + "where", args_.where->where,
                   allowed(), is_check, findings);
      const auto text = ddl_of(answer, shape, args_.where->where, findings);
      if (text) {
        index.predicate = sql::compose("({})", *text);
      }
    }
    note_columns(index.predicate, here, index);
    if (index.nulls_not_distinct &&
        situation.catalog.server_version_num < 150000) {
      findings.refuse(where(), "server.too-old",
                      "nulls_not_distinct needs PostgreSQL 15",
                      "leave it out, or upgrade the server");
    }
    return index;
  }

  void check_name(const catalog::Index& index,
                  const catalog::Catalog& catalog,
                  Diagnostics& findings) const {
    if (args_.name && is_leftover(index.name, catalog)) {
      findings.error(
          where(), "index.leftover",
          fmt::format("index {} exists already and is INVALID: a concurrent "
                      "build left it behind, or is still at it",
                      index.name.display()),
          fmt::format("DROP INDEX CONCURRENTLY {}", index.name.quoted()));
    } else if (args_.name && catalog.is_name_taken(index.name)) {
      findings.error(where(), "catalog.name-taken",
                     fmt::format("{} exists already", index.name.display()),
                     "choose another name");
    }
  }

  /// Does the name belong to an index of the table that is not valid?
  [[nodiscard]] static bool is_leftover(const sql::TableName& name,
                                        const catalog::Catalog& catalog) {
    const auto* holder = catalog.table_of_index(name);
    const auto* found = holder == nullptr ? nullptr : holder->index(name.name);
    return found != nullptr && !found->is_valid;
  }

  [[nodiscard]] catalog::IndexKey described_key(const Situation& situation,
                                                const std::string& prefix,
                                                std::size_t n,
                                                Diagnostics& findings) const {
    const auto& here = table(situation.catalog);
    const auto& shape = situation.shapes.of(here);
    const IndexKeyFields& wanted = args_.keys[n];
    catalog::IndexKey key = plain(wanted);
    if (wanted.column) {
      require(shape, here, *wanted.column, findings);
      key.column = shape.physical(*wanted.column);
      return key;
    }
    const auto* answer =
        resolved(situation.answers, key_name(prefix, n),
                 wanted.expression->where, allowed(), is_check, findings);
    key.expression = ddl_of(answer, shape, wanted.expression->where, findings);
    return key;
  }

  [[nodiscard]] static std::optional<sql::Expression> ddl_of(
      const catalog::ExpressionAnswer* answer,
      const TableShape& shape,
      const Location& where,
      Diagnostics& findings) {
    return answer == nullptr
               ? std::nullopt
               : for_ddl(answer->deparsed, shape, where, findings);
  }

  /// What we cannot read may read any column.
  static void note_columns(const std::optional<sql::Expression>& expression,
                           const catalog::Table& here,
                           catalog::Index& index) {
    if (!expression) {
      return;
    }
    if (sql::can_read(expression->text)) {
      std::ranges::copy(sql::columns_of(expression->text),
                        std::back_inserter(index.reads));
      return;
    }
    for (const auto& column : here.columns) {
      index.reads.push_back(column.name);
    }
  }

  void require(const TableShape& shape,
               const catalog::Table& here,
               const sql::Identifier& column,
               Diagnostics& findings) const {
    if (shape.column(column) == nullptr) {
      findings.error(where(), "catalog.unknown-column",
                     fmt::format("column {} of table {} does not exist after "
                                 "the migration",
                                 column.name(), here.name.display()),
                     "name a column as the new shape has it");
    }
  }

  IndexFields args_;
};

std::unique_ptr<Operation> parse(spec::Fields& fields, Diagnostics& findings) {
  auto target = read_target(fields, findings);
  auto index = read_index_fields(fields, findings);
  fields.reject_unknown(findings);
  if (!target || !index) {
    return nullptr;
  }
  return std::make_unique<CreateIndex>(*std::move(target), *std::move(index));
}

constexpr std::array<std::string_view, 2> orders{"asc", "desc"};
constexpr std::array<std::string_view, 2> null_places{"first", "last"};
constexpr std::array key_fields{
    FieldRow{.name = "column", .type = FieldType::name, .help = "a column"},
    FieldRow{.name = "expression",
             .type = FieldType::expression,
             .help = "or an expression"},
    FieldRow{.name = "order",
             .type = FieldType::choice,
             .help = "order of the key",
             .choices = orders},
    FieldRow{.name = "nulls",
             .type = FieldType::choice,
             .help = "where NULL comes in it",
             .choices = null_places},
    FieldRow{.name = "opclass",
             .type = FieldType::relation,
             .help = "operator class"},
    FieldRow{
        .name = "collation", .type = FieldType::relation, .help = "collation"},
};

constexpr std::array field_rows{
    table_row,
    FieldRow{.name = "columns",
             .type = FieldType::keys,
             .help = "keys: a column's name, or a mapping",
             .required = true,
             .fields = key_fields},
    FieldRow{
        .name = "name", .type = FieldType::name, .help = "the index's name"},
    FieldRow{.name = "unique",
             .type = FieldType::boolean,
             .help = "reject duplicates",
             .default_value = "false"},
    FieldRow{.name = "method",
             .type = FieldType::name,
             .help = "access method",
             .default_value = "btree"},
    FieldRow{.name = "include",
             .type = FieldType::names,
             .help = "columns to store in the index too"},
    FieldRow{.name = "where",
             .type = FieldType::expression,
             .help = "condition of a partial index"},
    FieldRow{.name = "with",
             .type = FieldType::named_texts,
             .help = "storage parameters"},
    FieldRow{.name = "nulls_not_distinct",
             .type = FieldType::boolean,
             .help = "NULL is a duplicate of NULL",
             .default_value = "false"},
    allow_row,
};

}  // namespace

extern const OperationType create_index;
constinit const OperationType create_index = {
    .name = "create_index",
    .summary = "Build an index concurrently; a unique one at switch.",
    .fields = field_rows,
    .parse = parse,
};

}  // namespace pgexpand::ops
