#pragma once

#include "pgexpand/state/store.hpp"
#include "support/test_database.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgexpand::testing {

/// The functions of version schemas, called by hand on hand-made tables.
class VersionFixture : public ::testing::Test {
 protected:
  VersionFixture() {
    for (const auto& statement :
         state::create_statements(sql::Identifier("pgexpand"))) {
      session_->run(statement);
    }
  }

  void exec(const std::string& sql) const { database_.exec(sql); }
  std::string one(const std::string& query) {
    return database_.query_one(query).value_or("NULL");
  }
  /// One argument list's call, as whoever the kept connection is.
  void call(const std::string& function) {
    database_.query("SELECT pgexpand." + function);
  }
  /// The server's message, or "no error".
  std::string error_of(const std::string& function) {
    try {
      call(function);
      return "no error";
    } catch (const Error& error) {
      return error.message() + " " + error.sqlstate();
    }
  }

  /// `tables`: shapes, as JSON objects.
  void note(const std::string& id, const std::string& tables = "") {
    call(fmt::format("note_version('{}', {})", id,
                     sql::quote_literal("{\"tables\": [" + tables + "]}")));
  }
  void publish(const std::string& id,
               const std::string& bases = "public",
               const std::string& alias = "NULL") {
    call(fmt::format("publish_version('{}', '{{{}}}', {})", id, bases, alias));
  }
  void note_and_publish(const std::string& id,
                        const std::string& tables = "",
                        const std::string& alias = "NULL") {
    note(id, tables);
    publish(id, "public", alias);
  }

  /// "id, status" of a view or table.
  std::string columns(const std::string& relation) {
    return one(
        fmt::format("SELECT string_agg(attname, ', ' ORDER BY attnum) FROM"
                    " pg_attribute WHERE attrelid = '{}'::regclass AND"
                    " attnum > 0 AND NOT attisdropped",
                    relation));
  }
  std::string schemas_like(const std::string& pattern) {
    return one(fmt::format(
        "SELECT coalesce(string_agg(nspname, ' ' ORDER BY nspname), '') FROM"
        " pg_namespace WHERE nspname LIKE '{}'",
        pattern));
  }
  /// Everybody's rights on a relation and its columns, whoever granted them.
  std::string rights(const std::string& relation) {
    return one(fmt::format(
        "SELECT coalesce(string_agg(r, ' ' ORDER BY r), '') FROM ("
        "SELECT format('%s:%s:%s', grantee::regrole, privilege_type,"
        " is_grantable) AS r FROM pg_class, aclexplode(coalesce(relacl,"
        " acldefault('r', relowner))) WHERE oid = '{0}'::regclass UNION "
        "SELECT format('%s.%s:%s:%s', attname, grantee::regrole,"
        " privilege_type, is_grantable) FROM pg_attribute, aclexplode(attacl)"
        " WHERE attrelid = '{0}'::regclass AND attnum > 0) AS all_rights",
        relation));
  }
  std::vector<state::PublishedVersion> versions() {
    return state::Store(*session_, sql::Identifier("pgexpand")).versions();
  }
  [[nodiscard]] std::string role(const std::string& name) const {
    return database_.name() + "_" + name;
  }

  TestDatabase database_;
  std::unique_ptr<pg::Session> session_ = database_.session();
};

}  // namespace pgexpand::testing
