#include "pgexpand/sql/subject.hpp"

#include "pgexpand/sql/own_names.hpp"
#include "sql/parse_tree.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>

namespace pgexpand::sql {
namespace {

using nlohmann::json;

TableName relation_of(const json& range) {
  return {Identifier(range.value("schemaname", "")),
          Identifier(range.value("relname", ""))};
}

class Collector {
 public:
  void collect(const json& node) {
    if (node.is_array()) {
      note_list(node);
      for (const json& item : node) {
        collect(item);
      }
    } else if (node.is_object()) {
      note(node);
      for (const auto& [key, value] : node.items()) {
        note_node(key, value);
        collect(value);
      }
    }
  }

  [[nodiscard]] Subject take() && { return std::move(subject_); }

 private:
  template <typename Type>
  static void add(std::vector<Type>& to, Type value) {
    if (std::ranges::find(to, value) == to.end()) {
      to.push_back(std::move(value));
    }
  }

  // Of a RangeVar, wherever it stands.
  void note(const json& node) {
    if (node.contains("relname")) {
      add(subject_.objects, relation_of(node));
    }
  }

  // `schema.name`, and `schema.table.column` or `.trigger`.
  void note_list(const json& list) {
    const auto names = string_list(list);
    if (names.size() == list.size() && names.size() > 1) {
      add(subject_.objects, {Identifier(names[0]), Identifier(names[1])});
    }
  }

  void note_given(const json& body, const char* key) {
    if (const std::string name = body.value(key, ""); !name.empty()) {
      add(subject_.given_names, Identifier(name));
    }
  }

  void note_node(std::string_view tag, const json& body) {
    struct Giver {
      std::string_view tag;
      const char* key;
    };
    constexpr std::array givers{
        Giver{"ColumnDef", "colname"}, Giver{"Constraint", "conname"},
        Giver{"IndexStmt", "idxname"}, Giver{"CreateTrigStmt", "trigname"},
        Giver{"RenameStmt", "newname"}};
    for (const Giver& giver : givers) {
      if (giver.tag == tag) {
        note_given(body, giver.key);
      }
    }
    if (tag == "CreateStatsStmt" && body.contains("defnames")) {
      subject_.given_names.emplace_back(string_list(body["defnames"]).back());
    } else if (tag == "AlterTableStmt") {
      note_drops(body);
    } else if (tag == "DropStmt" &&
               body.value("removeType", "") == "OBJECT_TRIGGER") {
      note_dropped_triggers(body.at("objects"));
    } else if (tag == "RenameStmt" &&
               body.value("renameType", "") == "OBJECT_COLUMN") {
      subject_.renamed_columns.push_back(
          {.from = {relation_of(body.at("relation")),
                    Identifier(body.value("subname", ""))},
           .to = Identifier(body.value("newname", ""))});
    }
  }

  void note_drops(const json& statement) {
    for (const json& command : statement.at("cmds")) {
      const json& body = *view(command).body;
      if (body.value("subtype", "") == "AT_DropColumn") {
        subject_.dropped_columns.push_back(
            {relation_of(statement.at("relation")),
             Identifier(body.value("name", ""))});
      }
    }
  }

  // `schema.table.trigger` each.
  void note_dropped_triggers(const json& objects) {
    for (const json& object : objects) {
      const auto names = string_list(view(object).body->at("items"));
      subject_.dropped_triggers.emplace_back(names.back());
    }
  }

  Subject subject_;
};

}  // namespace

bool Subject::is_about(const TableName& object) const {
  return std::ranges::find(objects, object) != objects.end();
}

bool Subject::is_about_schema(const Identifier& schema) const {
  return std::ranges::find(objects, schema, &TableName::schema) !=
         objects.end();
}

Subject subject_of(const Statement& statement) {
  if (is_too_long_to_parse(statement.text())) {
    return {};
  }
  const ParseOutcome outcome = parse_sql(statement.text());
  Collector collector;
  if (outcome.error.empty()) {
    collector.collect(outcome.tree);
  }
  return std::move(collector).take();
}

std::vector<Identifier> own_names_of(const Statement& statement) {
  auto names = subject_of(statement).given_names;
  std::erase_if(names, std::not_fn(may_be_own_name));
  return names;
}

}  // namespace pgexpand::sql
