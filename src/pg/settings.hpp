#pragma once

#include "pg/server_session.hpp"

namespace pgexpand::pg {

/// Makes the settings of safety.md and reads them back, so that no default of
/// a role, a database or PGOPTIONS has an effect. Throws Error(refused,
/// "pg.setting-refused") for one that does not hold.
void make_settings(ServerSession& session, const ConnectOptions& options);

}  // namespace pgexpand::pg
