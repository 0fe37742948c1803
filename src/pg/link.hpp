#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>

namespace pgexpand::pg {

/// One connection, opened by libpqxx and driven through libpq.
///
/// libpqxx connects and closes. Statements go through PQexecParams on the same
/// PGconn: the exceptions of libpqxx lose SQLSTATE, constraint and DETAIL, and
/// cannot tell a lost connection from a RAISE of class 08, while a PGresult
/// has it all. Nothing runs through libpqxx, so it never reconnects by itself.
class Link {
 public:
  /// Throws std::exception with libpq's text, which may hold secrets.
  explicit Link(const std::string& conninfo);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  [[nodiscard]] PGconn* raw() const noexcept;

 private:
  class Wrapped;
  std::unique_ptr<Wrapped> wrapped_;
};

}  // namespace pgexpand::pg
