#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/campaign/roster.hpp"
#include "pgexpand/exec/executor.hpp"
#include "pgexpand/pg/session.hpp"
#include "pgexpand/report/event.hpp"
#include "pgexpand/spec/migration_spec.hpp"
#include "pgexpand/spec/settings.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::campaign {

/// What a run did with one migration.
enum class Outcome {
  reached,                ///< Its goal.
  stopped_before_switch,  ///< The switch is visible: a person decides.
  unchanged,              ///< It was there already.
  left,                   ///< It could not run now; the reason says why.
  rolled_back,
  softened,     ///< Nobody may use the older versions.
  restored,     ///< They may be used again.
  interrupted,  ///< Somebody asked to stop.
  failed,
};
/// "reached", "stopped_before_switch" …, as in JSON.
[[nodiscard]] std::string_view name(Outcome outcome) noexcept;

/// One database to migrate: how to reach it, the specs and settings that hold
/// for it, and who hears what is found and done. The command line is one.
class Target {
 public:
  Target() = default;
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  virtual ~Target() = default;

  [[nodiscard]] virtual pg::ConnectOptions connect_options(bool read_only) = 0;
  /// The settings that hold for no spec in particular.
  [[nodiscard]] virtual const spec::Settings& settings() = 0;
  /// The settings for one migration; null: for none in particular.
  [[nodiscard]] virtual spec::Settings settings_for(
      const spec::MigrationSpec* spec) = 0;
  [[nodiscard]] virtual std::filesystem::path spec_folder() = 0;
  [[nodiscard]] virtual exec::StopRequest& stop() const = 0;

  /// Shows what a connection warns of.
  virtual void warn_of_connection(const std::vector<std::string>& warnings) = 0;
  virtual void show(const Diagnostics& findings) = 0;
  /// Shows them, then throws Error(invalid_spec) or Error(refused) if any
  /// blocks.
  void show_and_stop(const Diagnostics& findings);

  /// A run begins. Returns where its events go.
  [[nodiscard]] virtual std::unique_ptr<report::Reporter> begin_run() = 0;
  /// `reason` is the error's message after a failure, and may be empty
  /// otherwise.
  virtual void conclude(const Known& known,
                        Outcome outcome,
                        const std::string& reason) = 0;
};

}  // namespace pgexpand::campaign
