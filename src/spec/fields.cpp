#include "pgexpand/spec/migration_spec.hpp"
#include "spec/source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::spec {
namespace {

std::string_view kind_of(const Node& node) {
  if (node.map() != nullptr) {
    return "a mapping";
  }
  if (node.list() != nullptr) {
    return "a list";
  }
  return node.is_null() ? "null" : "text";
}

// `subject` names the value: `"table" of add_column`.
void wrong_type(const Node& node,
                const std::string& subject,
                std::string_view wanted,
                const std::string& hint,
                Diagnostics& out) {
  if (!node.reported) {
    out.error(
        node.where, "spec.wrong-type",
        fmt::format("{} must be {}, not {}", subject, wanted, kind_of(node)),
        hint);
  }
}

const Node::Scalar* read_scalar(const Node& node,
                                const std::string& subject,
                                Diagnostics& out) {
  const Node::Scalar* scalar = node.reported ? nullptr : node.scalar();
  if (scalar != nullptr || node.reported) {
    return scalar;
  }
  if (node.is_null()) {
    out.error(node.where, "spec.null-value",
              fmt::format("{} has no value, or a plain null", subject),
              "write the value, or 'null' in quotes if that is the text");
  } else {
    wrong_type(node, subject, "text", "write one plain value", out);
  }
  return nullptr;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

Fields::Fields(std::shared_ptr<const Node> node, std::string what)
    : node_(std::move(node)), what_(std::move(what)) {}

const Location& Fields::where() const { return node_->where; }

Location Fields::where(std::string_view key) const {
  if (const Node::Map* map = node_->map()) {
    const auto entry = std::ranges::find(*map, key, &Entry::key);
    if (entry != map->end()) {
      return entry->value->where;
    }
  }
  return node_->where;
}

bool Fields::has(std::string_view key) const {
  const Node::Map* map = node_->map();
  return map != nullptr &&
         std::ranges::find(*map, key, &Entry::key) != map->end();
}

std::vector<std::string> Fields::keys() const {
  std::vector<std::string> result;
  if (const Node::Map* map = node_->map()) {
    for (const Entry& entry : *map) {
      result.push_back(entry.key);
    }
  }
  return result;
}

void Fields::ignore(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) {
    known_.emplace_back(key);
  }
}

const Entry* Fields::take(std::string_view key) {
  ignore(key);
  const Node::Map* map = node_->map();
  if (map == nullptr) {
    return nullptr;
  }
  const auto entry = std::ranges::find(*map, key, &Entry::key);
  return entry == map->end() ? nullptr : &*entry;
}

std::string Fields::subject(std::string_view key) const {
  return fmt::format("{} of {}", shown(key), what_);
}

bool Fields::check_present(std::string_view key, Diagnostics& out) {
  ignore(key);
  if (has(key)) {
    return true;
  }
  out.error(where(), "spec.missing-field",
            fmt::format("{} needs the field \"{}\"", what_, key),
            fmt::format("add \"{}\"", key));
  return false;
}

std::optional<std::string> Fields::required(std::string_view key,
                                            Diagnostics& out) {
  return check_present(key, out) ? optional(key, out) : std::nullopt;
}

std::optional<std::string> Fields::optional(std::string_view key,
                                            Diagnostics& out) {
  const Entry* entry = take(key);
  if (entry == nullptr) {
    return std::nullopt;
  }
  const Node::Scalar* scalar = read_scalar(*entry->value, subject(key), out);
  return scalar != nullptr ? std::optional(scalar->text) : std::nullopt;
}

std::optional<sql::TableName> Fields::required_table(std::string_view key,
                                                     Diagnostics& out) {
  return check_present(key, out) ? optional_table(key, out) : std::nullopt;
}

std::optional<sql::TableName> Fields::optional_table(std::string_view key,
                                                     Diagnostics& out) {
  const auto text = optional(key, out);
  return text ? read_table_name(*text, where(key), out) : std::nullopt;
}

std::optional<sql::Identifier> Fields::required_identifier(std::string_view key,
                                                           Diagnostics& out) {
  return check_present(key, out) ? optional_identifier(key, out) : std::nullopt;
}

std::optional<sql::Identifier> Fields::optional_identifier(std::string_view key,
                                                           Diagnostics& out) {
  const auto text = optional(key, out);
  return text ? read_identifier(*text, where(key), out) : std::nullopt;
}

std::optional<bool> Fields::optional_bool(std::string_view key,
                                          Diagnostics& out) {
  const Entry* entry = take(key);
  if (entry == nullptr || entry->value->reported) {
    return std::nullopt;
  }
  const Node::Scalar* scalar = entry->value->scalar();
  if (scalar == nullptr) {
    wrong_type(*entry->value, subject(key), "true or false",
               "write true or false", out);
    return std::nullopt;
  }
  const bool is_true = scalar->text == "true";
  if (!scalar->is_plain || (!is_true && scalar->text != "false")) {
    out.error(entry->value->where, "spec.wrong-type",
              fmt::format("{} must be true or false, not {}", subject(key),
                          shown(scalar->text)),
              "write true or false, without quotes");
    return std::nullopt;
  }
  return is_true;
}

std::optional<std::string> Fields::optional_choice(
    std::string_view key,
    const std::vector<std::string_view>& choices,
    Diagnostics& out) {
  auto text = optional(key, out);
  if (!text || std::ranges::find(choices, *text) != choices.end()) {
    return text;
  }
  const std::vector<std::string> words(choices.begin(), choices.end());
  const auto nearest = did_you_mean(*text, words);
  out.error(where(key), "spec.unknown-choice",
            fmt::format("{} cannot be {}", subject(key), shown(*text)),
            nearest ? fmt::format("did you mean \"{}\"?", *nearest)
                    : fmt::format("write one of: {}", joined(words)));
  return std::nullopt;
}

std::optional<Node::List> Fields::optional_nodes(std::string_view key,
                                                 Diagnostics& out) {
  const Entry* entry = take(key);
  if (entry == nullptr) {
    return std::nullopt;
  }
  const Node& value = *entry->value;
  if (value.list() == nullptr) {
    wrong_type(value, subject(key), "a list", "write it as a list: [one, two]",
               out);
    return std::nullopt;
  }
  if (value.list()->empty()) {
    out.error(value.where, "spec.empty-list",
              fmt::format("{} is an empty list", subject(key)),
              fmt::format("add a member, or remove \"{}\"", key));
    return std::nullopt;
  }
  return *value.list();
}

std::optional<std::vector<std::string>> Fields::optional_list(
    std::string_view key, Diagnostics& out) {
  const auto nodes = optional_nodes(key, out);
  if (!nodes) {
    return std::nullopt;
  }
  std::vector<std::string> result;
  for (const auto& node : *nodes) {
    const Node::Scalar* scalar =
        read_scalar(*node, "a member of " + subject(key), out);
    if (scalar != nullptr) {
      result.push_back(scalar->text);
    }
  }
  return result.size() == nodes->size() ? std::optional(std::move(result))
                                        : std::nullopt;
}

std::optional<Fields> Fields::optional_fields(std::string_view key,
                                              Diagnostics& out) {
  const Entry* entry = take(key);
  if (entry == nullptr) {
    return std::nullopt;
  }
  if (entry->value->map() == nullptr) {
    wrong_type(*entry->value, subject(key), "a mapping",
               "write its fields below it, indented", out);
    return std::nullopt;
  }
  return Fields(entry->value, subject(key));
}

std::optional<std::vector<std::pair<std::string, std::string>>>
Fields::optional_string_map(std::string_view key, Diagnostics& out) {
  const auto fields = optional_fields(key, out);
  if (!fields) {
    return std::nullopt;
  }
  const Node::Map& map = *fields->node_->map();
  std::vector<std::pair<std::string, std::string>> result;
  for (const Entry& entry : map) {
    const Node::Scalar* scalar =
        read_scalar(*entry.value, fields->subject(entry.key), out);
    if (scalar != nullptr) {
      result.emplace_back(entry.key, scalar->text);
    }
  }
  if (map.empty()) {
    out.error(fields->where(), "spec.empty-mapping",
              fmt::format("{} is an empty mapping", subject(key)),
              fmt::format("add a member, or remove \"{}\"", key));
  }
  return !map.empty() && result.size() == map.size()
             ? std::optional(std::move(result))
             : std::nullopt;
}

std::optional<std::optional<std::string>> Fields::optional_nullable(
    std::string_view key, Diagnostics& out) {
  const Entry* entry = take(key);
  if (entry == nullptr || entry->value->reported) {
    return std::nullopt;
  }
  if (entry->value->is_null()) {
    return std::optional<std::string>();
  }
  const Node::Scalar* scalar = read_scalar(*entry->value, subject(key), out);
  return scalar != nullptr
             ? std::optional(std::optional<std::string>(scalar->text))
             : std::nullopt;
}

void Fields::reject_unknown(Diagnostics& out) {
  const Node::Map* map = node_->map();
  if (map == nullptr) {
    return;
  }
  for (const Entry& entry : *map) {
    if (std::ranges::find(known_, entry.key) != known_.end()) {
      continue;
    }
    const auto nearest = did_you_mean(entry.key, known_);
    out.error(entry.where, "spec.unknown-field",
              fmt::format("{} has no field {}", what_, shown(entry.key)),
              nearest ? fmt::format("did you mean \"{}\"?", *nearest)
                      : fmt::format("write one of: {}", joined(known_)));
  }
}

}  // namespace pgexpand::spec
