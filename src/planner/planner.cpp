#include "pgexpand/planner/planner.hpp"

#include "pgexpand/catalog/change_json.hpp"
#include "pgexpand/ops/draft.hpp"
#include "pgexpand/ops/operation.hpp"
#include "pgexpand/ops/table_rules.hpp"
#include "pgexpand/sql/search_path.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::planner {

struct Drafting::Impl {
  const spec::MigrationSpec& spec;
  std::string state_schema;
  Versions versions;
  std::vector<std::unique_ptr<ops::Operation>> operations;
  ops::Shapes shapes;
  catalog::Catalog after;  ///< With what all operations make.
  std::vector<catalog::Change> changes;

  /// Finds out what all operations make of `catalog`, as far as `answers` tell.
  void project(const catalog::Catalog& catalog,
               const catalog::Answers& answers);
  [[nodiscard]] static std::string prefix(std::size_t n) {
    return fmt::format("operation{}.", n);
  }
};

void Drafting::Impl::project(const catalog::Catalog& catalog,
                             const catalog::Answers& answers) {
  changes.clear();
  after = catalog;
  for (std::size_t n = 0; n < operations.size(); ++n) {
    auto more =
        operations[n]->changes({catalog, shapes, answers, after}, prefix(n));
    after = catalog::after(std::move(after), more);
    changes.insert(changes.end(), more.begin(), more.end());
  }
  catalog::put_in_order(changes);
  after = catalog::after(catalog, changes);
}

Drafting::Drafting(const spec::MigrationSpec& spec,
                   std::string state_schema,
                   Diagnostics& findings,
                   Versions versions)
    : impl_(std::make_unique<Impl>(
          Impl{spec, std::move(state_schema), std::move(versions),
               ops::parse_operations(spec, findings), ops::Shapes(),
               catalog::Catalog(), std::vector<catalog::Change>()})) {}

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

namespace {

/// Of the settings that arrived, those that a value of the plan depends on.
sql::Settings settings_read(const catalog::Catalog& catalog,
                            const catalog::Answers& answers) {
  sql::Settings settings = catalog.settings;
  std::erase_if(settings, [&](const sql::Setting& setting) {
    return std::ranges::none_of(answers.expressions, [&](const auto& answer) {
      return answer.second.settings.contains(setting.name);
    });
  });
  return settings;
}

}  // namespace

catalog::Probes Drafting::probes(const catalog::Catalog& catalog,
                                 Diagnostics& findings) {
  catalog::Probes probes;
  impl_->shapes = ops::Shapes(impl_->versions.views);
  for (const auto& operation : impl_->operations) {
    operation->announce(catalog, impl_->shapes);
  }
  for (const auto& operation : impl_->operations) {
    operation->reshape(catalog, impl_->shapes, findings);
  }
  const catalog::Answers none;
  impl_->project(catalog, none);
  const ops::Situation situation{catalog, impl_->shapes, none, impl_->after};
  for (const auto& operation : impl_->operations) {
    operation->check(situation, findings);
  }
  if (findings.blocks()) {
    return probes;
  }
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
  impl_->project(catalog, answers);
  const ops::Situation situation{catalog, impl_->shapes, answers, impl_->after};
  std::optional<ops::Publication> publication;
  if (impl_->versions.views) {
    publication = ops::publication(catalog, impl_->versions.alias);
  }
  ops::Draft draft(impl_->spec.id, impl_->state_schema, publication);
  for (std::size_t n = 0; n < impl_->operations.size(); ++n) {
    draft.claims().begin(impl_->spec.operations.at(n).where);
    impl_->operations[n]->plan(situation, Impl::prefix(n), draft, findings);
  }
  draft.claims().report(findings);
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
                  .settings = catalog.settings,
                  .state_schema = impl_->state_schema};
  if (!ops::runs_users_code(draft, answers)) {
    plan.settings = sql::without_path(plan.settings);
  }
  draft.pin(settings_read(catalog, answers));
  draft.finish(catalog.user, plan);
  ops::surround_users_text(plan);
  plan.column_orders = ops::column_orders(draft, impl_->shapes, findings);
  if (const auto version = ops::published_version(draft)) {
    impl_->changes.emplace_back(catalog::VersionPublished{*version});
  }
  plan.leaves = catalog::to_json(impl_->changes);
  ops::check_plan(draft, plan, catalog, findings);
  ops::check_remnants(plan, catalog, impl_->spec.operations.front().where,
                      findings);
  if (findings.blocks()) {
    return std::nullopt;
  }
  plan.hazards = findings.all();
  return plan;
}

const std::vector<catalog::Change>& Drafting::changes() const {
  return impl_->changes;
}

}  // namespace pgexpand::planner
