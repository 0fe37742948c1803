#include "version_changes.hpp"

#include <fmt/format.h>

namespace pgexpand::testing {
namespace {

/// A release that writes one column.
Release writes(const std::string& column,
               const std::string& value,
               const std::string& shows,
               const std::string& bare_v = "") {
  return {.columns = column,
          .values = value,
          .shows = shows,
          .bare_v = bare_v,
          .bare_w = bare_v};
}

const Release status = writes("status", "'s' || :v", "'s' || t.v", "1");
constexpr const char* status_column = "status text DEFAULT 's1'";
constexpr const char* status_rows = "'s' || g % 1000";

// The number a release that does not know it leaves in column code.
Release with_code(Release release, bool knows_code) {
  if (knows_code) {
    release.columns += ", code";
    release.values += ", :v::integer";
    release.shows += ", t.w";
    release.bare_v = "";
  } else {
    release.w_of_insert = "0";
    release.w_of_update = "twin.w";
    release.bare_w = "0";
  }
  return release;
}

}  // namespace

std::vector<std::string> scripts(const Change& change,
                                 const Release& release,
                                 int place,
                                 bool is_view,
                                 const std::string& count) {
  const std::string any_key = fmt::format(
      "\\set id random(1, {})\n\\set v random(0, 999)\n", change_keys);
  const std::string key =
      change.has_own_keys ? fmt::format(
                                "\\set g random(1, {})\n\\set id :g * 3 - {}\n"
                                "\\set v random(0, 999)\n",
                                change_keys / 3, place)
                          : any_key;
  const std::string counted = fmt::format(";\nSELECT nextval('{}');\n", count);
  const auto insert = [&](const std::string& conflict) {
    return fmt::format(
        "WITH done AS (INSERT INTO orders (id, {}) VALUES (:id, {})"
        " ON CONFLICT {} RETURNING id)",
        release.columns, release.values, conflict);
  };
  const std::string set =
      fmt::format("SET ({}) = ROW({})", release.columns, release.values);
  std::vector<std::string> all{
      any_key +
          fmt::format("WITH done AS (UPDATE orders {} WHERE id = :id RETURNING"
                      " id) UPDATE checks.twin AS twin SET v = :v, w = {} FROM"
                      " done WHERE twin.id = done.id",
                      set, release.w_of_update),
      key + insert("DO NOTHING") +
          fmt::format(" INSERT INTO checks.twin SELECT id, :v, {} FROM done",
                      release.w_of_insert),
      key + insert("(id) DO UPDATE " + set) +
          fmt::format(" INSERT INTO checks.twin AS twin SELECT id, :v, {} FROM"
                      " done ON CONFLICT (id) DO UPDATE SET v = :v, w = {}",
                      release.w_of_insert, release.w_of_update),
      any_key +
          "WITH gone AS (DELETE FROM orders WHERE id = :id RETURNING id)"
          " DELETE FROM checks.twin USING gone WHERE twin.id = gone.id",
      any_key + fmt::format("SELECT {} FROM orders WHERE id = :id FOR UPDATE",
                            is_view ? "*" : release.columns)};
  if (!release.bare_v.empty()) {
    all.push_back(
        key + fmt::format("WITH done AS (INSERT INTO orders (id) VALUES (:id)"
                          " ON CONFLICT DO NOTHING RETURNING id) INSERT INTO"
                          " checks.twin SELECT id, {}, {} FROM done",
                          release.bare_v, release.bare_w));
  }
  for (std::string& script : all) {
    script += counted;
  }
  return all;
}

std::vector<Change> type_changes() {
  // An INSERT of NULL leaves only the schemas to tell old code from new.
  const std::string hole = "CASE WHEN {0}::integer % 7 = 0 THEN NULL ELSE ";
  const auto with_holes = [&](const std::string& value,
                              const std::string& bare_v) {
    const auto of = [&](const std::string& v) {
      return fmt::format(fmt::runtime(hole + value + " END"), v);
    };
    return writes("status", of(":v"), of("t.v"), bare_v);
  };
  return {
      {.name = "TypeByUpAndDown",
       .columns = status_column,
       .rows = fmt::format(fmt::runtime(hole + "'s' || {0} END"), "(g % 1000)"),
       .operations = "  - alter_column: {table: orders, column: status, type:"
                     " integer, default: '8', up: 'substr(status, 2)::int',"
                     " down: \"'s' || status\"}\n",
       .before = with_holes("'s' || {0}", "1"),
       .after = with_holes("{0}::integer", "8")},
      {.name = "TypeOfTheKey",
       .columns = status_column,
       .rows = status_rows,
       .operations = "  - alter_column: {table: orders, column: id, type:"
                     " bigint}\n",
       .before = status,
       .after = status,
       .id_type = "integer",
       .has_own_keys = true},
  };
}

std::vector<Change> rule_changes() {
  const std::string hole =
      "CASE WHEN {0} % 5 = 0 THEN NULL ELSE 'n' || {0} END";
  const std::string filled =
      "CASE WHEN t.v % 5 = 0 THEN 'none' ELSE 'n' || t.v END";
  const Release amount = writes("amount", ":v", "t.v", "5");
  Release new_default = amount;
  new_default.bare_v = "9";
  Release note = writes("note", fmt::format(fmt::runtime(hole), ":v"), filled);
  note.reads = "coalesce(note, 'none')";
  Release filled_note = note;
  filled_note.values = fmt::format("coalesce({}, 'none')", note.values);
  note.bare_v = note.bare_w = "0";
  return {
      {.name = "NotNull",
       .columns = "note text",
       .rows = fmt::format(fmt::runtime(hole), "(g % 1000)"),
       .operations = "  - set_not_null: {table: orders, column: note, up:"
                     " \"'none'\"}\n",
       .before = note,
       .after = filled_note},
      {.name = "NullAllowedCheckAndDefault",
       .columns = "amount integer NOT NULL DEFAULT 5, note text NOT NULL"
                  " DEFAULT ''",
       .rows = "g % 1000, ''",
       .operations = "  - drop_not_null: {table: orders, column: note, down:"
                     " \"''\"}\n  - alter_column: {table: orders, column:"
                     " amount, default: '9', check: {name: few, expression:"
                     " amount < 1000}}\n",
       .before = amount,
       .after = new_default},
      {.name = "NothingToSee",
       .columns = "amount integer NOT NULL DEFAULT 5",
       .rows = "g % 1000",
       .operations = "  - create_index: {table: orders, columns: [amount]}\n"
                     "  - backfill: {table: orders, set: {done: '1'}, where:"
                     " done = 0}\n"
                     "  - sql: {expand: CREATE TABLE more (), rollback: DROP"
                     " TABLE more}\n",
       .before = amount,
       .after = amount},
  };
}

std::vector<Change> column_changes() {
  const Release note = writes("note", "'s' || :v", "'s' || t.v", "1");
  const Release remark = writes("remark", "'s' || :v", "'s' || t.v", "1");
  Release labeled = status;
  labeled.columns += ", label";
  labeled.values += ", 'ls' || :v";
  labeled.shows += ", CASE t.w WHEN -1 THEN 'none' ELSE 'ls' || t.w END";
  labeled.bare_w = "-1";
  Release unlabeled = status;
  unlabeled.w_of_update = "CASE twin.v WHEN :v THEN twin.w ELSE :v END";
  return {
      {.name = "RenameAndDrop",
       .columns = "note text DEFAULT 's1', code integer NOT NULL",
       .rows = std::string(status_rows) + ", g % 1000",
       .operations = "  - rename_column: {table: orders, from: note, to:"
                     " remark}\n"
                     "  - drop_column: {table: orders, column: code, down:"
                     " '0'}\n",
       .before = with_code(note, true),
       .after = with_code(remark, false)},
      {.name = "Add",
       .columns = status_column,
       .rows = status_rows,
       .operations = "  - add_column: {table: orders, column: label, type:"
                     " text, nullable: false, default: \"'none'\", up: \"'l'"
                     " || status\"}\n",
       .before = unlabeled,
       .after = labeled,
       .after_rollback = "UPDATE checks.twin SET w = v"},
  };
}

std::vector<Change> several_changes() {
  const Release before = {
      .columns = "status, amount, note",
      .values = "'s' || :v, :v::integer, 'n' || :v",
      .shows = "'s' || t.v, t.v, 'n' || t.v",
  };
  const Release after = {
      .columns = "status, amount, remark, label",
      .values = ":v::integer, :v::bigint, 'n' || :v, 'l' || :v",
      .shows = "t.v, t.v, 'n' || t.v, 'l' || t.v",
  };
  return {
      {.name = "SeveralAtOnce",
       .columns = "status text, amount integer NOT NULL, note text, code"
                  " integer NOT NULL",
       .rows = "'s' || g % 1000, g % 1000, 'n' || g % 1000, g % 1000",
       .operations =
           "  - alter_column: {table: orders, column: status, type: integer,"
           " up: 'substr(status, 2)::int', down: \"'s' || status\"}\n"
           "  - alter_column: {table: orders, column: amount, type: bigint}\n"
           "  - rename_column: {table: orders, from: note, to: remark}\n"
           "  - drop_column: {table: orders, column: code, down: '0'}\n"
           "  - add_column: {table: orders, column: label, type: text, up:"
           " \"'l' || amount\"}\n",
       .before = with_code(before, true),
       .after = with_code(after, false)},
  };
}

}  // namespace pgexpand::testing
