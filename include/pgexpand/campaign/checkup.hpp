#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/base/error.hpp"
#include "pgexpand/campaign/target.hpp"
#include "pgexpand/pg/health.hpp"
#include "pgexpand/spec/settings.hpp"
#include "pgexpand/sql/names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::campaign {

enum class Verdict {
  ok,       ///< As it should be.
  note,     ///< Good to know; nothing to do.
  warning,  ///< A run works, but slower, or with a danger that is named.
  refusal,  ///< A run stops before it changes anything.
};
/// "ok", "note", "warning", "refused", as in both outputs.
[[nodiscard]] std::string_view name(Verdict verdict) noexcept;

/// One thing that `pgexpand doctor` looked at.
struct Check {
  std::string area;  ///< "rights", "disk" …
  Verdict verdict = Verdict::ok;
  std::string code;  ///< See `pgexpand explain`; empty for ok and note.
  std::string message;
  std::string cure;  ///< The GRANT, the setting, the statement; may be empty.
};

/// A table that a migration of the folder is to change, or changes now.
struct TableToMigrate {
  sql::TableName name;
  std::int64_t size_bytes = 0;  ///< With indexes and TOAST.
  std::vector<std::string> publications;
};

/// Everything the checks look at.
struct Surroundings {
  pg::Arrival arrival;
  pg::Health health;
  spec::Settings settings;
  std::optional<Error> state_obstacle;  ///< Of state::Store::obstacle().
  std::vector<TableToMigrate> tables;
  Diagnostics missing_rights;  ///< What plan says of them, for each spec.
};

/// All checks, in the order in which they are shown. Behind a pooler that is
/// the only one: its server is another one each time. Pure.
[[nodiscard]] std::vector<Check> check_up(const Surroundings& surroundings);

/// Connects and reads what the checks look at: the server, and what the specs
/// of the folder need that are not contracted yet. Changes nothing. Behind a
/// pooler only the connection is looked at.
[[nodiscard]] Surroundings look_around(Target& target);

}  // namespace pgexpand::campaign
