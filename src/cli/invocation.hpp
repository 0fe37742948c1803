#pragma once

#include "cli/environment.hpp"
#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/campaign/target.hpp"
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
class Invocation final : public campaign::Target {
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
  const spec::Settings& settings() override;
  /// The settings for one migration.
  [[nodiscard]] spec::Settings settings_for(
      const spec::MigrationSpec* spec) override;
  /// The settings with the source of each, by key.
  [[nodiscard]] std::map<std::string, spec::SettingValue> sources();
  [[nodiscard]] Dsn dsn();
  [[nodiscard]] pg::ConnectOptions connect_options(bool read_only) override;

  /// The folder of the specs: relative to pgexpand.yaml when that says so.
  [[nodiscard]] std::filesystem::path spec_folder() override;
  [[nodiscard]] std::string spec_folder_shown();
  /// A path as a person would type it: relative, if it is below the folder.
  [[nodiscard]] std::string as_typed(const std::filesystem::path& path) const;

  /// Shows what a connection warns of, those of the first one.
  void warn_of_connection(const std::vector<std::string>& warnings) override;
  /// Prints findings, or keeps them for the JSON answer.
  void show(const Diagnostics& findings) override;
  [[nodiscard]] const Diagnostics& shown() const { return shown_; }

  [[nodiscard]] exec::StopRequest& stop() const override {
    return environment_.stop;
  }
  /// From here on the JSON answer is a stream that ends with all outcomes.
  [[nodiscard]] std::unique_ptr<report::Reporter> begin_run() override;
  /// One line on stdout, or one entry of `migrations` in the JSON answer. An
  /// error is told by whoever catches it.
  void conclude(const campaign::Known& known,
                campaign::Outcome outcome,
                const std::string& reason) override;

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
