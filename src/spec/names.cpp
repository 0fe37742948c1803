#include "pgexpand/spec/migration_spec.hpp"
#include "spec/source.hpp"

#include <fmt/format.h>

namespace pgexpand::spec {
namespace {

/// Reads the parts of a dotted name. Each take_* moves on past what it read.
class NameReader {
 public:
  explicit NameReader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool at_quote() const { return rest_.starts_with('"'); }

  bool take_dot() {
    const bool found = rest_.starts_with('.');
    rest_.remove_prefix(found ? 1 : 0);
    return found;
  }

  /// nullopt if the closing quote is missing.
  std::optional<std::string> take_quoted() {
    std::string name;
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      if (rest_[at] != '"') {
        name += rest_[at];
      } else if (rest_.substr(at + 1).starts_with('"')) {
        name += rest_[at++];
      } else {
        rest_.remove_prefix(at + 1);
        return name;
      }
    }
    return std::nullopt;
  }

  std::string take_bare() {
    const std::string_view name = rest_.substr(0, rest_.find_first_of(".\""));
    rest_.remove_prefix(name.size());
    return std::string(name);
  }

  std::optional<std::string> take_part() {
    return at_quote() ? take_quoted() : take_bare();
  }

 private:
  std::string_view rest_;
};

void report_bad(const Location& where,
                const std::string& message,
                const std::string& hint,
                Diagnostics& findings) {
  findings.error(where, "spec.bad-identifier", message, hint);
}

void report_quotes(std::string_view text,
                   const Location& where,
                   Diagnostics& findings) {
  report_bad(
      where,
      fmt::format("the double quotes in name {} do not pair up", shown(text)),
      "quote the whole name and double every quote inside it", findings);
}

bool check_length(std::string_view name,
                  const Location& where,
                  Diagnostics& findings) {
  if (name.empty()) {
    report_bad(where, "a name is empty", "write the name", findings);
    return false;
  }
  if (name.size() > sql::max_name_bytes) {
    report_bad(where,
               fmt::format("name {} has {} bytes, PostgreSQL keeps only {}",
                           shown(name), name.size(), sql::max_name_bytes),
               "shorten it", findings);
    return false;
  }
  if (name.find('\0') != std::string_view::npos) {
    report_bad(where, "a name contains a NUL", "remove it", findings);
    return false;
  }
  return true;
}

}  // namespace

std::optional<sql::Identifier> read_identifier(const std::string& text,
                                               const Location& where,
                                               Diagnostics& findings) {
  std::string name = text;
  if (NameReader reader(text); reader.at_quote()) {
    const std::optional<std::string> quoted = reader.take_quoted();
    if (!quoted || !reader.at_end()) {
      report_quotes(text, where, findings);
      return std::nullopt;
    }
    name = *quoted;
  }
  if (!check_length(name, where, findings)) {
    return std::nullopt;
  }
  return sql::Identifier(std::move(name));
}

std::optional<sql::TableName> read_table_name(const std::string& text,
                                              const Location& where,
                                              Diagnostics& findings) {
  NameReader reader(text);
  std::vector<std::string> parts;
  do {
    std::optional<std::string> part = reader.take_part();
    if (!part || reader.at_quote()) {
      report_quotes(text, where, findings);
      return std::nullopt;
    }
    if (!check_length(*part, where, findings)) {
      return std::nullopt;
    }
    parts.push_back(*std::move(part));
  } while (reader.take_dot());
  if (!reader.at_end() || parts.size() > 2) {
    report_bad(where,
               fmt::format("{} is not a name or schema.name", shown(text)),
               "write a part that contains a dot in double quotes", findings);
    return std::nullopt;
  }
  sql::TableName result;
  result.name = sql::Identifier(std::move(parts.back()));
  if (parts.size() == 2) {
    result.schema = sql::Identifier(std::move(parts.front()));
  }
  return result;
}

}  // namespace pgexpand::spec
