#pragma once

#include "integration/flow.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace pgexpand::testing {

/// pg_dump, into a file.
void dump_into(const std::string& file,
               const std::string& dsn,
               const Arguments& options = {});
/// pg_restore: no OID, no xid and no ctid stays. Throws std::runtime_error if
/// it met an error.
void restore(const std::string& file,
             const std::string& dsn,
             const Arguments& options = {});

/// As an application that knows the old shape of orders writes, or the new one.
[[nodiscard]] std::string old_writes(int id);
[[nodiscard]] std::string new_writes(const std::string& table, int id);

/// What plain SQL would do in place of the migration.
inline constexpr const char* plain_change =
    "ALTER TABLE orders ALTER amount TYPE bigint,"
    " ALTER total TYPE varchar(40);"
    "ALTER TABLE orders RENAME note TO remark;";
inline constexpr const char* old_columns = "id, amount, note, total, status";
inline constexpr const char* new_columns = "id, amount, remark, total, status";

struct Stop {
  std::string mode, phase;  ///< Phase `fill`: in the middle of backfill.
};
void PrintTo(const Stop& each, std::ostream* out);
/// Every phase, without and with version schemas.
[[nodiscard]] std::vector<Stop> all_stops();
[[nodiscard]] std::string name_of(const ::testing::TestParamInfo<Stop>& each);

/// A migration of table orders, a copy of its database, and a control that was
/// changed with plain SQL.
class Restored : public Flow {
 protected:
  void prepare(const std::string& mode);
  /// An application writes once, after expand.
  void go_to(const std::string& phase);
  /// A fill that has done a batch and is between two others.
  [[nodiscard]] Process spawn_fill();
  /// From now on commands go to a copy of the database as it is.
  void move_to_a_copy(const Arguments& dump_options = {});
  /// `sql` after the first rows; through pg_dump and pg_restore, too, which
  /// spell some definitions anew.
  void make_control(const std::string& sql);
  /// Rows and catalog of the copy, but for the order of the columns.
  void expect_as_control(const std::string& columns);
  void expect_nothing_left();
  /// As new code names the table after switch.
  [[nodiscard]] std::string new_table() const;
  [[nodiscard]] std::string dump_file() const {
    return (line_.folder() / "database.dump").string();
  }

  std::string mode_;
  TestDatabase copy_, control_;

 private:
  static void fill(const TestDatabase& database);
};

}  // namespace pgexpand::testing
