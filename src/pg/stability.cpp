#include "pg/stability.hpp"

#include "pgexpand/sql/settings.hpp"

#include <algorithm>
#include <array>
#include <regex>

namespace pgexpand::pg {
namespace {

using catalog::Stability;

// SQLValueFunctionOp, in the server's order.
constexpr std::array<std::string_view, 15> sql_value_names{
    "current_date",      "current_time",      "current_time",
    "current_timestamp", "current_timestamp", "localtime",
    "localtime",         "localtimestamp",    "localtimestamp",
    "current_role",      "current_user",      "user",
    "session_user",      "current_catalog",   "current_schema"};

// The text search functions are STABLE only without a configuration argument:
// they read default_text_search_config, which is not pinned.
constexpr std::array<std::string_view, 33> session_functions{
    "now",
    "transaction_timestamp",
    "statement_timestamp",
    "age",
    "current_setting",
    "current_database",
    "current_schema",
    "current_schemas",
    "current_user",
    "session_user",
    "current_query",
    "getpgusername",
    "version",
    "row_security_active",
    "obj_description",
    "col_description",
    "shobj_description",
    "to_regclass",
    "to_tsvector",
    "to_tsquery",
    "plainto_tsquery",
    "phraseto_tsquery",
    "websearch_to_tsquery",
    "ts_headline",
    "ts_match_tt",
    "ts_match_tq",
    "json_to_tsvector",
    "jsonb_to_tsvector",
    "get_current_ts_config",
    "format_type",
    "loread",
    "lo_get",
    "currtid2"};

constexpr std::array<std::string_view, 6> session_prefixes{
    "reg", "to_reg", "pg_", "txid_", "has_", "inet_"};

void worsen(Verdict& verdict, Stability stability, std::string_view because) {
  if (stability > verdict.stability) {
    verdict = {stability, std::string(because)};
  }
}

void judge_function(const FunctionFacts& function, Verdict& verdict) {
  const auto& shown = function.is_builtin ? function.name : function.display;
  if (function.volatility == 'v') {
    worsen(verdict, Stability::is_volatile, shown);
  } else if (function.volatility == 's' && !function.is_builtin) {
    worsen(verdict, Stability::reads_tables, shown);
  } else if (function.volatility == 's' && depends_on_session(function.name)) {
    worsen(verdict, Stability::session, shown);
  }
}

// The end of a quoted run that begins after `start`; doubled quotes belong to
// it, backslashes escape if `escapes`.
std::size_t end_of_quoted(std::string_view sql,
                          std::size_t start,
                          char quote,
                          bool escapes) {
  for (std::size_t i = start; i < sql.size(); ++i) {
    if (escapes && sql[i] == '\\') {
      ++i;
    } else if (sql[i] == quote) {
      if (i + 1 < sql.size() && sql[i + 1] == quote) {
        ++i;
      } else {
        return i;
      }
    }
  }
  return sql.size();
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
}

// `$tag$` at `at`, or empty.
std::string_view dollar_tag(std::string_view sql, std::size_t at) {
  std::size_t end = at + 1;
  while (end < sql.size() && is_word(sql[end])) {
    ++end;
  }
  const bool is_parameter =
      end > at + 1 && sql[at + 1] >= '0' && sql[at + 1] <= '9';
  return end < sql.size() && sql[end] == '$' && !is_parameter
             ? sql.substr(at, end - at + 1)
             : std::string_view{};
}

std::ptrdiff_t count_time_words(std::string_view sql) {
  static const std::regex time_word(R"(\b(now|today|tomorrow|yesterday)\b)",
                                    std::regex::icase);
  const auto constants = string_constants(sql);
  return std::ranges::count_if(constants, [](const std::string& text) {
    return std::regex_search(text, time_word);
  });
}

}  // namespace

bool depends_on_session(std::string_view builtin) {
  if (builtin == "pg_typeof") {
    return false;
  }
  return std::ranges::find(session_functions, builtin) !=
             session_functions.end() ||
         std::ranges::any_of(session_prefixes,
                             [&](std::string_view prefix) {
                               return builtin.starts_with(prefix);
                             }) ||
         builtin.find("_to_xml") != std::string_view::npos;
}

Verdict judge(const PlanFacts& plan,
              const std::vector<FunctionFacts>& functions) {
  Verdict verdict;
  for (const int op : plan.sql_values) {
    const auto index = static_cast<std::size_t>(op);
    worsen(verdict, Stability::session,
           index < sql_value_names.size() ? sql_value_names[index]
                                          : "current_user");
  }
  if (plan.reads_relation) {
    worsen(verdict, Stability::reads_tables, "a subquery");
  }
  if (plan.has_next_value) {
    worsen(verdict, Stability::is_volatile, "nextval");
  }
  for (const auto& function : functions) {
    judge_function(function, verdict);
  }
  return verdict;
}

std::set<std::string> settings_read(
    const PlanFacts& plan, const std::vector<FunctionFacts>& functions) {
  std::set<std::string> read;
  const auto add = [&](std::initializer_list<const char*> names) {
    read.insert(names.begin(), names.end());
  };
  const auto add_text = [&] {
    read.insert(text_settings.begin(), text_settings.end());
  };
  if (plan.converts_text) {
    add_text();
  }
  if (plan.has_money) {
    add({"lc_monetary"});
  }
  for (const auto& function : functions) {
    const std::string_view name = function.name;
    if (!function.is_builtin) {
      read.insert(sql::value_settings.begin(), sql::value_settings.end());
    } else if (function.volatility != 'i') {
      add_text();
    }
    if (name == "to_char" || name == "to_number" || name == "to_date" ||
        name == "to_timestamp") {
      add({"lc_monetary", "lc_numeric", "lc_time"});
    }
    if (name.find("xml") != std::string_view::npos) {
      add({"xmloption", "xmlbinary"});
    }
    if (name.find("ts") != std::string_view::npos) {
      add({"default_text_search_config"});
    }
  }
  return read;
}

std::vector<std::string> string_constants(std::string_view sql) {
  std::vector<std::string> constants;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] == '"') {
      i = end_of_quoted(sql, i + 1, '"', false);
    } else if (sql[i] == '\'') {
      const bool escapes = i > 0 && (sql[i - 1] == 'E' || sql[i - 1] == 'e') &&
                           (i == 1 || !is_word(sql[i - 2]));
      const auto end = end_of_quoted(sql, i + 1, '\'', escapes);
      constants.emplace_back(sql.substr(i + 1, end - i - 1));
      i = end;
    } else if (sql[i] == '$' && (i == 0 || !is_word(sql[i - 1]))) {
      if (const auto tag = dollar_tag(sql, i); !tag.empty()) {
        const auto begin = i + tag.size();
        const auto end = std::min(sql.find(tag, begin), sql.size());
        constants.emplace_back(sql.substr(begin, end - begin));
        i = end + tag.size() - 1;
      }
    }
  }
  return constants;
}

bool freezes_time(std::string_view user_text, std::string_view deparsed) {
  return count_time_words(user_text) > count_time_words(deparsed);
}

}  // namespace pgexpand::pg
