#pragma once

#include "pgexpand/campaign/checkup.hpp"

#include <vector>

namespace pgexpand::campaign {

// The parts of check_up(); each adds its checks.
void check_pooler(const pg::Arrival& arrival, std::vector<Check>& checks);
void check_connection(const Surroundings& at, std::vector<Check>& checks);
void check_rights(const Surroundings& at, std::vector<Check>& checks);
void check_settings(const Surroundings& at, std::vector<Check>& checks);
void check_transactions(const Surroundings& at, std::vector<Check>& checks);
void check_replication(const Surroundings& at, std::vector<Check>& checks);
void check_disk(const Surroundings& at, std::vector<Check>& checks);

}  // namespace pgexpand::campaign
