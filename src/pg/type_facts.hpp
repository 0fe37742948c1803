#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/pg/session.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace pgexpand::pg {

/// What pg_type says about a type, whatever the modifier and collation.
struct TypeFacts {
  catalog::Type type;             ///< name: without modifier; modifier: -1.
  std::uint32_t element_oid = 0;  ///< Arrays only, under all domains.
  std::uint32_t element_base_oid = 0;  ///< The element under its domains.
  bool is_enum = false;
};

/// Facts for each of `oids`, by oid; one query.
[[nodiscard]] std::map<std::uint32_t, TypeFacts> read_type_facts(
    Session& session, const std::vector<std::uint32_t>& oids);

/// The facts of one type with a column's modifier, spelling and collation.
[[nodiscard]] catalog::Type make_type(const TypeFacts& facts,
                                      std::int32_t modifier,
                                      sql::TypeName name,
                                      bool collation_is_deterministic);

}  // namespace pgexpand::pg
