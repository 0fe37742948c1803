#pragma once

#include "cli/environment.hpp"
#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/pg/session.hpp"
#include "pgexpand/report/json.hpp"
#include "pgexpand/report/style.hpp"
#include "pgexpand/spec/settings.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::cli {

/// The options every command takes, as they were typed.
struct Globals {
  std::string dsn;
  std::string environment;
  std::string config;
  std::string output = "text";
  std::string color = "auto";
  bool verbose = false;
  bool show_data = false;
  std::map<std::string, spec::SettingValue> settings;  ///< Flags, by key.
};

/// Where the connection string came from. `text` may hold a secret.
struct Dsn {
  std::string text;  ///< Empty: libpq's own defaults.
  std::string source;
};

/// One run of one command: the options, what they and the configuration mean,
/// and the answer so far.
class Invocation {
 public:
  explicit Invocation(Environment& environment) : environment_(environment) {}

  Globals globals;
  /// Keys of the JSON answer beside the usual ones.
  report::Json body = report::Json::object();
  /// The answer is the last of many lines.
  bool is_stream = false;

  [[nodiscard]] Environment& environment() const { return environment_; }
  [[nodiscard]] std::ostream& out() const { return environment_.out; }
  [[nodiscard]] std::ostream& err() const { return environment_.err; }
  [[nodiscard]] bool json() const { return globals.output == "json"; }
  [[nodiscard]] report::Style out_style() const;
  [[nodiscard]] report::Style err_style() const;

  /// pgexpand.yaml, read at first use. Throws Error(usage) when it is bad.
  const spec::ConfigFile& config();
  /// The settings that hold for no spec in particular.
  const spec::Settings& settings();
  /// The settings for one migration.
  [[nodiscard]] spec::Settings settings_for(const spec::MigrationSpec* spec);
  /// The settings with the source of each, by key.
  [[nodiscard]] std::map<std::string, spec::SettingValue> sources();
  [[nodiscard]] Dsn dsn();
  [[nodiscard]] pg::ConnectOptions connect_options(bool read_only);

  /// The folder of the specs: relative to pgexpand.yaml when that says so.
  [[nodiscard]] std::filesystem::path spec_folder();
  [[nodiscard]] std::string spec_folder_shown();
  /// A path as a person would type it: relative, if it is below the folder.
  [[nodiscard]] std::string as_typed(const std::filesystem::path& path) const;

  /// Shows what a connection warns of, those of the first one.
  void warn_of_connection(const std::vector<std::string>& warnings);
  /// Prints findings, or keeps them for the JSON answer.
  void show(const Diagnostics& findings);
  /// The same, then throws Error(invalid_spec) or Error(refused) if any
  /// blocks.
  void show_and_stop(const Diagnostics& findings);
  [[nodiscard]] const Diagnostics& shown() const { return shown_; }

  /// Where the events of a run go.
  [[nodiscard]] std::unique_ptr<report::Reporter> make_reporter() const;

 private:
  void read_config();
  void show_bad_settings(const Diagnostics& findings);
  [[nodiscard]] spec::SettingLayers layers();
  [[nodiscard]] std::string chosen_environment() const;
  [[nodiscard]] report::Style style(bool is_terminal) const;

  Environment& environment_;
  std::optional<spec::ConfigFile> config_;
  std::optional<spec::Settings> settings_;
  Diagnostics shown_;
  bool has_warned_ = false;  ///< Of the connection.
};

/// `text` of a file, or nullopt when it cannot be read.
[[nodiscard]] std::optional<std::string> read_file(
    const std::filesystem::path& path);

}  // namespace pgexpand::cli
