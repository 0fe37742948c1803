#include "exec/code_gate.hpp"

#include "pgexpand/pg/catalog_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::exec {
namespace {

catalog::Catalog read(const Job& job) {
  catalog::Request request;
  request.state_schema = sql::Identifier(job.plan.state_schema);
  for (const sql::ColumnName& name : job.plan.names_to_miss) {
    request.tables.push_back(name.table);
    request.goes.push_back(name);
  }
  return pg::read_catalog(job.session(), job.bench.arrival(), request);
}

}  // namespace

void check_no_code_names_what_goes(const Job& job) {
  if (job.options.force || job.plan.names_to_miss.empty()) {
    return;
  }
  const catalog::Catalog now = read(job);
  std::vector<std::string> lines;
  for (const sql::ColumnName& name : job.plan.names_to_miss) {
    for (const catalog::Code& code : now.code) {
      if (code.table == name.table &&
          catalog::mention(code, name.column) == catalog::Mention::by_name) {
        lines.push_back(fmt::format("{} of {}: {}", name.column.name(),
                                    name.table.display(),
                                    catalog::display(code)));
      }
    }
  }
  if (lines.empty()) {
    return;
  }
  throw Error(ErrorKind::refused, "contract.named-in-code",
              fmt::format("migration {} cannot be contracted: code of the "
                          "database still names what it would take away",
                          job.id))
      .detail(fmt::format("{}", fmt::join(lines, "\n")))
      .hint(fmt::format("replace it, or run pgexpand contract {} --force",
                        job.id));
}

}  // namespace pgexpand::exec
