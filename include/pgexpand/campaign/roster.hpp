#pragma once

#include "pgexpand/spec/migration_spec.hpp"
#include "pgexpand/state/store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pgexpand::campaign {

/// Where a migration stands, in an operator's words.
enum class Standing {
  pending,           ///< Not started, or rolled back.
  interrupted,       ///< Started; apply goes on from where it is.
  waits_for_switch,  ///< Verified; its switch is visible, so a person decides.
  switched,          ///< Contract is all that is left.
  contracting,       ///< Contract began and was interrupted.
  contracted,        ///< Done for good.
  paused,            ///< Only resume goes on.
  rolling_back,      ///< Rollback began and was interrupted.
};
/// "pending", "waits_for_switch" …, as in JSON.
[[nodiscard]] std::string_view name(Standing standing) noexcept;

/// One migration, from its file and from the database.
struct Known {
  std::string id;
  const spec::MigrationSpec* spec = nullptr;  ///< Null: there is no file.
  const state::Migration* stored = nullptr;   ///< Null: never started.

  [[nodiscard]] Standing standing() const;
  /// Between expand and contract, so its tables are not free.
  [[nodiscard]] bool is_under_way() const;
  /// Switch is complete: what depends on it may run.
  [[nodiscard]] bool is_switched() const;
  /// Started, and its file says something else now.
  [[nodiscard]] bool spec_changed() const;
  /// Started, not contracted, and its file is gone.
  [[nodiscard]] bool file_missing() const;
  [[nodiscard]] std::vector<std::string> depends_on() const;
  /// Why a migration that is under way cannot go on with its stored plan, and
  /// what to do; empty: it can, or it is not under way.
  [[nodiscard]] std::string plan_problem() const;
  /// What to type next; empty when nothing is left to do.
  [[nodiscard]] std::string next_command() const;
};

/// Every migration there is, by id.
class Roster {
 public:
  Roster(std::vector<spec::MigrationSpec> specs,
         std::vector<state::Migration> stored);
  Roster(const Roster&) = delete;
  Roster& operator=(const Roster&) = delete;

  [[nodiscard]] const std::vector<Known>& all() const { return known_; }
  [[nodiscard]] const Known* find(const std::string& id) const;
  /// Throws Error(usage) with did-you-mean when there is none.
  [[nodiscard]] const Known& get(const std::string& id) const;
  /// The named ones with all they depend on; all of them when `ids` is empty.
  /// In order of id, but each after what it depends on.
  [[nodiscard]] std::vector<const Known*> in_order(
      const std::vector<std::string>& ids) const;
  /// Takes over what the database says now.
  void update(std::vector<state::Migration> stored);

 private:
  void join();

  std::vector<spec::MigrationSpec> specs_;
  std::vector<state::Migration> stored_;
  std::vector<Known> known_;
};

/// What differs between the spec a migration was started with and its file
/// now: the first lines that do.
[[nodiscard]] std::string spec_difference(const std::string& stored_text,
                                          const std::string& text_now);

}  // namespace pgexpand::campaign
