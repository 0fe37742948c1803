#include "pg/type_probe.hpp"

#include "pg/probe_transaction.hpp"
#include "pg/row_cursor.hpp"
#include "pg/type_facts.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace pgexpand::pg {
namespace {

constexpr const char* unknown_type = "type.unknown";
constexpr const char* unknown_collation = "type.unknown-collation";

struct FoundType {
  std::uint32_t oid = 0;  ///< 0: there is none.
  std::int32_t modifier = -1;
};

// The row description of a domain shows its base type, so the oid comes from
// to_regtype; only the modifier, which domains do not have, from there.
FoundType find_type(Session& session, const std::string& text) {
  const Result named = session.run(
      sql::Statement::of("SELECT pg_catalog.to_regtype($1)::pg_catalog.oid"),
      {text});
  if (!named.single()) {
    return {};
  }
  const Result shaped = session.run(
      sql::Statement::of("SELECT NULL::{} WHERE false", sql::Expression{text}));
  return {RowCursor(named.rows.front()).oid(), shaped.column_modifiers.at(0)};
}

struct FoundCollation {
  std::string name;  ///< Empty: there is none.
  bool is_deterministic = true;
};

// A bare `de-x-icu` is meant as it stands; anything else is read as SQL.
FoundCollation find_collation(Session& session, const std::string& text) {
  const Result result = session.run(
      sql::Statement::of(
          "SELECT pg_catalog.quote_ident(n.nspname) || '.' || "
          "pg_catalog.quote_ident(c.collname), c.collisdeterministic "
          "FROM pg_catalog.pg_collation c "
          "JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace "
          "WHERE c.oid = COALESCE((SELECT x.oid FROM pg_catalog.pg_collation x "
          "WHERE x.collname = $1 AND pg_catalog.pg_collation_is_visible(x.oid) "
          "LIMIT 1), pg_catalog.to_regcollation($1)::pg_catalog.oid)"),
      {text});
  if (result.rows.empty()) {
    return {};
  }
  RowCursor cursor(result.rows.front());
  std::string name = cursor.text();
  return {std::move(name), cursor.boolean()};
}

catalog::TypeAnswer refused(const catalog::TypeProbe& probe,
                            std::string code,
                            std::string message) {
  catalog::TypeAnswer answer;
  answer.finding = Diagnostic{.severity = Severity::error,
                              .code = std::move(code),
                              .message = std::move(message),
                              .hint = {},
                              .where = probe.where};
  return answer;
}

/// serial is three things in one; a type it is not.
std::string hint_of_unknown_type(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char each) {
    return static_cast<char>(std::tolower(each));
  });
  struct Serial {
    std::string_view name, other_name, type;
  };
  constexpr std::array serials{Serial{"serial", "serial4", "integer"},
                               Serial{"bigserial", "serial8", "bigint"},
                               Serial{"smallserial", "serial2", "smallint"}};
  for (const Serial& serial : serials) {
    if (text == serial.name || text == serial.other_name) {
      return fmt::format("write `type: {}` and `identity: by_default`",
                         serial.type);
    }
  }
  return {};
}

}  // namespace

catalog::Type read_type(Session& session,
                        std::uint32_t oid,
                        std::int32_t modifier,
                        bool collation_is_deterministic) {
  const auto facts = read_type_facts(session, {oid});
  if (facts.at(oid).type.is_domain) {
    modifier = -1;  // the base type's, which the row description shows
  }
  const Result name = session.run(sql::Statement::of(
      "SELECT format_type({}, {})", std::int64_t{oid}, std::int64_t{modifier}));
  return make_type(facts.at(oid), modifier, {name.single().value_or("")},
                   collation_is_deterministic);
}

catalog::TypeAnswer TypeResolver::resolve(const catalog::TypeProbe& probe,
                                          bool is_user_type) {
  const std::pair key{probe.text + "\n" + probe.collation.value_or(""),
                      is_user_type};
  auto found = known_.find(key);
  if (found == known_.end()) {
    found = known_.emplace(key, ask(probe, is_user_type)).first;
  }
  catalog::TypeAnswer answer = found->second;
  if (answer.finding) {
    answer.finding->where = probe.where;
  }
  return answer;
}

catalog::TypeAnswer TypeResolver::ask(const catalog::TypeProbe& probe,
                                      bool is_user_type) {
  const auto syntax = sql::check_type(probe.text);
  // to_regtype() takes exactly one type, so it judges newer syntax for us.
  const bool is_servers =
      syntax && syntax->code == "sql.syntax" &&
      sql::is_newer_than_grammar(catalog_.server_version_num);
  if (syntax && !is_servers) {
    return refused(probe, syntax->code, syntax->message);
  }
  ProbeTransaction transaction(session_, catalog_);
  if (is_user_type) {
    transaction.use_arrival_path();
  }
  try {
    const FoundType found = find_type(session_, probe.text);
    if (found.oid == 0) {
      auto unknown = refused(probe, unknown_type,
                             "type " + probe.text + " does not exist");
      unknown.finding->hint = hint_of_unknown_type(probe.text);
      return unknown;
    }
    FoundCollation collation;
    if (probe.collation) {
      collation = find_collation(session_, *probe.collation);
      if (collation.name.empty()) {
        return refused(probe, unknown_collation,
                       "collation " + *probe.collation + " does not exist");
      }
    }
    transaction.use_our_path();
    catalog::TypeAnswer answer;
    answer.type = read_type(session_, found.oid, found.modifier,
                            collation.is_deterministic);
    answer.collation = collation.name;
    if (answer.type.category == 'P') {
      return refused(probe, unknown_type,
                     "no column can have the pseudo-type " + probe.text);
    }
    return answer;
  } catch (const Error& error) {
    return {finding_of(session_, error, unknown_type, probe.where), {}, {}};
  }
}

}  // namespace pgexpand::pg
