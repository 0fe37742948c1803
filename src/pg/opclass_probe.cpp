#include "pg/opclass_probe.hpp"

#include "pg/probe_transaction.hpp"
#include "pg/row_cursor.hpp"

#include <fmt/format.h>

namespace pgexpand::pg {
namespace {

// All of that name. The one that is meant comes first; of the others, one of
// the index's method does.
constexpr const char* named_so = R"(
SELECT n.nspname, o.opcname, am.amname,
       am.amname = $2 AND CASE WHEN $3 = ''
         THEN pg_catalog.pg_opclass_is_visible(o.oid) ELSE n.nspname = $3 END
FROM pg_catalog.pg_opclass o
JOIN pg_catalog.pg_am am ON am.oid = o.opcmethod
JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace
WHERE o.opcname = $1
ORDER BY 4 DESC, am.amname = $2 DESC, 3, 1
LIMIT 1)";

std::string hint_of(const catalog::OpclassProbe& probe,
                    const sql::TableName& other,
                    const std::string& method) {
  return method == probe.method
             ? fmt::format("there is {}: write it with its schema",
                           other.display())
             : fmt::format("{} is for indexes with `method: {}`",
                           other.display(), method);
}

}  // namespace

catalog::OpclassAnswer ask_opclass(Session& session,
                                   const catalog::Catalog& catalog,
                                   const catalog::OpclassProbe& probe) {
  ProbeTransaction transaction(session, catalog);
  transaction.use_arrival_path();
  const Result found = session.run(
      sql::Statement::verbatim(named_so),
      {probe.name.name.name(), probe.method, probe.name.schema.name()});
  std::string hint = "check its name and its schema; an extension may bring it";
  if (!found.rows.empty()) {
    RowCursor cursor(found.rows.front());
    const sql::TableName name = cursor.relation();
    const std::string method = cursor.text();
    if (cursor.boolean()) {
      return {.finding = {}, .name = name.quoted()};
    }
    hint = hint_of(probe, name, method);
  }
  return {.finding = Diagnostic{.severity = Severity::error,
                                .code = "index.unknown-opclass",
                                .message = fmt::format(
                                    "operator class {} does not exist for "
                                    "indexes of method {}",
                                    probe.name.display(), probe.method),
                                .hint = std::move(hint),
                                .where = probe.where},
          .name = {}};
}

}  // namespace pgexpand::pg
