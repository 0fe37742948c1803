#pragma once

#include "flow.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

namespace pgexpand::testing {

/// Two migrations in views mode: `1_note` and `2_status` rename a column each.
class VersionUsers : public Flow {
 protected:
  VersionUsers() {
    database_.exec(
        "CREATE TABLE orders (id integer PRIMARY KEY, note text, status text);"
        "CREATE TABLE other (id integer PRIMARY KEY)");
    line_.write("pgexpand.yaml", "versions: views\n");
    write_spec("1_note", "rename_column",
               {"table: orders", "from: note", "to: remark"});
    use("SET application_name = 'shop'");
  }
  ~VersionUsers() override {
    if (has_role_) {
      application_.reset();
      database_.exec(fmt::format("DROP OWNED BY {0}; DROP ROLE {0}", role()));
    }
  }

  void apply() { ASSERT_EQ(run({"apply"}), 0) << line_.err << line_.out; }
  void contract(const std::string& id) {
    ASSERT_EQ(run({"contract", id, "--lock-budget", "5s"}), 0)
        << line_.err << line_.out;
  }
  /// The first contracted, the second switched: public_1_note is the old one.
  void publish_two() {
    ASSERT_NO_FATAL_FAILURE(apply());
    ASSERT_EQ(run({"contract", "1_note", "--force"}), 0) << line_.err;
    write_spec("2_status", "rename_column",
               {"table: orders", "from: status", "to: state"});
    ASSERT_NO_FATAL_FAILURE(apply());
  }

  void use(const std::string& sql) const {
    application_->run(sql::Statement::verbatim(sql));
  }
  /// Roles are the server's, so each test has its own.
  [[nodiscard]] std::string role() const { return database_.name() + "_app"; }
  void make_role() {
    database_.exec(
        fmt::format("CREATE ROLE {0}; GRANT ALL ON orders TO {0}", role()));
    has_role_ = true;
  }
  std::string error_of(const std::string& sql) {
    try {
      database_.query(sql);
      return "no error";
    } catch (const Error& error) {
      return error.sqlstate();
    }
  }
  std::string schemas() {
    return one(
        "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace"
        " WHERE nspname LIKE 'public%'");
  }

  std::unique_ptr<pg::Session> application_ = database_.application();

 private:
  bool has_role_ = false;
};

}  // namespace pgexpand::testing
