#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/pg/session.hpp"

#include <string>

namespace pgexpand::pg {

/// A transaction for one question. Always rolled back.
class ProbeTransaction {
 public:
  enum class Access { read_only, temporary_objects };

  ProbeTransaction(Session& session,
                   const catalog::Catalog& catalog,
                   Access access = Access::read_only);

  /// What follows resolves names as the user's own connection would.
  void use_arrival_path();
  /// What follows sees pg_catalog only, as our sessions and functions do.
  void use_our_path();

 private:
  Session& session_;
  std::string arrival_path_;
  sql::Settings arrival_settings_;
  Transaction transaction_;
};

/// Sets one setting until the end of the transaction.
void set_local(Session& session,
               const std::string& name,
               const std::string& value);

/// The finding for an error the server raised about the user's text. Throws
/// `error` itself unless it is one: a lost link is nobody's typing error. Only
/// for statements that read no rows: the server's message is shown in full.
[[nodiscard]] Diagnostic finding_of(const Session& session,
                                    const Error& error,
                                    const std::string& code,
                                    const Location& where);

}  // namespace pgexpand::pg
