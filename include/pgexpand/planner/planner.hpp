#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/catalog/change.hpp"
#include "pgexpand/catalog/probe.hpp"
#include "pgexpand/plan/plan.hpp"
#include "pgexpand/spec/migration_spec.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::planner {

/// How new code gets to see the new shape; the settings of that name.
struct Versions {
  bool views = false;  ///< Through a schema of views, published at switch.
  std::string alias;   ///< A second name for the newest one; empty: none.
};

/// A plan on its way: the spec understood, the server's answers still missing.
///
///   Drafting drafting(spec, "pgexpand", findings);   // parses the operations
///   catalog = pg::read_catalog(session, arrival, drafting.request());
///   probes = drafting.probes(catalog, findings);
///   answers = pg::ask(session, catalog, probes);
///   plan = drafting.finish(catalog, answers, findings);
///
/// Pure: the caller does the asking. Any blocking finding means no plan.
class Drafting {
 public:
  Drafting(const spec::MigrationSpec& spec,
           std::string state_schema,
           Diagnostics& findings,
           Versions versions = {});
  ~Drafting();
  Drafting(Drafting&&) noexcept;

  [[nodiscard]] catalog::Request request() const;
  [[nodiscard]] catalog::Probes probes(const catalog::Catalog& catalog,
                                       Diagnostics& findings);
  [[nodiscard]] std::optional<plan::Plan> finish(
      const catalog::Catalog& catalog,
      const catalog::Answers& answers,
      Diagnostics& findings);
  /// What contract leaves of the catalog that finish() made a plan for, but for
  /// what `sql` texts make: only the server knows that.
  [[nodiscard]] const std::vector<catalog::Change>& changes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgexpand::planner
