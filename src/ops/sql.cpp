// sql: what no operation covers, as the user's own statements.
//
// Each text is split by PostgreSQL's own grammar and runs in a transaction of
// its phase, with the search_path the connection arrived with. Statements that
// refuse a transaction block (`transactional: false`) stand alone, and may run
// again after a kill: they must be safe to repeat.
#include "ops/expressions.hpp"
#include "ops/field_rows.hpp"
#include "pgexpand/ops/draft.hpp"
#include "pgexpand/ops/operation.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {
namespace {

using Statements = std::vector<sql::Statement>;

struct Arguments {
  std::optional<Statements> expand, switch_over, contract, rollback;
  bool transactional = true;
};

class Sql final : public Operation {
 public:
  Sql(Arguments arguments, Location where)
      : args_(std::move(arguments)), where_(std::move(where)) {}

  void request(catalog::Request& /*request*/) const override {}
  void reshape(const catalog::Catalog& /*catalog*/,
               Shapes& /*shapes*/,
               Diagnostics& /*findings*/) const override {}
  /// What a text makes only the server knows, once it ran.
  [[nodiscard]] std::vector<catalog::Change> changes(
      const Situation& /*situation*/,
      const std::string& /*prefix*/) const override {
    return {};
  }
  void probe(const Situation& /*situation*/,
             const std::string& /*prefix*/,
             catalog::Probes& /*probes*/) const override {}

  void plan(const Situation& /*situation*/,
            const std::string& /*prefix*/,
            Draft& draft,
            Diagnostics& /*findings*/) const override {
    // The way back belongs to the first step that changes anything.
    bool undo_is_placed = false;
    const auto add = [&](plan::Phase phase,
                         const std::optional<Statements>& statements) {
      if (!statements) {
        return;
      }
      plan::Step step{
          .title = fmt::format("run the sql of {}", plan::name(phase)),
          .phase = phase,
          .budget = args_.transactional ? plan::Budget::step
                                        : plan::Budget::unlimited,
          .action = action(*statements)};
      if (args_.rollback && !undo_is_placed) {
        step.undo = {{.title = "run the sql of rollback",
                      .budget = plan::Budget::step,
                      .action = action(*args_.rollback)}};
        undo_is_placed = true;
      }
      draft.step(std::move(step));
    };
    add(plan::Phase::expand, args_.expand);
    add(plan::Phase::switch_over, args_.switch_over);
    add(plan::Phase::contract, args_.contract);
    if (args_.switch_over) {
      draft.visible("what the text of a sql operation does nobody knows");
    }
    if (!args_.rollback && (args_.expand || args_.switch_over)) {
      draft.not_undoable("a sql operation has no `rollback` text");
    }
  }

 private:
  [[nodiscard]] plan::RunSql action(const Statements& statements) const {
    return {.statements = statements,
            .transactional = args_.transactional,
            .is_users = true};
  }

  Arguments args_;
  Location where_;
};

std::optional<Statements> read_text(spec::Fields& fields,
                                    std::string_view key,
                                    Diagnostics& findings) {
  const auto text = fields.optional(key, findings);
  if (!text) {
    return std::nullopt;
  }
  auto outcome = sql::split_statements(*text);
  if (const auto* finding = std::get_if<sql::SyntaxFinding>(&outcome)) {
    if (finding->code == "sql.syntax") {
      // A newer server may know words that the built-in grammar does not, but
      // then the text cannot be split: it is sent as one statement.
      findings.warn(fields.where(key), finding->code,
                    fmt::format("{} (at character {}, by the grammar of "
                                "PostgreSQL {}); the server will decide",
                                finding->message, finding->offset + 1,
                                sql::grammar_version()),
                    "check it with psql, one statement in each text");
      return Statements{sql::Statement::verbatim(*text)};
    }
    findings.error(fields.where(key), finding->code,
                   fmt::format("{} (at character {})", finding->message,
                               finding->offset + 1),
                   finding->hint);
    return std::nullopt;
  }
  return std::get<Statements>(std::move(outcome));
}

std::unique_ptr<Operation> parse(spec::Fields& fields, Diagnostics& findings) {
  Arguments args;
  args.expand = read_text(fields, "expand", findings);
  args.switch_over = read_text(fields, "switch", findings);
  args.contract = read_text(fields, "contract", findings);
  args.rollback = read_text(fields, "rollback", findings);
  args.transactional =
      fields.optional_bool("transactional", findings).value_or(true);
  (void)read_allow(fields, findings);
  fields.reject_unknown(findings);
  if (!fields.has("expand") && !fields.has("switch") &&
      !fields.has("contract")) {
    findings.error(fields.where(), "spec.missing-field",
                   "sql needs one of `expand`, `switch`, `contract`",
                   "add the text that is to run");
  }
  for (const auto* text :
       {&args.expand, &args.switch_over, &args.contract, &args.rollback}) {
    if (!args.transactional && *text && (*text)->size() != 1) {
      findings.error(fields.where("transactional"), "sql.one-statement",
                     "without a transaction a text is exactly one statement",
                     "split it over several sql operations");
    }
  }
  return std::make_unique<Sql>(std::move(args), fields.where());
}

constexpr std::array field_rows{
    FieldRow{.name = "expand",
             .type = FieldType::statements,
             .help = "to run in expand"},
    FieldRow{.name = "switch",
             .type = FieldType::statements,
             .help = "to run in switch"},
    FieldRow{.name = "contract",
             .type = FieldType::statements,
             .help = "to run in contract"},
    FieldRow{.name = "rollback",
             .type = FieldType::statements,
             .help = "takes expand and switch back"},
    FieldRow{.name = "transactional",
             .type = FieldType::boolean,
             .help = "false: one statement that refuses a transaction",
             .default_value = "true"},
    allow_row,
};

}  // namespace

extern const OperationType sql;
constinit const OperationType sql = {
    .name = "sql",
    .summary = "Run your own statements in expand, switch or contract.",
    .fields = field_rows,
    .parse = parse,
};

}  // namespace pgexpand::ops
