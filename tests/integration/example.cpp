#include "example.hpp"

#include "places.hpp"
#include "support/leftovers.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace pgexpand::testing {
namespace {

std::string read_example(const std::string& name) {
  const std::string path = source_folder() / "migrations-examples" / name;
  std::ifstream file(path);
  if (!file) {
    throw std::runtime_error("no file " + path);
  }
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Several batches for the 3,000 rows of an example, and patience on a machine
// that has more to do.
const std::map<std::string, std::string> calm{{"PGEXPAND_PAUSE", "0ms"},
                                              {"PGEXPAND_BATCH_ROWS", "500"},
                                              {"PGEXPAND_LOCK_HOLD", "20s"}};

std::string with_rows(std::string setup, int rows) {
  const std::string whole = "generate_series(1, 3000)";
  const auto at = setup.find(whole);
  return at == std::string::npos
             ? setup
             : setup.replace(at, whole.size(),
                             fmt::format("generate_series(1, {})", rows));
}

std::string original_database(const ExampleOptions& options) {
  if (options.original == nullptr) {
    return "template1";
  }
  options.original->database().disconnect();
  return options.original->database().name();
}

constexpr const char* tables_query =
    "SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'p')"
    " AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname IN"
    " ('pgexpand', 'pg_catalog', 'information_schema')) ORDER BY relname";

constexpr const char* sequences_query =
    "SELECT sequencename || ': ' || coalesce(last_value::text, 'unused')"
    " FROM pg_sequences WHERE schemaname <> 'pgexpand' ORDER BY 1";

}  // namespace

Example::Example(const std::string& operation, const ExampleOptions& options)
    : id_(operation), database_(original_database(options)) {
  if (options.original == nullptr) {
    database_.exec(
        with_rows(read_example(operation + ".setup.sql"), options.rows));
  }
  if (!options.config.empty()) {
    line_.write("pgexpand.yaml", options.config);
  }
  line_.write("migrations/" + operation + ".yaml",
              read_example(operation + ".yaml"));
  line_.variables = calm;
  line_.variables["PGEXPAND_DSN"] = database_.dsn();
  for (const auto& [name, value] : options.variables) {
    line_.variables[name] = value;
  }
}

int Example::run(const std::vector<std::string>& words) {
  return line_.run(words);
}

int Example::apply(const std::string& through) {
  return run({"apply", id_, "--through", through});
}

int Example::contract() { return run({"contract", id_}); }

int Example::roll_back() { return run({"rollback", id_}); }

Process Example::spawn(const std::vector<std::string>& words) const {
  return spawn_build(shipped_program(), words, {});
}

Process Example::spawn_build(const std::string& program,
                             std::vector<std::string> words,
                             Environment environment) const {
  for (const auto& [name, value] : line_.variables) {
    environment.push_back(name + "=" + value);
  }
  environment.push_back("PGEXPAND_DIR=" +
                        (line_.folder() / "migrations").string());
  const auto config = line_.folder() / "pgexpand.yaml";
  if (std::filesystem::exists(config)) {
    words.insert(words.end(), {"--config", config.string()});
  }
  return testing::spawn_build(program, words, environment);
}

std::string Example::schema() const { return schema_dump(database_.dsn()); }

std::string Example::data() {
  std::string text;
  for (const auto& row : database_.query(tables_query).rows) {
    const std::string table = row.at(0).value();
    text += fmt::format(
        "{}: {}\n", table,
        database_
            .query_one("SELECT count(*) || ' rows, ' ||"
                       " coalesce(md5(string_agg(r::text, '\n' ORDER BY"
                       " r::text COLLATE \"C\")), '') FROM " +
                       table + " AS r")
            .value());
  }
  for (const auto& row : database_.query(sequences_query).rows) {
    text += row.at(0).value() + "\n";
  }
  return text;
}

std::string Example::leftovers() {
  return database_
      .query_one(fmt::format("SELECT coalesce(string_agg(line, E'\\n' ORDER BY"
                             " line), '') FROM ({}) AS found",
                             leftovers_query))
      .value();
}

bool Example::is_switched() {
  if (!database_.query_one("SELECT to_regclass('pgexpand.migration')")) {
    return false;
  }
  return database_.query_one(
             "SELECT count(*) FROM pgexpand.migration"
             " WHERE completed IN ('switch', 'contract')") == "1";
}

bool Example::keeps_data_after_rollback() {
  return database_.query_one(
             "SELECT json_array_length(plan::json -> 'stays_after_rollback')"
             " FROM pgexpand.migration") != "0";
}

}  // namespace pgexpand::testing
