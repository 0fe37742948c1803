#pragma once

#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/statement.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

// Settings of a session by which the same text of SQL gives another value. What
// counts is how they arrive: what a statement typed into the database gives.
namespace pgexpand::sql {

struct Setting {
  std::string name;
  std::string value;  ///< As current_setting() spells it.

  friend bool operator==(const Setting&, const Setting&) = default;
};
using Settings = std::vector<Setting>;

/// Those that decide a value when it is computed. Of the search_path, which the
/// users' own functions, checks and triggers are run under, only the schemas in
/// which not everybody may create something.
inline constexpr std::array<std::string_view, 13> value_settings{
    "search_path",
    "TimeZone",
    "DateStyle",
    "IntervalStyle",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "xmloption",
    "xmlbinary",
    "extra_float_digits",
    "bytea_output",
    "timezone_abbreviations",
    "default_text_search_config"};
/// Those that decide how text is read. Only for text that a user wrote: what
/// the server writes out again is read under our own.
inline constexpr std::array<std::string_view, 3> syntax_settings{
    "standard_conforming_strings", "transform_null_equals", "array_nulls"};

/// The search_path of our sessions: what we write names its schemas.
inline constexpr const char* own_path = "pg_catalog, pg_temp";
/// How our sessions have the latter, and what decides how the server writes.
[[nodiscard]] const Settings& own_syntax();
[[nodiscard]] const Settings& own_spelling();

[[nodiscard]] Settings only_values(const Settings& settings);

/// `, set_config('TimeZone', 'Europe/Berlin', true)…`, each for the open
/// transaction: more members for a select list. Empty for none.
[[nodiscard]] Expression making(const Settings& settings);
/// SELECT of the same. `is_local`: until the transaction ends, else until the
/// session does.
[[nodiscard]] Statement make(const Settings& settings, bool is_local = true);
/// ` SET "TimeZone" TO 'Europe/Berlin'…`, for CREATE FUNCTION; ours is the
/// search_path if `settings` has none.
[[nodiscard]] Expression pinning(const Settings& settings);

}  // namespace pgexpand::sql
