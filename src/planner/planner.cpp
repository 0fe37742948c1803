#include "pgexpand/planner/planner.hpp"

#include "pgexpand/ops/draft.hpp"
#include "pgexpand/ops/operation.hpp"
#include "pgexpand/ops/table_rules.hpp"

#include <fmt/format.h>

namespace pgexpand::planner {

struct Drafting::Impl {
  const spec::MigrationSpec& spec;
  std::string state_schema;
  Versions versions;
  std::vector<std::unique_ptr<ops::Operation>> operations;
  ops::Shapes shapes;

  [[nodiscard]] static std::string prefix(std::size_t n) {
    return fmt::format("operation{}.", n);
  }
};

Drafting::Drafting(const spec::MigrationSpec& spec,
                   std::string state_schema,
                   Diagnostics& findings,
                   Versions versions)
    : impl_(std::make_unique<Impl>(
          Impl{spec, std::move(state_schema), std::move(versions),
               ops::parse_operations(spec, findings), ops::Shapes()})) {}

Drafting::~Drafting() = default;
Drafting::Drafting(Drafting&&) noexcept = default;

catalog::Request Drafting::request() const {
  catalog::Request request;
  for (const auto& operation : impl_->operations) {
    operation->request(request);
  }
  request.state_schema = sql::Identifier(impl_->state_schema);
  return request;
}

catalog::Probes Drafting::probes(const catalog::Catalog& catalog,
                                 Diagnostics& findings) {
  catalog::Probes probes;
  impl_->shapes = ops::Shapes(impl_->versions.views);
  for (const auto& operation : impl_->operations) {
    operation->reshape(catalog, impl_->shapes, findings);
  }
  if (findings.blocks()) {
    return probes;
  }
  const catalog::Answers none;
  const ops::Situation situation{catalog, impl_->shapes, none};
  for (std::size_t n = 0; n < impl_->operations.size(); ++n) {
    impl_->operations[n]->probe(situation, Impl::prefix(n), probes);
  }
  return probes;
}

std::optional<plan::Plan> Drafting::finish(const catalog::Catalog& catalog,
                                           const catalog::Answers& answers,
                                           Diagnostics& findings) {
  if (findings.blocks()) {
    return std::nullopt;
  }
  const ops::Situation situation{catalog, impl_->shapes, answers};
  std::optional<ops::Publication> publication;
  if (impl_->versions.views) {
    publication = ops::publication(catalog, impl_->versions.alias);
  }
  ops::Draft draft(impl_->spec.id, impl_->state_schema, publication);
  for (std::size_t n = 0; n < impl_->operations.size(); ++n) {
    draft.begin(impl_->spec.operations.at(n).where);
    impl_->operations[n]->plan(situation, Impl::prefix(n), draft, findings);
  }
  draft.report_repeats(findings);
  if (!findings.blocks()) {
    ops::carry_moves(situation, draft, findings);
    ops::check_tables(draft, catalog, findings);
    ops::check_versions(draft, catalog, impl_->spec.operations.front().where,
                        findings);
  }
  if (findings.blocks()) {
    return std::nullopt;
  }
  plan::Plan plan{.id = impl_->spec.id,
                  .description = impl_->spec.description,
                  .spec_hash = impl_->spec.hash,
                  .depends_on = impl_->spec.depends_on,
                  .search_path = catalog.search_path,
                  .state_schema = impl_->state_schema};
  draft.finish(catalog.user, plan);
  ops::check_plan(draft, plan, catalog, findings);
  if (findings.blocks()) {
    return std::nullopt;
  }
  plan.hazards = findings.all();
  return plan;
}

}  // namespace pgexpand::planner
