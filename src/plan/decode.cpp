// A plan of the JSON text that this or an older release stored.
#include "pgexpand/base/error.hpp"
#include "plan/formats.hpp"
#include "plan/json_members.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pgexpand::plan {
namespace {

using Json = nlohmann::json;

using plan::members;

// What is read of a plan of which only the outline is asked.
struct OutlinedTable {
  sql::TableName name;
};
struct OutlinedPlan {
  std::vector<std::string> depends_on;
  std::vector<OutlinedTable> tables;
};
void members(auto& codec, Of<OutlinedTable> auto& table) {
  codec.needs("name", table.name);
}
void members(auto& codec, Of<OutlinedPlan> auto& plan) {
  codec.needs("depends_on", plan.depends_on);
  codec.needs("tables", plan.tables);
}

/// Reads one value. `path` is where it is, for messages: "steps[3].undo[0]";
/// empty: the whole plan.
class Reader {
 public:
  Reader(const Json& json, std::string path)
      : json_(json), path_(std::move(path)) {}

  void needs(const char* key, auto& member) const {
    const auto found = object().find(key);
    if (found == json_.end()) {
      fail(fmt::format("has no \"{}\"", key));
    }
    Reader(*found, below(key)).read(member);
  }
  void may_lack(const char* key, auto& member) const {
    if (object().contains(key)) {
      needs(key, member);
    }
  }

  void read(bool& value) const {
    check(json_.is_boolean(), "is neither true nor false");
    value = json_.get<bool>();
  }
  void read(std::integral auto& value) const {
    using Number = std::remove_reference_t<decltype(value)>;
    const bool fits =
        json_.is_number_unsigned()
            ? std::in_range<Number>(json_.get<std::uint64_t>())
            : json_.is_number_integer() &&
                  std::in_range<Number>(json_.get<std::int64_t>());
    check(fits, "is no whole number of its range");
    value = json_.get<Number>();
  }
  void read(std::string& value) const { value = text(); }
  void read(sql::Identifier& value) const { value = sql::Identifier(text()); }
  void read(sql::Expression& value) const { value.text = text(); }
  void read(sql::Statement& value) const {
    value = sql::Statement::verbatim(text());
  }
  void read(Phase& value) const {
    const auto phase = phase_from_name(text());
    check(phase.has_value(), unknown_word);
    value = *phase;
  }
  void read(LockMode& value) const {
    int number = 0;
    read(number);
    check(number >= 0 && number <= static_cast<int>(LockMode::access_exclusive),
          "is no lock mode");
    value = static_cast<LockMode>(number);
  }
  void read(Budget& value) const {
    value = static_cast<Budget>(place_in(budget_words));
  }
  void read(Severity& value) const {
    value = static_cast<Severity>(place_in(severity_words));
  }
  template <typename Type>
  void read(std::optional<Type>& value) const {
    if (json_.is_null()) {
      value.reset();
    } else {
      read(value.emplace());
    }
  }
  template <typename Type>
  void read(std::vector<Type>& values) const {
    check(json_.is_array(), "is no array");
    values.clear();
    for (const Json& element : json_) {
      Reader(element, fmt::format("{}[{}]", path_, values.size()))
          .read(values.emplace_back());
    }
  }
  void read(Action& action) const {
    std::string kind;
    needs("kind", kind);
    const auto word = Reader(json_.at("kind"), below("kind"));
    constexpr auto all = std::make_index_sequence<action_kinds.size()>();
    read_kind(word.place_in(action_kinds), action, all);
  }
  void read(HasMembers auto& value) const { members(*this, value); }

 private:
  static constexpr const char* unknown_word =
      "is a word that this release does not know";

  [[noreturn]] void fail(std::string_view what) const {
    throw Unreadable(fmt::format("{} {}", path_.empty() ? "it" : path_, what));
  }
  void check(bool is_right, std::string_view what) const {
    if (!is_right) {
      fail(what);
    }
  }
  [[nodiscard]] const Json& object() const {
    check(json_.is_object(), "is no object");
    return json_;
  }
  [[nodiscard]] std::string text() const {
    check(json_.is_string(), "is no text");
    return json_.get<std::string>();
  }
  [[nodiscard]] std::string below(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }
  [[nodiscard]] std::size_t place_in(
      std::span<const std::string_view> words) const {
    const auto found = std::ranges::find(words, text());
    check(found != words.end(), unknown_word);
    return static_cast<std::size_t>(found - words.begin());
  }
  template <std::size_t... Kinds>
  void read_kind(std::size_t kind,
                 Action& action,
                 std::index_sequence<Kinds...> /*all*/) const {
    const auto read_if = [&]<std::size_t Kind>() {
      if (Kind == kind) {
        read(action.emplace<Kind>());
      }
    };
    (read_if.template operator()<Kinds>(), ...);
  }

  const Json& json_;
  std::string path_;
};

std::string named(std::string_view migration) {
  return migration.empty() ? "the stored plan"
                           : fmt::format("the stored plan of {}", migration);
}

Error newer(std::string_view migration,
            int format,
            const std::string& release) {
  const std::string by =
      release.empty() ? "" : fmt::format(", which pgexpand {} wrote", release);
  return Error(ErrorKind::refused, "plan.newer",
               fmt::format("{} has format {}{}; pgexpand {} reads up to "
                           "format {}",
                           named(migration), format, by, PGEXPAND_VERSION,
                           stored_format))
      .hint(release.empty()
                ? "install the release of pgexpand that started the migration"
                : fmt::format("install pgexpand {} or a newer one", release));
}

Error undecodable(std::string_view migration,
                  std::string_view reason,
                  const std::string& release) {
  std::string hint =
      "run the release of pgexpand that started the migration, or restore its "
      "row of the state tables from a backup";
  if (!release.empty()) {
    hint = release == PGEXPAND_VERSION
               ? "something else has changed the migration's row of the state "
                 "tables: restore it from a backup"
               : fmt::format("run pgexpand {}, which stored it", release);
  }
  return Error(ErrorKind::internal, "plan.undecodable",
               fmt::format("{} cannot be read: {}", named(migration), reason))
      .hint(std::move(hint));
}

template <HasMembers Type>
Type decode(std::string_view text, std::string_view migration) {
  Json stored = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  try {
    const int format = format_of(stored);
    if (format > stored_format) {
      throw newer(migration, format, release_of(stored));
    }
    lift(stored, format);
    Type value;
    Reader(stored, "").read(value);
    return value;
  } catch (const Unreadable& reason) {
    throw undecodable(migration, reason.what(), release_of(stored));
  }
}

}  // namespace

Plan from_json(std::string_view text, std::string_view migration) {
  return decode<Plan>(text, migration);
}

Outline outline_from_json(std::string_view text, std::string_view migration) {
  auto read = decode<OutlinedPlan>(text, migration);
  Outline outline{.depends_on = std::move(read.depends_on)};
  for (const OutlinedTable& table : read.tables) {
    outline.tables.push_back(table.name);
  }
  return outline;
}

}  // namespace pgexpand::plan
