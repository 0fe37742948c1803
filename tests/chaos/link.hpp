#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace pgexpand::chaos {

using Value = std::optional<std::string>;  ///< nullopt is SQL NULL.
using Line = std::vector<Value>;

/// The connection is gone, or could not be made: nobody's fault here.
struct LinkLost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The server answered with an error, and the connection is as good as before.
struct SqlError : std::runtime_error {
  SqlError(const std::string& state, const std::string& message)
      : std::runtime_error(state + ": " + message), sqlstate(state) {}
  std::string sqlstate;
};

/// An application's connection: libpq and nothing of pgexpand's, so that a
/// defect there cannot hide itself here. For one thread at a time.
class Link {
 public:
  /// Throws LinkLost.
  Link(const std::string& dsn, const std::string& application_name);

  /// One statement. Throws LinkLost and SqlError.
  std::vector<Line> run(const std::string& sql,
                        const std::vector<Value>& values = {});
  /// The same through a named prepared statement, made at its first use.
  std::vector<Line> run_prepared(const std::string& sql,
                                 const std::vector<Value>& values);
  /// run() for one row with one value, "" for NULL.
  std::string single(const std::string& sql,
                     const std::vector<Value>& values = {});

 private:
  using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

  std::vector<Line> read(PGresult* result);

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
  std::vector<std::string> prepared_;  ///< Its place is the name.
};

}  // namespace pgexpand::chaos
