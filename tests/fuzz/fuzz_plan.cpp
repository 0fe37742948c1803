// A migration to its plan to SQL. The bytes up to the first 0xFF are the file,
// the rest draws the database; if they begin with 0x01, all of them draw both.
#include "fuzz/draw_catalog.hpp"
#include "fuzz/draw_migration.hpp"
#include "fuzz/fuzz_server.hpp"
#include "fuzz/plan_check.hpp"
#include "fuzz/target.hpp"
#include "pgexpand/planner/planner.hpp"
#include "pgexpand/report/plan_view.hpp"

#include <cstdio>
#include <cstdlib>

namespace pgexpand::fuzz {
namespace {

std::optional<plan::Plan> plan_of(const spec::MigrationSpec& spec,
                                  const catalog::Catalog& catalog,
                                  Input input) {
  Diagnostics findings;
  const bool has_views = input.one_in(3);
  planner::Versions versions{.views = has_views};
  if (has_views && input.one_in(4)) {
    versions.alias = draw_name(input);
  }
  const std::string state = input.one_in(8) ? draw_name(input) : "pgexpand";
  planner::Drafting drafting(spec, state, findings, versions);
  if (findings.blocks()) {
    return std::nullopt;
  }
  static_cast<void>(drafting.request());
  const auto probes = drafting.probes(catalog, findings);
  if (findings.blocks()) {
    return std::nullopt;
  }
  return drafting.finish(catalog, answer(input, probes), findings);
}

void show(const std::string& text) {
  if (std::getenv("PGEXPAND_FUZZ_SHOW") != nullptr) {
    std::printf("%s\n", text.c_str());
  }
}

}  // namespace

void examine(std::string_view bytes) {
  const auto end = bytes.find('\xFF');
  const bool is_drawn = bytes.starts_with('\x01');
  Input input(is_drawn ? bytes.substr(1)
                       : bytes.substr(std::min(bytes.size(), end)));
  const auto catalog = draw_catalog(input);
  const std::string text = is_drawn ? draw_migration(input, catalog)
                                    : std::string(bytes.substr(0, end));
  show(text);
  Diagnostics findings;
  const auto spec = spec::parse(text, "20260101_fuzz.yaml", findings);
  if (!spec || findings.blocks()) {
    check(!is_drawn || findings.has_errors(), "no spec without a finding");
    return;
  }
  const auto plan = plan_of(*spec, catalog, input);
  if (!plan) {
    return;
  }
  show(plan::to_json(*plan));
  if (bytes.size() % 8 == 0) {  // it takes as long again
    check(plan_of(*spec, catalog, input) == plan, "the same plan every time");
  }
  check_plan(*plan, catalog);
  const auto stored = plan::to_json(*plan);
  check(plan::from_json(stored) == *plan, "a stored plan reads back", stored);
  static_cast<void>(report::plan_text(*plan, {}, {.sql = true}));
  static_cast<void>(report::to_line(report::plan_json(*plan, {})));
}

}  // namespace pgexpand::fuzz
