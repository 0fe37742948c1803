// drop_index: drops an index in contract, when nothing can need it any more.
//
// DROP INDEX takes ACCESS EXCLUSIVE on the table; CONCURRENTLY takes SHARE
// UPDATE EXCLUSIVE and waits for readers. Interrupted, it leaves the index
// invalid but present: running it again finishes. An index that a constraint
// owns cannot be dropped without the constraint. One that create_index makes
// anew under its name stands aside from switch on, and goes under that name.
#include "ops/enforce.hpp"
#include "ops/field_rows.hpp"
#include "ops/partitions.hpp"
#include "ops/replaced_index.hpp"
#include "ops/rights.hpp"
#include "pgexpand/ops/draft.hpp"
#include "pgexpand/ops/operation.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {
namespace {

class DropIndex final : public Operation {
 public:
  DropIndex(sql::TableName index, Location where)
      : index_(std::move(index)), where_(std::move(where)) {}

  void request(catalog::Request& request) const override {
    request.indexes.push_back(index_);
  }

  void reshape(const catalog::Catalog& catalog,
               Shapes& shapes,
               Diagnostics& findings) const override {
    const auto* table = catalog.table_of_index(index_);
    if (table == nullptr) {
      return;  // check() says so
    }
    check_rights(*table, catalog, where_, findings);
    check_partitions(*table, TableUse::index, where_, findings);
    const auto* index = table->index(index_.name);
    shapes.drop_index(index->name);
    if (index->constraint) {
      findings.refuse(where_, "index.of-constraint",
                      fmt::format("index {} belongs to constraint {}",
                                  index_.display(), index->constraint->name()),
                      "drop the constraint instead");
    } else if (index->is_replica_identity) {
      findings.refuse(where_, "index.is-replica-identity",
                      fmt::format("index {} is the replica identity of {}",
                                  index_.display(), table->name.display()),
                      "give the table another replica identity first");
    }
    for (const auto& key : table->referenced_by) {
      if (key.index == index->name) {
        findings.refuse(
            where_, "index.is-referenced",
            fmt::format("foreign key {} of {} relies on index {}",
                        key.name.name(), key.table.display(), index_.display()),
            "drop the foreign key first");
      }
    }
  }

  [[nodiscard]] std::vector<catalog::Change> changes(
      const Situation& situation,
      const std::string& /*prefix*/) const override {
    const auto* table = situation.catalog.table_of_index(index_);
    if (table == nullptr) {
      return {};
    }
    return {catalog::IndexDropped{table->index(index_.name)->name}};
  }

  void check(const Situation& situation, Diagnostics& findings) const override {
    if (situation.catalog.table_of_index(index_) != nullptr) {
      return;
    }
    if (situation.after.table_of_index(index_) != nullptr) {
      findings.error(where_, "operation.conflict",
                     fmt::format("index {} comes from another operation of "
                                 "this migration",
                                 index_.display()),
                     "leave both out");
      return;
    }
    findings.error(where_, "catalog.unknown-index",
                   fmt::format("index {} does not exist", index_.display()),
                   "check the name and its schema");
  }

  void probe(const Situation& /*situation*/,
             const std::string& /*prefix*/,
             catalog::Probes& /*probes*/) const override {}

  void plan(const Situation& situation,
            const std::string& /*prefix*/,
            Draft& draft,
            Diagnostics& findings) const override {
    const auto& table = *situation.catalog.table_of_index(index_);
    const auto& index = *table.index(index_.name);
    draft.claims().claim(
        fmt::format("the drop of {}", index_claim(index.name)));
    auto& here = draft.table(table);
    if (here.where.line == 0) {
      here.where = where_;
    }
    const bool is_replaced = ops::is_replaced(situation, index.name);
    if (index.is_unique && !is_replaced) {
      findings.warn(where_, "index.was-unique",
                    fmt::format("from contract on nothing rejects duplicates "
                                "by {}, and ON CONFLICT by its columns fails "
                                "(42P10)",
                                index.name.display()),
                    "see that no statement relies on it");
    }
    const sql::TableName standing =
        is_replaced ? stale_index(index.name) : index.name;
    draft.late_step(
        {.title = fmt::format("drop index {}{}", index.name.display(),
                              is_replaced ? " that was replaced" : ""),
         .phase = plan::Phase::contract,
         .locks = {{table.name, plan::LockMode::share_update_exclusive}},
         .budget = plan::Budget::unlimited,
         .action = plan::RunSql{
             {sql::Statement::of("DROP INDEX CONCURRENTLY IF EXISTS {}",
                                 standing)},
             false}});
  }

 private:
  sql::TableName index_;
  Location where_;
};

std::unique_ptr<Operation> parse(spec::Fields& fields, Diagnostics& findings) {
  auto index = fields.required_table("index", findings);
  fields.reject_unknown(findings);
  if (!index) {
    return nullptr;
  }
  return std::make_unique<DropIndex>(*std::move(index), fields.where());
}

constexpr std::array field_rows{FieldRow{.name = "index",
                                         .type = FieldType::relation,
                                         .help = "the index",
                                         .required = true}};

}  // namespace

extern const OperationType drop_index;
constinit const OperationType drop_index = {
    .name = "drop_index",
    .summary = "Drop an index, concurrently, in contract.",
    .fields = field_rows,
    .parse = parse,
};

}  // namespace pgexpand::ops
