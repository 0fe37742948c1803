#include "fuzz/draw_migration.hpp"

#include "fuzz/draw_catalog.hpp"
#include "fuzz/target.hpp"
#include "pgexpand/ops/operation.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace pgexpand::fuzz {
namespace {

using Json = nlohmann::ordered_json;  // is YAML, too

class Migration {
 public:
  Migration(Input& input, const catalog::Catalog& catalog)
      : input_(input), catalog_(catalog) {}

  Json text() {
    Json operations = Json::array();
    for (auto left = 1 + input_.below(4); left > 0; --left) {
      table_ = &catalog_.tables[input_.below(catalog_.tables.size())];
      operations.push_back(operation());
    }
    return {{"description", draw_name(input_)}, {"operations", operations}};
  }

 private:
  struct Drawer {
    std::string_view operation;
    Json (Migration::*draw)();
  };

  /// What draws the fields of an operation.
  static Json (Migration::*drawer_of(std::string_view operation))() {
    static constexpr std::array drawers{
        Drawer{"add_column", &Migration::add_column},
        Drawer{"alter_column", &Migration::alter_column},
        Drawer{"backfill", &Migration::backfill},
        Drawer{"create_index", &Migration::create_index},
        Drawer{"drop_column", &Migration::column_with_down},
        Drawer{"drop_index", &Migration::drop_index},
        Drawer{"drop_not_null", &Migration::column_with_down},
        Drawer{"rename_column", &Migration::rename_column},
        Drawer{"set_not_null", &Migration::column_with_up},
        Drawer{"sql", &Migration::sql_text},
    };
    const auto found =
        std::ranges::find(drawers, operation, &Drawer::operation);
    check(found != drawers.end(),
          "tests/fuzz/draw_migration.cpp draws every operation", operation);
    return found->draw;
  }

  Json operation() {
    const auto& all = ops::all_operations();
    // Whatever is drawn: one that is missing shows with the first input.
    static const bool each_is_drawn =
        std::ranges::all_of(all, [](const ops::OperationType* type) {
          return drawer_of(type->name) != nullptr;
        });
    check(each_is_drawn, "each operation is drawn");
    const std::string_view kind = all[input_.below(all.size())]->name;
    return {{std::string(kind), (this->*drawer_of(kind))()}};
  }

  Json column_with_down() { return with_column("down"); }
  Json column_with_up() { return with_column("up"); }
  Json drop_index() { return {{"index", index_name()}}; }
  Json rename_column() {
    return {{"table", table_->name.quoted()},
            {"from", column()},
            {"to", new_name()}};
  }

  std::string new_name() {
    return sql::quote_identifier(
        input_.one_in(2) ? draw_name(input_)
                         : sql::shorten_name("n" + draw_name(input_)));
  }

  std::string column() {
    return table_->columns.empty()
               ? "\"a\""
               : table_->columns[input_.below(table_->columns.size())]
                     .name.quoted();
  }

  std::string index_name() {
    if (table_->indexes.empty()) {
      return "\"i\"";
    }
    return table_->indexes[input_.below(table_->indexes.size())].name.quoted();
  }

  std::string expression() {
    constexpr std::array<std::string_view, 24> patterns{
        "{}",
        "lower({})",
        "{} || 'x'",
        "coalesce({}, 0) + 1",
        "CASE WHEN {} IS NULL THEN 'a' ELSE $$b$$ END",
        "({})::text",
        "CAST({} AS varchar(50))",
        "'$pgexpand$'",
        "$pgexpand$; DROP TABLE evil.loot; $pgexpand$",
        "'it''s' || {} -- over",
        "{} /* '; */",
        "E'\\'; DROP TABLE evil.loot; --'",
        "{} IS NOT DISTINCT FROM 'a'",
        "evil({})",
        "1); DROP TABLE evil.loot; --",
        "(SELECT loot FROM evil.loot)",
        "({} = 'a') = ({} = 'b')",
        "ARRAY[{}, NULL]",
        "{} COLLATE \"C\"",
        "U&'\\0041' || {}",
        "NULL",
        "{}::jsonb -> 'a'",
        "{} BETWEEN 1 AND 2",
        "now() AT TIME ZONE {}::text"};
    if (input_.one_in(8)) {
      return valid_utf8(input_.text(40));
    }
    const auto name = column();
    return fmt::format(fmt::runtime(input_.pick(patterns)), name, name);
  }

  std::string type() {
    constexpr std::array<std::string_view, 14> types{
        "text",        "bigint", "varchar(50)",      "numeric(12,3)",
        "integer",     "jsonb",  "timestamptz",      "boolean",
        "uuid",        "date",   "double precision", "public.mood",
        "\"od\"\"d\"", "text[]"};
    return std::string(input_.pick(types));
  }

  void maybe(Json& fields, const char* key, std::size_t among) {
    if (input_.one_in(among)) {
      fields[key] = expression();
    }
  }

  void maybe_allow(Json& fields) {
    constexpr std::array words{"volatile", "lossy", "user_triggers",
                               "published"};
    if (input_.one_in(2)) {
      fields["allow"] = Json::array({input_.pick(words), input_.pick(words)});
    }
  }

  Json add_column() {
    Json fields{{"table", table_->name.quoted()},
                {"column", new_name()},
                {"type", type()}};
    maybe(fields, "up", 2);
    maybe(fields, "default", 3);
    maybe(fields, "generated", 16);
    if (input_.one_in(4)) {
      fields["nullable"] = false;
    }
    if (input_.one_in(4)) {
      fields["check"] = {{"name", new_name()}, {"expression", expression()}};
    }
    if (input_.one_in(4)) {
      fields["unique"] = Json::object();
    }
    if (input_.one_in(4)) {
      const auto& other = catalog_.tables[input_.below(catalog_.tables.size())];
      fields["references"] = {{"table", other.name.quoted()},
                              {"on_delete", "set null"}};
    }
    if (input_.one_in(16)) {
      fields["identity"] = "by_default";
    }
    if (input_.one_in(4)) {
      fields["comment"] = draw_name(input_);
    }
    maybe_allow(fields);
    return fields;
  }

  Json alter_column() {
    Json fields{{"table", table_->name.quoted()}, {"column", column()}};
    if (!input_.one_in(4)) {
      fields["type"] = type();
    }
    if (input_.one_in(4)) {
      fields["nullable"] = input_.one_in(2);
    }
    maybe(fields, "default", 4);
    maybe(fields, "up", 2);
    maybe(fields, "down", 2);
    if (input_.one_in(4)) {
      fields["comment"] = draw_name(input_);
    }
    maybe_allow(fields);
    return fields;
  }

  Json backfill() {
    Json fields{{"table", table_->name.quoted()},
                {"set", {{column(), expression()}}}};
    maybe(fields, "where", 2);
    maybe_allow(fields);
    return fields;
  }

  Json create_index() {
    Json keys = Json::array();
    for (auto left = 1 + input_.below(2); left > 0; --left) {
      keys.push_back(input_.one_in(2) ? Json{{"expression", expression()}}
                                      : Json{{"column", column()}});
    }
    Json fields{{"table", table_->name.quoted()}, {"columns", keys}};
    if (input_.one_in(2)) {
      fields["name"] = new_name();
    }
    fields["unique"] = input_.one_in(2);
    maybe(fields, "where", 3);
    if (input_.one_in(4)) {
      fields["include"] = Json::array({column()});
    }
    if (input_.one_in(4)) {
      fields["with"] = {{"fillfactor", draw_name(input_)}};
    }
    return fields;
  }

  Json with_column(const char* expression_key) {
    Json fields{{"table", table_->name.quoted()}, {"column", column()}};
    maybe(fields, expression_key, 2);
    maybe_allow(fields);
    return fields;
  }

  Json sql_text() {
    constexpr std::array<std::string_view, 5> texts{
        "SELECT 1", "CREATE TABLE x (a text); COMMENT ON TABLE x IS 'a;b';",
        "BEGIN; COMMIT", "SELECT $$;$$; SELECT ';' -- ;",
        "/* ; */ DROP TABLE x;;"};
    Json fields{{"expand", input_.pick(texts)}};
    if (input_.one_in(2)) {
      fields["rollback"] = valid_utf8(input_.text(60));
    }
    return fields;
  }

  Input& input_;
  const catalog::Catalog& catalog_;
  const catalog::Table* table_ = nullptr;
};

}  // namespace

std::string draw_migration(Input& input, const catalog::Catalog& catalog) {
  return Migration(input, catalog).text().dump();
}

}  // namespace pgexpand::fuzz
