#include "ops/fake_server.hpp"

#include "ops/example_catalog.hpp"
#include "pgexpand/sql/parser.hpp"

#include <algorithm>

namespace pgexpand::ops {
namespace {

/// A column's type where the expression is one; else what is wanted, or text.
catalog::Type type_of(const catalog::ExpressionProbe& probe) {
  if (probe.is_predicate) {
    return known_type("boolean").value();
  }
  if (sql::is_plain_column(probe.text)) {
    const auto found =
        std::ranges::find(probe.columns, sql::columns_of(probe.text).front(),
                          &catalog::ScopeColumn::name);
    if (found != probe.columns.end()) {
      return known_type(found->type).value();
    }
  }
  return known_type(probe.target_type.value_or("text"))
      .value_or(known_type("text").value());
}

std::string qualified(const std::string& collation) {
  if (collation.find("\".\"") != std::string::npos) {
    return collation;
  }
  return "pg_catalog." + (collation.starts_with('"')
                              ? collation
                              : sql::quote_identifier(collation));
}

bool is_string(const catalog::Type& type) { return type.category == 'S'; }

}  // namespace

catalog::TypeAnswer FakeServer::answer(const catalog::TypeProbe& probe) const {
  catalog::TypeAnswer answer;
  if (const auto own = types_.find(probe.text); own != types_.end()) {
    answer.type = own->second;
    return answer;
  }
  if (const auto type = known_type(probe.text)) {
    answer.type = *type;
    answer.collation = probe.collation ? qualified(*probe.collation) : "";
  } else {
    answer.finding = {.code = "type.unknown",
                      .message = "type " + probe.text + " does not exist",
                      .where = probe.where};
  }
  return answer;
}

catalog::ExpressionAnswer FakeServer::answer(
    const catalog::ExpressionProbe& probe) const {
  catalog::ExpressionAnswer answer;
  answer.deparsed = {probe.text};
  if (probe.table && sql::can_read(probe.text)) {
    answer.deparsed =
        sql::rewrite_columns(answer.deparsed, probe.table->name.quoted());
  }
  answer.type = type_of(probe);
  if (const auto target = known_type(probe.target_type.value_or("text"))) {
    answer.binary_coercible = target->oid == answer.type.oid ||
                              (is_string(*target) && is_string(answer.type));
  }
  answer.sampled_rows = probe.sample ? 1000 : 0;
  if (probe.text.find("nextval(") != std::string::npos) {
    answer.stability = catalog::Stability::is_volatile;
  }
  if (const auto bend = bends_.find(probe.text); bend != bends_.end()) {
    bend->second(answer);
  }
  return answer;
}

catalog::Answers FakeServer::answer(const catalog::Probes& probes) const {
  catalog::Answers answers;
  for (const auto& [key, probe] : probes.types) {
    answers.types[key] = answer(probe);
  }
  for (const auto& [key, probe] : probes.expressions) {
    answers.expressions[key] = answer(probe);
  }
  for (const auto& [key, probe] : probes.keys) {
    answers.keys[key] = {
        .is_comparable = !incomparable_.contains(probe.from.column.name()),
        .from_type = probe.from.type.value_or("its own"),
        .to_type = probe.to.type.value_or("its own")};
  }
  for (const auto& [key, probe] : probes.opclasses) {
    sql::TableName name = probe.name;
    if (name.schema.empty()) {
      name.schema = sql::Identifier("pg_catalog");
    }
    answers.opclasses[key].name = name.quoted();
  }
  return answers;
}

}  // namespace pgexpand::ops
