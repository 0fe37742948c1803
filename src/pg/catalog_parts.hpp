#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/pg/session.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

// The parts of read_catalog(): each adds one kind of thing to the tables with
// one query, or two. All are asked together, and answered in the order of the
// questions.
namespace pgexpand::pg {

/// The tables being read, by oid, with what every part's query needs.
struct TablesInWork {
  Session& session;
  std::string oids;  ///< Parameter for $1::oid[].
  int version_num = 0;
  /// Schemas whose views are ours.
  std::string version_schemas;  ///< Parameter for text[].
  std::map<std::uint32_t, catalog::Table> tables;
  std::vector<std::function<void(const Result&)>> takers{};

  /// Queues a query; `take` gets its answer in answer().
  void ask(const sql::Statement& query,
           const std::vector<Value>& parameters,
           std::function<void(const Result&)> take);
  /// Sends all of them in one go.
  void answer();

  /// The table with this oid; asserts that it was asked for.
  [[nodiscard]] catalog::Table& at(std::uint32_t oid);
  /// `sql` if the server is at least `version_num`, else `otherwise`: columns
  /// that older catalogs do not have.
  [[nodiscard]] sql::Expression since(int version_num,
                                      const char* sql,
                                      const char* otherwise) const;
};

void read_tables(TablesInWork& work);
void read_columns(TablesInWork& work);
void read_dependents(TablesInWork& work);
/// Adds to the columns' dependents what hangs on the same column of a single
/// partition or child; its kind begins with "partition's ".
void read_dependents_of_partitions(TablesInWork& work);
void read_indexes(TablesInWork& work);
void read_constraints(TablesInWork& work);
void read_triggers(TablesInWork& work);
void read_statistics(TablesInWork& work);
void read_publications(TablesInWork& work);

/// Functions and triggers whose text may name one of `request.goes`.
void read_code(Session& session,
               const catalog::Request& request,
               catalog::Catalog& catalog);

/// Nothing where the role may not read the state schema, or it is missing.
void read_versions(Session& session,
                   const sql::Identifier& state_schema,
                   catalog::Catalog& catalog);
/// Takes the schemas of versions out: their views are no tables to migrate.
void leave_versions_out(const catalog::Catalog& catalog,
                        std::vector<std::string>& search_path);
/// What publishing a version needs, for the tables read and the search_path,
/// and the functions that could not use it.
void read_version_needs(Session& session,
                        const sql::Identifier& state_schema,
                        catalog::Catalog& catalog);

}  // namespace pgexpand::pg
