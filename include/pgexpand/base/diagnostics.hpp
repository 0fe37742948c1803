#pragma once

#include <compare>
#include <string>
#include <vector>

namespace pgexpand {

/// A place in a file. `line` and `column` count from 1 in characters; 0 means
/// the whole file.
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
  std::string line_text;  ///< The line itself, for the caret. May be empty.

  friend bool operator==(const Location&, const Location&) = default;
};

enum class Severity {
  error,    ///< The spec is wrong, or names what is not there: exit 2.
  refusal,  ///< The spec is right, this database forbids it: exit 7.
  warning,  ///< A hazard that plan shows; nothing stops.
};

/// One thing that is wrong, or dangerous, with its place and its cure.
struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;     ///< `spec.unknown-field`; see `pgexpand explain`.
  std::string message;  ///< Lower case, no full stop, names the object.
  std::string hint;     ///< Imperative; may be empty.
  Location where;

  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

/// Findings collected in order; all are reported before a command stops.
class Diagnostics {
 public:
  void add(Diagnostic finding) { findings_.push_back(std::move(finding)); }
  void error(const Location& where,
             std::string code,
             std::string message,
             std::string hint = {});
  void refuse(const Location& where,
              std::string code,
              std::string message,
              std::string hint = {});
  void warn(const Location& where,
            std::string code,
            std::string message,
            std::string hint = {});

  [[nodiscard]] const std::vector<Diagnostic>& all() const { return findings_; }
  [[nodiscard]] bool has_errors() const;    ///< Any Severity::error.
  [[nodiscard]] bool has_refusals() const;  ///< Any Severity::refusal.
  /// Any error or refusal: no plan may be made.
  [[nodiscard]] bool blocks() const { return has_errors() || has_refusals(); }
  void append(const Diagnostics& other);

 private:
  std::vector<Diagnostic> findings_;
};

}  // namespace pgexpand
