#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/sql/names.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pgexpand::spec {

class Node;
/// A key and its value, in the file's order.
struct Entry {
  std::string key;
  Location where;  ///< Of the key.
  std::shared_ptr<const Node> value;
};

/// A YAML value with its place. Scalars stay strings until a field reads them.
class Node {
 public:
  struct Scalar {
    std::string text;
    bool is_plain = true;  ///< Neither quoted nor a block.
  };
  struct Null {};  ///< Plain `null`, `~` or nothing.
  using List = std::vector<std::shared_ptr<const Node>>;
  using Map = std::vector<Entry>;

  std::variant<Null, Scalar, List, Map> value;
  Location where;         ///< A block mapping or list stands at its key.
  bool reported = false;  ///< Already a finding: readers stay silent.

  [[nodiscard]] const Scalar* scalar() const {
    return std::get_if<Scalar>(&value);
  }
  [[nodiscard]] const List* list() const { return std::get_if<List>(&value); }
  [[nodiscard]] const Map* map() const { return std::get_if<Map>(&value); }
  [[nodiscard]] bool is_null() const {
    return std::holds_alternative<Null>(value);
  }
};

/// The fields of one mapping, pulled out one by one; what is left at the end
/// is unknown. Every reader adds its finding and returns nullopt when the value
/// is missing (required_*) or of the wrong type.
class Fields {
 public:
  Fields(std::shared_ptr<const Node> node, std::string what);

  [[nodiscard]] const Location& where() const;  ///< Of the mapping.
  [[nodiscard]] Location where(std::string_view key) const;  ///< Of a value.
  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> keys() const;  ///< In order.
  [[nodiscard]] const Node& node() const { return *node_; }

  std::optional<std::string> required(std::string_view key, Diagnostics& out);
  std::optional<std::string> optional(std::string_view key, Diagnostics& out);
  std::optional<sql::TableName> required_table(std::string_view key,
                                               Diagnostics& out);
  std::optional<sql::TableName> optional_table(std::string_view key,
                                               Diagnostics& out);
  std::optional<sql::Identifier> required_identifier(std::string_view key,
                                                     Diagnostics& out);
  std::optional<sql::Identifier> optional_identifier(std::string_view key,
                                                     Diagnostics& out);
  /// `true` or `false`, plain.
  std::optional<bool> optional_bool(std::string_view key, Diagnostics& out);
  /// One of `choices`; did-you-mean else.
  std::optional<std::string> optional_choice(
      std::string_view key,
      const std::vector<std::string_view>& choices,
      Diagnostics& out);
  /// A list of strings. Empty lists are a finding.
  std::optional<std::vector<std::string>> optional_list(std::string_view key,
                                                        Diagnostics& out);
  /// A nested mapping.
  std::optional<Fields> optional_fields(std::string_view key, Diagnostics& out);
  /// A list whose members are mappings or scalars, raw.
  std::optional<Node::List> optional_nodes(std::string_view key,
                                           Diagnostics& out);
  /// A mapping of free keys to strings, in order.
  std::optional<std::vector<std::pair<std::string, std::string>>>
  optional_string_map(std::string_view key, Diagnostics& out);
  /// Explicit null is allowed: outer nullopt = absent, inner = null.
  std::optional<std::optional<std::string>> optional_nullable(
      std::string_view key, Diagnostics& out);

  /// Marks `key` as known without reading it (for error recovery).
  void ignore(std::string_view key);
  /// A finding with did-you-mean for every key nobody asked for.
  void reject_unknown(Diagnostics& out);

 private:
  const Entry* take(std::string_view key);
  [[nodiscard]] std::string subject(std::string_view key) const;
  bool check_present(std::string_view key, Diagnostics& out);
  std::shared_ptr<const Node> node_;
  std::string what_;  ///< "add_column", for messages.
  std::vector<std::string> known_;
};

/// One entry of `operations`: its kind and its fields, not yet understood.
struct OperationSpec {
  std::string kind;
  Location where;
  std::shared_ptr<const Node> fields;
};

/// One migration file, parsed; operations are understood by ops::parse.
struct MigrationSpec {
  std::string id;
  std::string file;
  std::string description;
  std::vector<std::string> depends_on;
  std::vector<OperationSpec> operations;
  /// `settings` flattened: "backfill.pause" → "50ms", with places.
  std::map<std::string, std::pair<std::string, Location>> settings;
  std::string text;  ///< The file, for the state tables.
  std::string hash;  ///< Of the parsed operations and depends_on only.
  std::vector<Location> depends_on_where;  ///< One for each depends_on.
};

/// Parses one file's text. All findings are collected; nullopt only when
/// nothing usable came out. Never throws on any bytes.
[[nodiscard]] std::optional<MigrationSpec> parse(std::string_view text,
                                                 const std::string& file,
                                                 Diagnostics& findings);

/// Any YAML mapping with the same strictness (pgexpand.yaml).
[[nodiscard]] std::shared_ptr<const Node> parse_yaml(std::string_view text,
                                                     const std::string& file,
                                                     Diagnostics& findings);

/// Reads every spec in `folder`, sorted by id, with findings for stray files,
/// bad ids, unknown or circular depends_on. Throws Error(usage) if the folder
/// cannot be read.
[[nodiscard]] std::vector<MigrationSpec> load_folder(const std::string& folder,
                                                     Diagnostics& findings);

/// The choice nearest to `word` (edit distance at most 2, or a third of it).
[[nodiscard]] std::optional<std::string> did_you_mean(
    std::string_view word, const std::vector<std::string>& choices);

/// `name` or `schema.name`, parts with dots or quotes in double quotes. A
/// finding and nullopt otherwise.
[[nodiscard]] std::optional<sql::TableName> read_table_name(
    const std::string& text, const Location& where, Diagnostics& findings);
[[nodiscard]] std::optional<sql::Identifier> read_identifier(
    const std::string& text, const Location& where, Diagnostics& findings);

}  // namespace pgexpand::spec
