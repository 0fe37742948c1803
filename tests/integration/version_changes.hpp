#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace pgexpand::testing {

/// How one release names and writes its columns.
struct Release {
  std::string columns;
  std::string values;      ///< As it writes them, from :v.
  std::string shows;       ///< What `reads` gives for the row t of the twin.
  std::string reads = "";  ///< Empty: the columns.
  /// v of a row that was inserted with nothing but its key; none: it cannot be.
  std::string bare_v = "";
  /// What becomes of the twin's w, for what does not follow from v alone.
  std::string w_of_insert = ":v", w_of_update = ":v", bare_w = "0";
};

struct Change {
  std::string name;
  std::string columns;  ///< Of orders, besides id and done.
  std::string rows;     ///< Their first values, from the key g.
  std::string operations;
  Release before, after;
  std::string after_rollback = "";  ///< Mends the twin.
  std::string id_type = "bigint";
  /// Every release inserts keys that only it gives out.
  bool has_own_keys = false;
};
inline void PrintTo(const Change& change, std::ostream* out) {
  *out << change.name;
}
inline std::string name_of(const ::testing::TestParamInfo<Change>& info) {
  return info.param.name;
}

/// Keys 1 to this many are there at the start.
inline constexpr int change_keys = 1'800;

/// The release's scripts for pgbench. Each changes or reads one row of orders,
/// writes what came of it into checks.twin (id, v, w) in the same statement,
/// and counts itself in `count`. `place`, 0 to 2, tells the releases apart;
/// `is_view`: its columns stay as they are, so it may say `*`.
[[nodiscard]] std::vector<std::string> scripts(const Change& change,
                                               const Release& release,
                                               int place,
                                               bool is_view,
                                               const std::string& count);

/// Changes of a type; of a rule or of nothing that shows; of columns; of all.
[[nodiscard]] std::vector<Change> type_changes();
[[nodiscard]] std::vector<Change> rule_changes();
[[nodiscard]] std::vector<Change> column_changes();
[[nodiscard]] std::vector<Change> several_changes();

}  // namespace pgexpand::testing
