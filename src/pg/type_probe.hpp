#pragma once

#include "pgexpand/catalog/probe.hpp"
#include "pgexpand/pg/session.hpp"

#include <map>
#include <string>
#include <utility>

namespace pgexpand::pg {

/// Finds out what type texts mean; remembers the answers.
class TypeResolver {
 public:
  TypeResolver(Session& session, const catalog::Catalog& catalog)
      : session_(session), catalog_(catalog) {}

  /// The answer to `probe`; user text is looked up with the arrival path.
  [[nodiscard]] catalog::TypeAnswer resolve(const catalog::TypeProbe& probe,
                                            bool is_user_type = true);

 private:
  [[nodiscard]] catalog::TypeAnswer ask(const catalog::TypeProbe& probe,
                                        bool is_user_type);

  Session& session_;
  const catalog::Catalog& catalog_;
  std::map<std::pair<std::string, bool>, catalog::TypeAnswer> known_;
};

/// The full facts of a type by oid and modifier.
[[nodiscard]] catalog::Type read_type(Session& session,
                                      std::uint32_t oid,
                                      std::int32_t modifier,
                                      bool collation_is_deterministic = true);

}  // namespace pgexpand::pg
