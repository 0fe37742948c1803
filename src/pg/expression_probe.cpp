#include "pg/expression_probe.hpp"

#include "pg/analysis.hpp"
#include "pg/casts.hpp"
#include "pg/deparse.hpp"
#include "pg/plan_tree.hpp"
#include "pg/sample.hpp"
#include "pg/stability.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

namespace pgexpand::pg {
namespace {

constexpr const char* rejected = "expression.rejected";
constexpr std::uint32_t bool_oid = 16;

/// A finding on its way out; never leaves this file.
struct Refusal {
  Diagnostic finding;
};

Refusal refusal(const catalog::ExpressionProbe& probe,
                std::string code,
                std::string message,
                std::string hint = {}) {
  return {{.severity = Severity::error,
           .code = std::move(code),
           .message = std::move(message),
           .hint = std::move(hint),
           .where = probe.where}};
}

class Asking {
 public:
  Asking(Session& session,
         const catalog::Catalog& catalog,
         TypeResolver& types,
         const catalog::ExpressionProbe& probe)
      : session_(session), catalog_(catalog), types_(types), probe_(probe) {}

  catalog::ExpressionAnswer answer() {
    check_text();
    const auto target = find_target();
    const Scope scope = scope_of_row();
    if (is_newer_) {
      ask_whether_it_is_one(scope);
    }
    answer_.deparsed = deparse_text(scope, target);
    analyze_expression(session_, catalog_, scope, answer_);
    if (has_subquery_) {
      // The plan holds the subquery's own aggregates; none stands outside.
      answer_.has_aggregate = answer_.has_window = answer_.has_set = false;
    } else if (freezes_time(probe_.text, answer_.deparsed.text) &&
               answer_.stability == catalog::Stability::immutable) {
      answer_.stability = catalog::Stability::session;
      answer_.unstable_because = "a constant like 'now' or 'today'";
    }
    check_predicate();
    compare_types(target);
    try_on_rows(target);
    return std::move(answer_);
  }

 private:
  void check_text();
  void ask_whether_it_is_one(const Scope& scope);
  std::optional<catalog::Type> find_target();
  std::string type_in_scope(const catalog::ScopeColumn& column);
  Scope scope_of_row();
  sql::Expression deparse_text(const Scope& scope,
                               const std::optional<catalog::Type>& target);
  void check_predicate();
  void compare_types(const std::optional<catalog::Type>& target);
  void add_settings_of_cast(const catalog::Type& from, const catalog::Type& to);
  void try_on_rows(const std::optional<catalog::Type>& target);

  Session& session_;
  const catalog::Catalog& catalog_;
  TypeResolver& types_;
  const catalog::ExpressionProbe& probe_;
  bool has_subquery_ = false;
  bool is_newer_ = false;  ///< Than our grammar: the server reads it alone.
  catalog::ExpressionAnswer answer_;
};

void Asking::check_text() {
  const auto strict = sql::check_expression(probe_.text);
  has_subquery_ = strict && strict->code == "sql.subquery";
  const auto syntax = sql::check_expression(
      probe_.text, {.allow_subquery = probe_.allow_subquery});
  is_newer_ = syntax && syntax->code == "sql.syntax" && probe_.is_for_ddl &&
              sql::is_newer_than_grammar(catalog_.server_version_num);
  if (syntax && !is_newer_) {
    throw refusal(probe_, syntax->code,
                  fmt::format("{} (at character {} of `{}`)", syntax->message,
                              syntax->offset + 1, probe_.text),
                  syntax->hint);
  }
}

// What check_expression() says of text that we read: exactly one expression
// parses both bare, as the only target, and in brackets, which is tried next.
void Asking::ask_whether_it_is_one(const Scope& scope) {
  ProbeTransaction transaction(session_, catalog_);
  transaction.use_arrival_path();
  const Result bare = session_.run(
      sql::Statement::of("{} SELECT {}\n{} WHERE false", scope.with_clause(),
                         sql::Expression{probe_.text}, scope.from_clause()));
  if (bare.columns.size() != 1) {
    throw refusal(probe_, "sql.not-one-expression",
                  "this is not exactly one expression",
                  "write a single value, such as lower(status)");
  }
}

std::optional<catalog::Type> Asking::find_target() {
  if (!probe_.target_type) {
    return std::nullopt;
  }
  const auto found = types_.resolve(
      {.text = *probe_.target_type, .collation = {}, .where = probe_.where},
      probe_.target_is_user_type);
  if (found.finding) {
    throw Refusal{*found.finding};
  }
  return found.type;
}

std::string Asking::type_in_scope(const catalog::ScopeColumn& column) {
  if (!column.is_user_type) {
    return column.type;
  }
  const auto found = types_.resolve(
      {.text = column.type, .collation = {}, .where = probe_.where});
  if (found.finding) {
    throw Refusal{*found.finding};
  }
  return found.type.name.text;
}

// Typed NULLs instead of the table: no right to read it is needed, and no row
// is touched. A WITH keeps the planner from folding the NULLs.
Scope Asking::scope_of_row() {
  if (!probe_.table || probe_.columns.empty()) {
    return {};
  }
  const catalog::Table* table = catalog_.table(*probe_.table);
  std::vector<std::string> columns;
  for (const auto& column : probe_.columns) {
    const catalog::Column* stored = table != nullptr && column.stored_as
                                        ? table->column(*column.stored_as)
                                        : nullptr;
    const std::string collation = stored != nullptr && stored->collation
                                      ? " COLLATE " + *stored->collation
                                      : std::string{};
    columns.push_back(fmt::format("NULL::{}{} AS {}", type_in_scope(column),
                                  collation, column.name));
  }
  return {.columns = {fmt::format("{}", fmt::join(columns, ", "))},
          .alias = probe_.table->name};
}

/// A plan does not show COLLATE: the planner made it part of the types.
bool mentions_collate(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text.find("collate") != std::string::npos;
}

sql::Expression Asking::deparse_text(
    const Scope& scope, const std::optional<catalog::Type>& target) {
  const sql::Expression text{probe_.text};
  if (has_subquery_ || mentions_collate(probe_.text)) {
    return deparse_subquery(session_, catalog_, scope, text).expression;
  }
  Deparsed found = deparse(session_, catalog_, scope, text);
  // A folded cast by way of text, which no SQL can write.
  if (found.expression.text.find("::cstring") != std::string::npos) {
    return deparse_subquery(session_, catalog_, scope, text).expression;
  }
  if (found.is_unknown_literal && (target || probe_.is_predicate)) {
    // Read as its target would read it. Without the modifier: a cast would
    // cut what an assignment refuses.
    const sql::TypeName type = target
                                   ? read_type(session_, target->oid, -1).name
                                   : sql::TypeName{"boolean"};
    found = deparse(session_, catalog_, scope,
                    sql::compose("(\n{}\n)::{}", text, type));
  }
  return std::move(found.expression);
}

void Asking::check_predicate() {
  if (probe_.is_predicate && answer_.type.base_oid != bool_oid) {
    throw refusal(
        probe_, rejected,
        "the expression must be boolean, not " + answer_.type.name.text);
  }
}

void Asking::compare_types(const std::optional<catalog::Type>& target) {
  if (target) {
    const CastVerdict verdict = read_cast(session_, answer_.type, *target);
    answer_.assignable = verdict.assignable;
    answer_.castable = verdict.castable;
    answer_.binary_coercible = verdict.binary_coercible;
    add_settings_of_cast(answer_.type, *target);
  }
}

// The assignment's own conversion: numbers among numbers and strings among
// strings mind no setting.
void Asking::add_settings_of_cast(const catalog::Type& from,
                                  const catalog::Type& to) {
  const bool is_plain = from.base_oid == to.base_oid ||
                        (from.category == to.category &&
                         (from.category == 'N' || from.category == 'S'));
  if (!is_plain || from.base_oid == money_oid || to.base_oid == money_oid) {
    answer_.settings.insert(text_settings.begin(), text_settings.end());
    answer_.settings.insert({"lc_monetary", "xmloption"});
  }
}

void Asking::try_on_rows(const std::optional<catalog::Type>& target) {
  // A volatile function may write or draw from a sequence.
  if (!probe_.sample || !answer_.assignable || answer_.has_aggregate ||
      answer_.has_window || answer_.has_set ||
      answer_.stability == catalog::Stability::is_volatile) {
    return;
  }
  try {
    const auto found = sample(session_, catalog_, probe_, answer_,
                              target ? target->name : answer_.type.name);
    if (found) {
      answer_.sampled_rows = found->rows;
      answer_.failed_rows = found->failed_rows;
      answer_.failed_sqlstate = found->sqlstate;
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::database) {
      throw;
    }
    // Rows were read: only the message that withholds their values.
    throw refusal(probe_, rejected,
                  "the expression fails on a row: " + error.message(),
                  error.hint());
  }
}

}  // namespace

catalog::ExpressionAnswer ask_expression(
    Session& session,
    const catalog::Catalog& catalog,
    TypeResolver& types,
    const catalog::ExpressionProbe& probe) {
  catalog::ExpressionAnswer refused;
  try {
    return Asking(session, catalog, types, probe).answer();
  } catch (const Refusal& found) {
    refused.finding = found.finding;
  } catch (const Error& error) {
    refused.finding = finding_of(session, error, rejected, probe.where);
  }
  return refused;
}

}  // namespace pgexpand::pg
