#include "pg/expression_probe.hpp"
#include "pg/key_probe.hpp"
#include "pg/round_trip.hpp"
#include "pg/type_probe.hpp"
#include "pgexpand/pg/catalog_reader.hpp"

namespace pgexpand::pg {

catalog::Answers ask(Session& session,
                     const catalog::Catalog& catalog,
                     const catalog::Probes& probes) {
  TypeResolver types(session, catalog);
  catalog::Answers answers;
  for (const auto& [key, probe] : probes.types) {
    answers.types.emplace(key, types.resolve(probe));
  }
  for (const auto& [key, probe] : probes.expressions) {
    answers.expressions.emplace(key,
                                ask_expression(session, catalog, types, probe));
  }
  for (const auto& [key, probe] : probes.keys) {
    answers.keys.emplace(key, ask_key(session, catalog, types, probe));
  }
  for (const auto& [key, probe] : probes.round_trips) {
    if (const auto found =
            try_round_trip(session, catalog, probes, answers, probe)) {
      answers.round_trips.emplace(key, *found);
    }
  }
  return answers;
}

}  // namespace pgexpand::pg
