#pragma once

#include "pgexpand/ops/draft.hpp"
#include "pgexpand/plan/plan.hpp"
#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/statement.hpp"

#include <string>
#include <vector>

namespace pgexpand::ops {

/// The statements by which a migration in views mode shows its new shape. They
/// call functions of the state schema; see state/version_functions.hpp.
class VersionSteps {
 public:
  VersionSteps(const Draft& draft, const Publication& publication);

  /// First in expand, and last on its way back.
  [[nodiscard]] sql::Statement note() const;
  [[nodiscard]] sql::Statement forget() const;
  /// The last step of switch.
  [[nodiscard]] plan::Step publish() const;
  /// First in contract: nothing may show what it drops.
  [[nodiscard]] sql::Statement retire() const;

  /// `version public_0007`, for titles.
  [[nodiscard]] std::string title() const;

 private:
  [[nodiscard]] sql::Statement call(const char* function) const;

  const Draft& draft_;
  const Publication& publication_;
  std::vector<sql::Identifier> bases_;
};

/// `<base>_<migration>`, in 63 bytes.
[[nodiscard]] std::string version_schema(const sql::Identifier& base,
                                         const std::string& migration);

}  // namespace pgexpand::ops
