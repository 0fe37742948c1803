#pragma once

#include "chaos/random.hpp"

#include <string>
#include <vector>

namespace pgexpand::chaos {

/// How a release of the application sees one attribute of an item.
struct Field {
  std::string attribute;  ///< What it means, whatever the column is called.
  std::string column;
  int scale = 1;  ///< The column holds the attribute times this.
};

/// One release of the application.
struct Shape {
  std::string path;  ///< search_path.
  std::vector<Field> fields;
  bool writes_null_notes = true;

  [[nodiscard]] bool has(const std::string& attribute) const;
};

/// What one operation of a migration is.
enum class Change {
  retype,      ///< Another type; with views perhaps another unit as well.
  rename,      ///< owner becomes holder.
  not_null,    ///< note, with a value for the holes.
  drop,        ///< legacy.
  add,         ///< code_v2, from code.
  check,       ///< qty.
  backfill,    ///< status 'shipped' becomes 'sent', and hits counts it.
  widen_key,   ///< The primary key, to which another table refers.
  add_index,   ///< On qty.
  drop_index,  ///< The one on legacy's neighbour, filler.
};

struct Migration {
  std::string id;
  std::string yaml;
  std::vector<Change> changes;
  Shape before;
  Shape after;

  [[nodiscard]] bool has(Change change) const;
};

/// A table, and migrations of it one after the other.
struct Scenario {
  bool views = false;  ///< versions: views
  std::vector<Migration> migrations;
};

Scenario draw_scenario(Random& random);

/// What it will do, a line.
[[nodiscard]] std::string describe(const Scenario& scenario);

constexpr int first_rows = 2500;     ///< Rows that are there at the start.
constexpr int rows_left_alone = 20;  ///< The first of them; no writer's.

/// Creates and fills the tables; several statements.
[[nodiscard]] std::string setup_sql();

}  // namespace pgexpand::chaos
