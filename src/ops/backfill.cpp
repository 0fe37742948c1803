// backfill: sets columns of existing rows, in batches, in place.
//
// There is no twin column and no trigger: a concurrent UPDATE can carry a row
// that is not done behind the cursor, so whole passes repeat until one finds
// nothing. That ends only if a done row no longer matches, which is what
// `where` must say when `set` reads a column that it writes.
#include "ops/comparator.hpp"
#include "ops/enforce.hpp"
#include "ops/field_rows.hpp"
#include "ops/table_operation.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

struct Setting {
  sql::Identifier column;
  UserExpression value;
};

struct Arguments {
  std::vector<Setting> set;
  std::optional<UserExpression> where;
};

/// `lower(email)`: needs no brackets of its own.
bool is_call(const std::string& text) {
  const auto bracket = text.find('(');
  if (bracket == 0 || bracket == std::string::npos ||
      text.find_first_of(" \t\n'\"") < bracket) {
    return false;
  }
  int depth = 0;
  for (std::size_t at = bracket; at < text.size(); ++at) {
    depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
    if (depth == 0) {
      return at + 1 == text.size();
    }
  }
  return false;
}

/// True while a column does not hold its value, as the user would write it.
std::string not_yet(const std::vector<Setting>& set) {
  std::string text;
  for (const Setting& setting : set) {
    const std::string& value = setting.value.text;
    text += fmt::format("{}{} IS DISTINCT FROM {}", text.empty() ? "" : " OR ",
                        sql::TableName{{}, setting.column}.display(),
                        is_call(value) ? value : fmt::format("({})", value));
  }
  return text;
}

/// In YAML's single quotes, or bare double ones where that reads better.
std::string in_yaml(const std::string& text) {
  if (text.find_first_of("\"\\\n") == std::string::npos) {
    return fmt::format("\"{}\"", text);
  }
  std::string quoted = "'";
  for (const char each : text) {
    quoted += each == '\'' ? "''" : std::string(1, each);
  }
  return quoted + "'";
}

class Backfill final : public TableOperation {
 public:
  Backfill(Target target, Arguments arguments)
      : TableOperation(std::move(target)), args_(std::move(arguments)) {}

  void reshape(const catalog::Catalog& catalog,
               Shapes& /*shapes*/,
               Diagnostics& findings) const override {
    (void)find_table(catalog, findings);
  }

  void check(const Situation& situation, Diagnostics& findings) const override {
    for (const Setting& setting : args_.set) {
      if (is_there(situation, setting.column, findings) &&
          column_meant(situation, setting.column).generated) {
        findings.error(setting.value.where, "column.generated",
                       fmt::format("column {} is generated and cannot be set",
                                   setting.column.name()));
      }
    }
  }

  void probe(const Situation& situation,
             const std::string& prefix,
             catalog::Probes& probes) const override {
    const auto& here = table(situation.catalog);
    for (const Setting& setting : args_.set) {
      probes.expressions[prefix + "set." + setting.column.name()] =
          assigned_to(column_meant(situation, setting.column),
                      probe_today(here, setting.value));
    }
    if (args_.where) {
      auto probe = probe_today(here, *args_.where);
      probe.is_predicate = true;
      probes.expressions[prefix + "where"] = std::move(probe);
    }
  }

  void plan(const Situation& situation,
            const std::string& prefix,
            Draft& draft,
            Diagnostics& findings) const override {
    const auto& here = table(situation.catalog);
    auto& pieces = draft_of(draft, here);
    const auto assignments = resolved_assignments(situation, prefix, findings);
    const auto pending = condition(situation, prefix, assignments, findings);
    if (!pending || assignments.size() != args_.set.size()) {
      return;
    }
    for (const auto& assignment : assignments) {
      draft.claims().claim(fill_claim(here.name, assignment.column));
      draft.claims().writes(here.name, assignment.column);
      pieces.touched.insert(assignment.column);
      touch_inputs(pieces, assignment.value);
      pieces.fills.push_back({.assignment = assignment,
                              .type = type_of(situation, assignment.column),
                              .pending = *pending,
                              .is_in_place = true,
                              .until_clean = true});
    }
    touch_inputs(pieces, *pending);
    const plan::Comparison none_left{
        .title =
            fmt::format("no row of {} is left to fill", here.name.display()),
        .differs = *pending};
    pieces.before_switch.push_back(none_left);
    draft.stays(fmt::format("the values filled into {}", here.name.display()));
  }

 protected:
  [[nodiscard]] TableUse use() const override { return TableUse::metadata; }
  /// Rows are no part of the catalog.
  [[nodiscard]] std::vector<catalog::Change> changes_of(
      const catalog::Table& /*table*/,
      const Situation& /*situation*/,
      const std::string& /*prefix*/) const override {
    return {};
  }

 private:
  [[nodiscard]] catalog::Type type_of(const Situation& situation,
                                      const sql::Identifier& column) const {
    return column_meant(situation, column).type;
  }

  [[nodiscard]] std::vector<plan::Assignment> resolved_assignments(
      const Situation& situation,
      const std::string& prefix,
      Diagnostics& findings) const {
    std::vector<plan::Assignment> assignments;
    for (const Setting& setting : args_.set) {
      const auto* answer =
          resolved(situation.answers, prefix + "set." + setting.column.name(),
                   setting.value.where, allowed(), {}, findings);
      if (answer != nullptr) {
        assignments.push_back({column_meant(situation, setting.column).name,
                               over_row(answer->deparsed)});
      }
    }
    return assignments;
  }

  /// The user's `where`; without one, "some column does not hold its value".
  [[nodiscard]] std::optional<sql::Expression> condition(
      const Situation& situation,
      const std::string& prefix,
      const std::vector<plan::Assignment>& assignments,
      Diagnostics& findings) const {
    if (args_.where) {
      const auto* answer =
          resolved(situation.answers, prefix + "where", args_.where->where,
                   allowed(), {.assigned = false}, findings);
      return answer == nullptr ? std::nullopt
                               : std::optional(over_row(answer->deparsed));
    }
    std::string text;
    for (const auto& assignment : assignments) {
      if (reads_any(assignment.value, assignments)) {
        findings.error(where(), "backfill.never-ends",
                       fmt::format("`set` of {} reads a column that it writes: "
                                   "a row could be set twice",
                                   assignment.column.name()),
                       fmt::format("if setting a row once more changes "
                                   "nothing, add `where: {}`; else a `where` "
                                   "that is false once a row is done",
                                   in_yaml(not_yet(args_.set))));
        return std::nullopt;
      }
      const auto type = type_of(situation, assignment.column);
      text += fmt::format("{}({})", text.empty() ? "" : " OR ",
                          differs(type, of_row(assignment.column),
                                  as_type(type, assignment.value)));
    }
    return sql::Expression{text};
  }

  [[nodiscard]] static bool reads_any(
      const sql::Expression& value,
      const std::vector<plan::Assignment>& assignments) {
    const auto read = sql::columns_of(value.text);
    return std::ranges::any_of(assignments, [&](const auto& assignment) {
      return std::ranges::find(read, assignment.column) != read.end();
    });
  }

  Arguments args_;
};

std::vector<Setting> read_set(spec::Fields& fields, Diagnostics& findings) {
  std::vector<Setting> set;
  const auto map = fields.optional_string_map("set", findings);
  if (!map && !fields.has("set")) {
    findings.error(fields.where(), "spec.missing-field", "backfill needs `set`",
                   "add `set: {column: expression}`");
  }
  if (!map) {
    return set;
  }
  for (const auto& [name, text] : *map) {
    const auto column =
        spec::read_identifier(name, fields.where("set"), findings);
    const UserExpression value{text, fields.where("set")};
    check_expression_text(value, findings);
    if (column) {
      set.push_back({*column, value});
    }
  }
  return set;
}

std::unique_ptr<Operation> parse(spec::Fields& fields, Diagnostics& findings) {
  auto target = read_target(fields, findings);
  auto set = read_set(fields, findings);
  auto where = read_expression(fields, "where", findings);
  fields.reject_unknown(findings);
  if (!target || set.empty()) {
    return nullptr;
  }
  return std::make_unique<Backfill>(
      *std::move(target), Arguments{std::move(set), std::move(where)});
}

constexpr std::array field_rows{
    table_row,
    FieldRow{.name = "set",
             .type = FieldType::named_expressions,
             .help = "columns and their values, over the row as it is",
             .required = true},
    FieldRow{.name = "where",
             .type = FieldType::expression,
             .help = "condition: which rows to do"},
    allow_row,
};

}  // namespace

extern const OperationType backfill;
constinit const OperationType backfill = {
    .name = "backfill",
    .summary = "Set columns of existing rows, in batches, in place.",
    .fields = field_rows,
    .parse = parse,
};

}  // namespace pgexpand::ops
