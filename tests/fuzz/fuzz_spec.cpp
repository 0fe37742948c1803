// Bytes to a migration: whatever a file holds, there is a spec or a finding
// that says where it is wrong, and both can be shown.
#include "fuzz/target.hpp"
#include "pgexpand/ops/operation.hpp"
#include "pgexpand/report/json.hpp"
#include "pgexpand/report/print.hpp"
#include "pgexpand/spec/migration_spec.hpp"
#include "pgexpand/spec/settings.hpp"

#include <sstream>

namespace pgexpand::fuzz {
namespace {

void check_findings(const Diagnostics& findings) {
  for (const auto& finding : findings.all()) {
    check(!finding.code.empty(), "a finding has a code");
    check(!finding.message.empty(), "a finding says something", finding.code);
    check(is_valid_utf8(finding.message), "a message is UTF-8", finding.code);
    check(finding.where.line >= 0 && finding.where.column >= 0,
          "a place is in the file", finding.code);
  }
  std::ostringstream printed;
  report::print(findings, printed, {});
  const auto line = report::to_line(report::to_json(findings));
  check(line.find('\n') == std::string::npos, "a line of JSON is one line");
}

void check_spec(const spec::MigrationSpec& spec, std::string_view bytes) {
  check(!spec.hash.empty(), "a spec has a hash");
  Diagnostics again;
  const auto second = spec::parse(bytes, "fuzz.yaml", again);
  check(second && second->hash == spec.hash, "the same bytes, the same hash");
  Diagnostics findings;
  const auto operations = ops::parse_operations(spec, findings);
  check(findings.blocks() || operations.size() == spec.operations.size(),
        "an operation is understood or a finding");
  check_findings(findings);
  Diagnostics settings;
  static_cast<void>(spec::resolve({}, &spec, settings));
  check_findings(settings);
}

}  // namespace

void examine(std::string_view bytes) {
  Diagnostics findings;
  const auto spec = spec::parse(bytes, "fuzz.yaml", findings);
  check(spec.has_value() || findings.has_errors(),
        "what is no spec has a finding");
  check_findings(findings);
  if (spec) {
    check_spec(*spec, bytes);
  }
  Diagnostics in_config;
  static_cast<void>(spec::parse_config(bytes, "pgexpand.yaml", in_config));
  check_findings(in_config);
}

}  // namespace pgexpand::fuzz
