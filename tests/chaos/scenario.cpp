#include "chaos/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::chaos {
namespace {

constexpr std::string_view name_of(Change change) {
  switch (change) {
    case Change::retype:
      return "type change";
    case Change::rename:
      return "rename";
    case Change::not_null:
      return "set not null";
    case Change::drop:
      return "drop";
    case Change::add:
      return "add column";
    case Change::check:
      return "check";
    case Change::backfill:
      return "backfill";
    case Change::widen_key:
      return "key type";
    case Change::add_index:
      return "index";
    case Change::drop_index:
      return "drop index";
  }
  return "";
}

Field& field_of(Shape& shape, const std::string& attribute) {
  return *std::ranges::find(shape.fields, attribute, &Field::attribute);
}

/// Draws how `change` is done, writes it down, and changes the shape.
std::string apply_to(Shape& shape, Change change, bool views, Random& random) {
  switch (change) {
    case Change::retype: {
      const std::string type = random.chance(50) ? "bigint" : "numeric(16,0)";
      // Under one name for everybody there can only be one unit.
      if (!views || random.chance(40)) {
        return "  - alter_column: {table: item, column: amount, type: \"" +
               type + "\"}\n";
      }
      field_of(shape, "amount").scale = 100;
      return "  - alter_column: {table: item, column: amount, type: bigint,"
             " up: \"amount::bigint * 100\","
             " down: \"(amount / 100)::integer\"}\n";
    }
    case Change::rename:
      field_of(shape, "owner").column = "holder";
      return "  - rename_column: {table: item, from: owner, to: holder}\n";
    case Change::not_null:
      shape.writes_null_notes = false;
      return "  - set_not_null: {table: item, column: note, up: \"'none'\"}\n";
    case Change::drop:
      std::erase_if(shape.fields, [](const Field& field) {
        return field.attribute == "legacy";
      });
      return "  - drop_column: {table: item, column: legacy, down: \"0\"}\n";
    case Change::add:
      shape.fields.push_back({.attribute = "code_v2", .column = "code_v2"});
      return "  - add_column: {table: item, column: code_v2, type: text,"
             " up: \"upper(code)\", nullable: false}\n";
    case Change::check:
      return "  - alter_column: {table: item, column: qty, check:"
             " {name: item_qty_check, expression: \"qty >= 0\"}}\n";
    case Change::backfill:
      return "  - backfill: {table: item, set: {status: \"'sent'\","
             " hits: \"hits + 1\"}, where: \"status = 'shipped'\"}\n";
    case Change::widen_key:
      return "  - alter_column: {table: item, column: id, type: bigint}\n";
    case Change::add_index:
      return "  - create_index: {table: item, name: item_qty_idx,"
             " columns: [{column: qty}]}\n";
    case Change::drop_index:
      return "  - drop_index: {index: item_filler_idx}\n";
  }
  return "";
}

Shape first_shape() {
  Shape shape;
  shape.path = "public";
  for (const char* name :
       {"amount", "owner", "note", "legacy", "status", "hits", "qty", "code"}) {
    shape.fields.push_back({.attribute = name, .column = name});
  }
  return shape;
}

std::string settings_of(Random& random) {
  return fmt::format(
      "settings: {{backfill: {{batch_rows: {}, pause: {}ms, workers: {}}}}}\n",
      random.between(60, 400), random.between(0, 30), random.between(1, 2));
}

}  // namespace

bool Shape::has(const std::string& attribute) const {
  return std::ranges::find(fields, attribute, &Field::attribute) !=
         fields.end();
}

bool Migration::has(Change change) const {
  return std::ranges::find(changes, change) != changes.end();
}

Scenario draw_scenario(Random& random) {
  std::vector<Change> left{
      Change::retype,    Change::rename,    Change::not_null, Change::drop,
      Change::add,       Change::check,     Change::backfill, Change::widen_key,
      Change::add_index, Change::drop_index};
  random.shuffle(left);
  constexpr int most_migrations = 3;
  constexpr int most_changes = 4;
  Scenario scenario;
  scenario.views = random.chance(45);
  const int count = random.between(1, most_migrations);
  Shape shape = first_shape();
  for (int number = 1; number <= count; ++number) {
    Migration migration;
    migration.id = fmt::format("m{}", number);
    migration.before = shape;
    migration.yaml = settings_of(random) + "operations:\n";
    for (int i = random.between(1, most_changes); i > 0 && !left.empty(); --i) {
      migration.changes.push_back(left.back());
      migration.yaml += apply_to(shape, left.back(), scenario.views, random);
      left.pop_back();
    }
    if (scenario.views) {
      shape.path = "public_" + migration.id + ", public";
    }
    migration.after = shape;
    if (!migration.changes.empty()) {
      scenario.migrations.push_back(migration);
    }
  }
  return scenario;
}

std::string describe(const Scenario& scenario) {
  std::string text = scenario.views ? "views" : "no views";
  for (const Migration& migration : scenario.migrations) {
    std::string names;
    for (const Change change : migration.changes) {
      names += names.empty() ? ": " : ", ";
      names += name_of(change);
    }
    text += "; " + migration.id + names;
  }
  return text;
}

std::string setup_sql() {
  return fmt::format(
      R"(CREATE TABLE item (
  id integer PRIMARY KEY,
  amount integer NOT NULL,
  owner varchar(60) NOT NULL,
  note text,
  legacy integer NOT NULL,
  status text NOT NULL DEFAULT 'open',
  hits integer NOT NULL DEFAULT 0,
  qty integer NOT NULL,
  code text NOT NULL CONSTRAINT item_code_key UNIQUE,
  filler text NOT NULL DEFAULT repeat('x', 80),
  CONSTRAINT item_owner_check CHECK (length(owner) > 0));
CREATE INDEX item_amount_idx ON item (amount, id);
CREATE INDEX item_owner_idx ON item (lower(owner));
CREATE INDEX item_filler_idx ON item (left(filler, 3));
COMMENT ON COLUMN item.amount IS 'what it costs';
CREATE TABLE entry (
  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  item_id integer NOT NULL REFERENCES item ON DELETE CASCADE);
CREATE INDEX entry_item_idx ON entry (item_id);
INSERT INTO item (id, amount, owner, note, legacy, status, qty, code)
SELECT n, n * 7 % 10000, 'o' || n, CASE WHEN n % 4 > 0 THEN 'n' || n END,
       n % 50, CASE WHEN n % 3 = 0 THEN 'shipped' ELSE 'open' END, n % 100,
       'c' || n FROM generate_series(1, {}) AS n;
VACUUM ANALYZE item, entry;
)",
      first_rows);
}

}  // namespace pgexpand::chaos
