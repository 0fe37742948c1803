#pragma once

#include "pgexpand/sql/names.hpp"

#include <string>
#include <vector>

namespace pgexpand::catalog {

/// Code whose text the server keeps, but does not track what it names: a
/// function, or the arguments of a trigger. It goes on when a column that it
/// names is gone, and fails when it runs.
struct Code {
  enum class Form {
    sql,        ///< SQL or PL/pgSQL.
    other,      ///< Another language: a word is all that can be found.
    arguments,  ///< Of a trigger: a name is a string of its own.
  };
  std::string what;    ///< "function public.touch()".
  std::string run_by;  ///< "trigger touch on table orders"; empty: callers.
  Form form = Form::sql;
  std::string body;
  sql::TableName table;                 ///< Of ours that it may be about.
  std::vector<sql::Identifier> family;  ///< The table's partitions, children.
  bool has_rows = false;                ///< It is given the table's rows.

  friend bool operator==(const Code&, const Code&) = default;
};

/// "function public.touch(), run by trigger touch on table public.orders".
[[nodiscard]] std::string display(const Code& code);

/// How sure it is that a text names a column.
enum class Mention {
  none,
  in_string,  ///< Perhaps: only text that it makes at run time does.
  by_name,
};

/// Whether `code` names `column` of its table, as far as its text tells. A name
/// in a comment is none; nor is one of another table's, or the whole row.
[[nodiscard]] Mention mention(const Code& code, const sql::Identifier& column);

}  // namespace pgexpand::catalog
