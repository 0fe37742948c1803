#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace pgexpand {

/// Why a command stopped. Every value has one exit code and one section in
/// docs/exit-codes.md; scripts branch on the code, never on the message.
enum class ErrorKind {
  usage,         ///< Bad command line or configuration. Nothing ran.
  invalid_spec,  ///< Bad spec. The database was not changed.
  refused,       ///< A gate is closed. Nothing was changed.
  connection,    ///< No connection, or lost with a known outcome. Retry.
  lock_timeout,  ///< The lock budget is used up. Safe to run again.
  busy,          ///< Another runner is at work, or this one was fenced.
  verification,  ///< Copied rows differ from their source. Switch is barred.
  database,      ///< The server rejected a statement; the step rolled back.
  in_doubt,      ///< The link broke during COMMIT. The state tables will tell.
  interrupted,   ///< Stopped early, progress saved. Safe to run again.
  internal,      ///< A bug in pgexpand.
};

/// Process exit code for `kind`. Stable across releases (docs/exit-codes.md):
/// usage, invalid_spec 2; refused, verification 7; connection, in_doubt 3;
/// lock_timeout 4; busy 5; interrupted 6; database, internal 1.
[[nodiscard]] int exit_code(ErrorKind kind) noexcept;

/// `kind` as it is spelled in JSON output, e.g. "lock_timeout".
[[nodiscard]] std::string_view name(ErrorKind kind) noexcept;

/// The only exception type that crosses a module boundary.
///
/// Third-party exceptions are translated where the library is wrapped: yaml-cpp
/// in spec, libpqxx in pg, CLI11 in cli. Caught in one place, cli::run(), and
/// where a retry is the right answer. The message is lower case, has no full
/// stop, names the object, and holds no secret.
class Error : public std::exception {
 public:
  /// `code` is `module.what-is-wrong`, has a text behind `pgexpand explain`,
  /// and is never reused.
  Error(ErrorKind kind, std::string code, std::string message)
      : kind_(kind), code_(std::move(code)), message_(std::move(message)) {}

  /// Says what the operator can do next, in the imperative.
  [[nodiscard]] Error hint(std::string text) && {
    hint_ = std::move(text);
    return std::move(*this);
  }
  /// Adds what PostgreSQL would call DETAIL.
  [[nodiscard]] Error detail(std::string text) && {
    detail_ = std::move(text);
    return std::move(*this);
  }
  /// Adds the five characters of the server's SQLSTATE.
  [[nodiscard]] Error sqlstate(std::string state) && {
    sqlstate_ = std::move(state);
    return std::move(*this);
  }

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& code() const noexcept { return code_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }
  [[nodiscard]] const std::string& detail() const noexcept { return detail_; }
  /// Empty unless the server reported the error.
  [[nodiscard]] const std::string& sqlstate() const noexcept {
    return sqlstate_;
  }
  [[nodiscard]] const char* what() const noexcept override {
    return message_.c_str();
  }

 private:
  ErrorKind kind_;
  std::string code_;
  std::string message_;
  std::string hint_;
  std::string detail_;
  std::string sqlstate_;
};

}  // namespace pgexpand
