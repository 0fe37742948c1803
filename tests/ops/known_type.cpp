#include "ops/example_catalog.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace pgexpand::ops {
namespace {

struct KnownType {
  std::string_view name;     ///< As the grammar spells it.
  std::string_view spelled;  ///< As format_type() spells it.
  std::uint32_t oid;
  char category;
  char storage;
  bool has_bitwise_equality;
  bool is_collatable = false;
};

constexpr std::array known_types{
    KnownType{"bool", "boolean", 16, 'B', 'p', true},
    KnownType{"bytea", "bytea", 17, 'U', 'x', true},
    KnownType{"int8", "bigint", 20, 'N', 'p', true},
    KnownType{"int2", "smallint", 21, 'N', 'p', true},
    KnownType{"int4", "integer", 23, 'N', 'p', true},
    KnownType{"text", "text", 25, 'S', 'x', true, true},
    KnownType{"json", "json", 114, 'U', 'x', false},
    KnownType{"float8", "double precision", 701, 'N', 'p', false},
    KnownType{"varchar", "character varying", 1043, 'S', 'x', true, true},
    KnownType{"date", "date", 1082, 'D', 'p', true},
    KnownType{"timestamptz", "timestamp with time zone", 1184, 'D', 'p', true},
    KnownType{"numeric", "numeric", 1700, 'N', 'm', false},
    KnownType{"uuid", "uuid", 2950, 'U', 'p', true},
    KnownType{"jsonb", "jsonb", 3802, 'U', 'x', false},
};

std::int32_t modifier_of(const sql::BuiltinType& type) {
  if (type.modifiers.empty()) {
    return -1;
  }
  const int first = type.modifiers.front();
  const int scale = type.modifiers.size() > 1 ? type.modifiers[1] : 0;
  constexpr int header = 4;  // VARHDRSZ, which atttypmod adds
  return type.name == "numeric" ? ((first << 16) | scale) + header
                                : first + header;
}

}  // namespace

std::optional<catalog::Type> known_type(std::string_view text) {
  const auto wanted = sql::builtin_type(text);
  if (!wanted) {
    return std::nullopt;
  }
  const auto* found =
      std::ranges::find(known_types, wanted->name, &KnownType::name);
  if (found == known_types.end()) {
    return std::nullopt;
  }
  std::string spelled(found->spelled);
  if (!wanted->modifiers.empty()) {
    spelled += fmt::format("({})", fmt::join(wanted->modifiers, ","));
  }
  return catalog::Type{.name = {spelled},
                       .oid = found->oid,
                       .modifier = modifier_of(*wanted),
                       .base_oid = found->oid,
                       .category = found->category,
                       .storage = found->storage,
                       .is_collatable = found->is_collatable,
                       .has_bitwise_equality = found->has_bitwise_equality};
}

}  // namespace pgexpand::ops
