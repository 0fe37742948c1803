#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/catalog/change.hpp"
#include "pgexpand/catalog/probe.hpp"
#include "pgexpand/ops/field_row.hpp"
#include "pgexpand/ops/shape.hpp"
#include "pgexpand/spec/migration_spec.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::ops {

class Draft;

/// What an operation may read while it plans.
struct Situation {
  const catalog::Catalog& catalog;
  const Shapes& shapes;             ///< Every table after the migration.
  const catalog::Answers& answers;  ///< Empty until the server was asked.
  /// What all operations of the file make of `catalog`. Until the server was
  /// asked a new type is the user's text, without an OID.
  const catalog::Catalog& after;
};

/// One operation from a migration file, with its arguments parsed.
///
/// All methods are pure: no connection, no clock, no log, same answer every
/// time. That is what makes a plan reviewable before it runs. They are called
/// in the order they stand here, each on all operations before the next.
class Operation {
 public:
  Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  virtual ~Operation() = default;

  /// Names the tables and indexes it must know of.
  virtual void request(catalog::Request& request) const = 0;
  /// Says ahead what other operations on the same column have to know.
  virtual void announce(const catalog::Catalog& /*catalog*/,
                        Shapes& /*shapes*/) const {}
  /// Says what it does to the columns' names and types; finds the table, and
  /// what is there already.
  virtual void reshape(const catalog::Catalog& catalog,
                       Shapes& shapes,
                       Diagnostics& findings) const = 0;
  /// Says what it makes of the catalog, in names of the new shape; see
  /// catalog::put_in_order(). `situation.after` is what the operations before
  /// it make. Called before and after the server was asked, and also if
  /// reshape() found an error.
  [[nodiscard]] virtual std::vector<catalog::Change> changes(
      const Situation& situation, const std::string& prefix) const = 0;
  /// Finds what is there neither today nor after all operations.
  virtual void check(const Situation& /*situation*/,
                     Diagnostics& /*findings*/) const {}
  /// Asks what only the server can say. Keys must be unique in the migration:
  /// take them from `prefix`.
  virtual void probe(const Situation& situation,
                     const std::string& prefix,
                     catalog::Probes& probes) const = 0;
  /// Reports what makes it impossible or unsafe here, and adds its pieces.
  /// If a blocking finding is added, the pieces do not matter.
  virtual void plan(const Situation& situation,
                    const std::string& prefix,
                    Draft& draft,
                    Diagnostics& findings) const = 0;
};

/// What the registry knows about one operation.
struct OperationType {
  std::string_view name;     ///< The YAML key. Never changes once released.
  std::string_view summary;  ///< One line for docs and `pgexpand new`.
  std::span<const FieldRow> fields;  ///< All that parse() asks for.

  /// Returns null if the fields are unusable; `findings` then says why.
  std::unique_ptr<Operation> (*parse)(spec::Fields& fields,
                                      Diagnostics& findings);
};

/// Every operation there is, in the order of operations.def.
[[nodiscard]] const std::vector<const OperationType*>& all_operations();

/// Understands all operations of a spec; findings for unknown kinds (with
/// did-you-mean) and bad fields. The offline half of lint.
[[nodiscard]] std::vector<std::unique_ptr<Operation>> parse_operations(
    const spec::MigrationSpec& spec, Diagnostics& findings);

}  // namespace pgexpand::ops
