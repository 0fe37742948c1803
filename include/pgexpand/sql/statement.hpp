#pragma once

#include "pgexpand/sql/names.hpp"

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <utility>

namespace pgexpand::sql {

/// What may be formatted into SQL. Strings may not: wrap them first, so that
/// forgetting to quote does not compile.
template <typename T>
concept Argument = std::same_as<T, Identifier> || std::same_as<T, TableName> ||
    std::same_as<T, Literal> || std::same_as<T, Expression> ||
    std::same_as<T, TypeName> || std::same_as<T, std::int64_t>;

/// True if a person wrote it; see Expression.
template <Argument T>
[[nodiscard]] bool is_users_text(const T& argument) {
  if constexpr (std::same_as<T, Expression>) {
    return argument.is_users;
  }
  return false;
}

/// Composes an expression the way Statement::of composes a statement.
template <Argument... Args>
[[nodiscard]] Expression compose(fmt::format_string<Args...> pattern,
                                 const Args&... args) {
  return {fmt::vformat(pattern, fmt::make_format_args(args...)),
          (is_users_text(args) || ...)};
}

/// One complete SQL statement, without a trailing semicolon.
class Statement {
 public:
  Statement() = default;

  /// Statement::of("DROP INDEX {}", index_name)
  template <Argument... Args>
  [[nodiscard]] static Statement of(fmt::format_string<Args...> pattern,
                                    const Args&... args) {
    return Statement(fmt::vformat(pattern, fmt::make_format_args(args...)),
                     (is_users_text(args) || ...));
  }

  /// A statement that a person wrote (the `sql` operation, a throttle query)
  /// or that a stored plan holds. Never for text we compose.
  [[nodiscard]] static Statement verbatim(std::string text) {
    return Statement(std::move(text), false);
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// A part of it is a person's; see Expression.
  [[nodiscard]] bool has_users_text() const noexcept { return has_users_text_; }
  friend bool operator==(const Statement&, const Statement&) = default;

 private:
  Statement(std::string text, bool has_users_text)
      : text_(std::move(text)), has_users_text_(has_users_text) {}

  std::string text_;
  bool has_users_text_ = false;
};

}  // namespace pgexpand::sql
