#include "pgexpand/sql/own_names.hpp"

#include <algorithm>
#include <string_view>

namespace pgexpand::sql {
namespace {

constexpr std::string_view fresh = "pgexpand_new_";
constexpr std::string_view alias = "pgexpand_also_";
constexpr std::string_view stale = "pgexpand_old_";
constexpr std::string_view not_null_check = "pgexpand_not_null_";
constexpr std::string_view not_null = "pgexpand_set_not_null_";
constexpr std::string_view kept = "pgexpand_kept_";
constexpr std::string_view sync = "~pgexpand_";

Identifier with(std::string_view beginning, const std::string& name) {
  return Identifier(shorten_name(std::string(beginning) + name));
}

}  // namespace

Identifier twin_name(const Identifier& column) {
  return with(fresh, column.name());
}
Identifier stale_name(const Identifier& name) {
  return with(stale, name.name());
}
Identifier fresh_name(const Identifier& name) {
  return with(fresh, name.name());
}
Identifier alias_index_name(const Identifier& index) {
  return with(alias, index.name());
}
Identifier not_null_check_name(const Identifier& column) {
  return with(not_null_check, column.name());
}
Identifier not_null_name(const Identifier& column) {
  return with(not_null, column.name());
}
Identifier kept_check_name(const Identifier& column) {
  return with(kept, column.name());
}
Identifier sync_trigger_name(const std::string& migration) {
  return with(sync, migration);
}

std::array<Identifier, 2> version_trigger_names(
    const Identifier& sync_trigger) {
  return {Identifier(shorten_name(sync_trigger.name() + "_new")),
          Identifier(shorten_name(sync_trigger.name() + "_update"))};
}

bool is_sync_trigger_name(const Identifier& name) {
  return name.name().starts_with(sync);
}

bool may_be_own_name(const Identifier& name) {
  constexpr std::array beginnings{fresh,    alias, stale, not_null_check,
                                  not_null, kept,  sync};
  return std::ranges::any_of(beginnings, [&](std::string_view beginning) {
    return name.name().starts_with(beginning);
  });
}

}  // namespace pgexpand::sql
