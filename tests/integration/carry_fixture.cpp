#include "integration/carry_fixture.hpp"

#include <algorithm>
#include <sstream>

namespace pgexpand::testing {

namespace {

std::string replaced(std::string text,
                     const std::string& what,
                     const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// `CREATE STATISTICS … ON b, a FROM t` with its columns in order.
std::string with_sorted_members(const std::string& line) {
  const auto start = line.find(" ON ");
  const auto end = line.find(" FROM ");
  if (!line.starts_with("CREATE STATISTICS") || end == std::string::npos) {
    return line;
  }
  std::vector<std::string> members;
  std::istringstream list(
      replaced(line.substr(start + 4, end - start - 4), ", ", "\n"));
  for (std::string member; std::getline(list, member);) {
    members.push_back(member);
  }
  std::ranges::sort(members);
  std::string text = line.substr(0, start + 4);
  for (const auto& member : members) {
    text += member + "; ";
  }
  return text + line.substr(end);
}

std::string sorted_lines(const std::vector<std::string>& lines) {
  std::vector<std::string> sorted;
  for (std::string line : lines) {
    if (line.ends_with(',')) {
      line.pop_back();
    }
    sorted.push_back(with_sorted_members(line));
  }
  std::ranges::sort(sorted);
  std::string text;
  for (const auto& line : sorted) {
    text += line.empty() ? "" : line + "\n";
  }
  return text;
}

}  // namespace

std::string sorted_schema(const TestDatabase& database) {
  std::vector<std::string> entries;
  std::vector<std::string> lines;
  std::istringstream dump(schema_dump(database.dsn()));
  for (std::string line; std::getline(dump, line);) {
    if (line.starts_with("-- Name: ")) {
      entries.push_back(sorted_lines(lines));
      lines.clear();
    }
    lines.push_back(line);
  }
  entries.push_back(sorted_lines(lines));
  std::ranges::sort(entries);
  std::string text;
  for (const auto& entry : entries) {
    text += entry;
  }
  return text;
}

std::string all_rows(TestDatabase& database) {
  std::string text;
  const auto tables = database.query(
      "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND "
      "relnamespace = 'public'::regnamespace ORDER BY 1");
  for (const auto& table : tables.rows) {
    const auto rows = database.query_one(
        "SELECT string_agg(r.row, E'\\n' ORDER BY r.row COLLATE \"C\") FROM "
        "(SELECT to_jsonb(t)::text AS row FROM " +
        table.at(0).value() + " AS t) AS r");
    text += table.at(0).value() + ":\n" + rows.value_or("") + "\n";
  }
  return text;
}

std::string files_of(TestDatabase& database) {
  return database
      .query_one(
          "SELECT string_agg(relname || ' ' || relfilenode, ', ' ORDER BY "
          "relname)"
          " FROM pg_class WHERE relkind = 'r' AND relnamespace ="
          " 'public'::regnamespace")
      .value_or("");
}

CarryTest::CarryTest() {
  line_.variables["PGEXPAND_DSN"] = database_.dsn();
  line_.variables["PGEXPAND_PAUSE"] = "0ms";
  line_.write("pgexpand.yaml", "column_order: free\n");
  database_.exec(
      "DO $$BEGIN CREATE ROLE carry_reader; CREATE ROLE \"Carry Writer\";"
      " EXCEPTION WHEN duplicate_object THEN NULL; END$$");
}

void CarryTest::go_through(const std::string& phase) {
  ASSERT_EQ(run({"apply", "--through", phase}), 0)
      << phase << ": " << line_.err << line_.out;
}

void CarryTest::roll_back() {
  ASSERT_EQ(run({"rollback", "1_move"}), 0) << line_.err << line_.out;
}

void CarryTest::expect_carried(const Carried& carried) {
  const auto writes_to = [&](const std::string& column) {
    return replaced(carried.writes, "$column", column);
  };
  if (database_.session()->server_version_num() / 10'000 < carried.since) {
    GTEST_SKIP() << "needs PostgreSQL " << carried.since;
  }
  TestDatabase plain;
  plain.exec(carried.setup);
  set_up(carried.setup);
  const std::string before = schema();
  const std::string files = files_of(database_);
  write_migration(carried.operations);

  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  database_.exec(writes_to(carried.new_name));
  plain.exec(writes_to(carried.old_name));
  ASSERT_NO_FATAL_FAILURE(roll_back());
  EXPECT_EQ(schema(), before);
  EXPECT_EQ(all_rows(database_), all_rows(plain));

  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(files_of(database_), files);  // no table was rewritten
  plain.exec(carried.plain);
  EXPECT_EQ(schema(), sorted_schema(plain));
  database_.exec(writes_to(carried.new_name));
  plain.exec(writes_to(carried.new_name));
  EXPECT_EQ(all_rows(database_), all_rows(plain));
}

}  // namespace pgexpand::testing
