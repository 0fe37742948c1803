#pragma once

#include "pg/plan_tree.hpp"
#include "pgexpand/catalog/probe.hpp"

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::pg {

/// What pg_proc says about one function.
struct FunctionFacts {
  std::string name;
  std::string display;      ///< Qualified and quoted.
  bool is_builtin = false;  ///< In pg_catalog.
  char volatility = 'v';    ///< i, s, v.
};

struct Verdict {
  catalog::Stability stability = catalog::Stability::immutable;
  std::string because;  ///< Empty if immutable.
};

/// The least stable of all that the plan calls. A built-in STABLE function
/// counts as immutable when it is STABLE only because of settings that our
/// sessions and functions pin.
[[nodiscard]] Verdict judge(const PlanFacts& plan,
                            const std::vector<FunctionFacts>& functions);

/// Of sql::value_settings those by which values become text, or text values.
inline constexpr std::array<const char*, 6> text_settings{
    "TimeZone",           "DateStyle",    "IntervalStyle",
    "extra_float_digits", "bytea_output", "timezone_abbreviations"};

/// Which of sql::value_settings the value may depend on. More than it does
/// where a function does not say, none too few: only what is IMMUTABLE, built
/// in and makes no text of values and no values of text is free of all.
[[nodiscard]] std::set<std::string> settings_read(
    const PlanFacts& plan, const std::vector<FunctionFacts>& functions);

/// True for a built-in STABLE function that depends on time, session, user,
/// catalogs, or a setting that is not pinned.
[[nodiscard]] bool depends_on_session(std::string_view builtin);

/// The string constants of an SQL text: '…', E'…' and $$…$$, without quotes.
[[nodiscard]] std::vector<std::string> string_constants(std::string_view sql);

/// True if a constant such as 'now' or 'today' in `user_text` was turned into
/// a date or time: it is no longer there as text in `deparsed`.
[[nodiscard]] bool freezes_time(std::string_view user_text,
                                std::string_view deparsed);

}  // namespace pgexpand::pg
