#pragma once

#include "pg/server_error.hpp"
#include "pgexpand/pg/session.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

namespace pgexpand::pg {

struct ClearResult {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using OwnedResult = std::unique_ptr<PGresult, ClearResult>;

/// False for errors, for COPY and for null.
[[nodiscard]] bool is_good(const PGresult* result);
/// The server wants rows, or would send them: nothing else can be said then.
[[nodiscard]] bool is_copy(const PGresult* result);
[[nodiscard]] Result result_of(PGresult* result);
/// Empty where the server said nothing.
[[nodiscard]] ServerError error_of(const PGresult* result);
/// The first line of what libpq itself has to say, not the server.
[[nodiscard]] std::string words_of_libpq(const PGresult* result,
                                         const PGconn* connection);
/// Parameters as libpq takes them; valid as long as `parameters`.
[[nodiscard]] std::vector<const char*> pointers_to(
    const std::vector<Value>& parameters);

}  // namespace pgexpand::pg
