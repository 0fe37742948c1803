#include "pgexpand/planner/planner.hpp"

#include "pgexpand/ops/draft.hpp"
#include "pgexpand/ops/operation.hpp"
#include "pgexpand/ops/table_rules.hpp"

#include <fmt/format.h>

namespace pgexpand::planner {

struct Drafting::Impl {
  const spec::MigrationSpec& spec;
  std::string state_schema;
  std::vector<std::unique_ptr<ops::Operation>> operations;
  ops::Shapes shapes;

  [[nodiscard]] static std::string prefix(std::size_t n) {
    return fmt::format("operation{}.", n);
  }
};

Drafting::Drafting(const spec::MigrationSpec& spec,
                   std::string state_schema,
                   Diagnostics& findings)
    : impl_(std::make_unique<Impl>(Impl{spec,
                                        std::move(state_schema),
                                        ops::parse_operations(spec, findings),
                                        {}})) {}

Drafting::~Drafting() = default;
Drafting::Drafting(Drafting&&) noexcept = default;

catalog::Request Drafting::request() const {
  catalog::Request request;
  for (const auto& operation : impl_->operations) {
    operation->request(request);
  }
  return request;
}

catalog::Probes Drafting::probes(const catalog::Catalog& catalog,
                                 Diagnostics& findings) {
  catalog::Probes probes;
  impl_->shapes = {};
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
  ops::Draft draft(impl_->spec.id, impl_->state_schema);
  for (std::size_t n = 0; n < impl_->operations.size(); ++n) {
    draft.begin(impl_->spec.operations.at(n).where);
    impl_->operations[n]->plan(situation, Impl::prefix(n), draft, findings);
  }
  draft.report_repeats(findings);
  if (!findings.blocks()) {
    ops::carry_moves(situation, draft, findings);
    ops::check_tables(draft, catalog, findings);
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
