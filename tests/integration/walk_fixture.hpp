#pragma once

#include "pgexpand/backfill/engine.hpp"
#include "pgexpand/state/store.hpp"
#include "support/test_database.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pgexpand::testing {

using std::chrono::milliseconds;

/// Keeps what a walk said.
class ProgressRecorder : public report::Reporter {
 public:
  void on(const report::Event& event) override {
    if (const auto* progress = std::get_if<report::Progress>(&event)) {
      all.push_back(*progress);
    }
    if (const auto* warning = std::get_if<report::Warning>(&event)) {
      warnings.push_back(warning->message);
    }
  }
  [[nodiscard]] std::string waiting_for() const {
    return all.empty() ? std::string() : all.back().waiting_for;
  }

  std::vector<report::Progress> all;
  std::vector<std::string> warnings;
};

/// A table public.orders with a new column `fresh` that must become
/// upper(status), and a started migration "m" with its sync trigger.
class WalkTest : public ::testing::Test {
 protected:
  WalkTest() {
    store_.ensure();
    pg::Transaction transaction(*session_, {});
    store_.start({.id = "m", .state_schema = "pgexpand"}, "", std::nullopt);
    transaction.commit();
  }

  void make_table(int rows) {
    database_.exec(
        "CREATE TABLE public.orders (id bigint PRIMARY KEY, status text,"
        " amount int NOT NULL DEFAULT 1, note text, fresh text);"
        "INSERT INTO public.orders (id, status, note) SELECT g, 's' || g % 7,"
        " repeat('n', 60) FROM generate_series(1, " +
        std::to_string(rows) +
        ") AS g;"
        "CREATE INDEX ON public.orders (status);");
    analyze();
  }

  void analyze() { database_.exec("VACUUM ANALYZE public.orders"); }

  void make_sync_trigger() {
    database_.exec(
        "CREATE FUNCTION public.sync() RETURNS trigger LANGUAGE plpgsql AS $$"
        "BEGIN NEW.fresh := upper(NEW.status); RETURN NEW; END$$;"
        "CREATE TRIGGER \"~sync\" BEFORE INSERT OR UPDATE ON public.orders"
        " FOR EACH ROW WHEN (coalesce(current_setting('pgexpand.mode', true),"
        " '') <> 'backfill') EXECUTE FUNCTION public.sync();"
        "ALTER TABLE public.orders ENABLE ALWAYS TRIGGER \"~sync\"");
  }

  /// As the backfill does: without the sync trigger.
  void exec_unsynced(const std::string& sql) {
    database_.exec("SET pgexpand.mode = 'backfill'; " + sql);
  }

  [[nodiscard]] plan::BackfillRows fill_by(const std::string& up) const {
    return {.table = table_,
            .assign = {{sql::Identifier("fresh"), {up}}},
            .pending = {"t.fresh IS DISTINCT FROM " + up},
            .key = {sql::Identifier("id")}};
  }
  [[nodiscard]] plan::BackfillRows plain_fill() const {
    return fill_by("upper(t.status)");
  }

  [[nodiscard]] backfill::Walk walk(const std::string& step = "fill") {
    return {.migration = "m",
            .step = step,
            .epoch = epoch_,
            .state_schema = sql::Identifier("pgexpand"),
            .session = *session_,
            .reporter = reporter_,
            .should_stop = [this] { return stop_; },
            .sleep = [this](milliseconds time) { between_batches(time); },
            .open_session = [this]() -> std::shared_ptr<pg::Session> {
              return database_.session();
            }};
  }

  backfill::FillResult fill(const plan::BackfillRows& action) {
    return backfill::fill(action, walk(), pace_);
  }

  void between_batches(milliseconds time) {
    ++sleeps_;
    if (on_sleep_) {
      on_sleep_(time);
    }
  }

  /// Once, in the `count`-th pause.
  void in_pause(int count, std::function<void()> action) {
    on_sleep_ = [this, count, action = std::move(action)](milliseconds) {
      if (sleeps_ == count) {
        action();
      }
    };
  }

  [[nodiscard]] std::string count(const std::string& condition) {
    return database_
        .query_one("SELECT count(*) FROM public.orders AS t WHERE " + condition)
        .value_or("");
  }
  [[nodiscard]] std::string unfilled() {
    return count("fresh IS DISTINCT FROM upper(status)");
  }
  [[nodiscard]] state::Progress progress(const std::string& step = "fill") {
    for (const auto& each : store_.progress("m")) {
      if (each.step == step) {
        return each;
      }
    }
    return {};
  }
  [[nodiscard]] std::vector<std::string> quarantined_keys() {
    std::vector<std::string> keys;
    for (const auto& row : store_.quarantine("m", 100)) {
      keys.push_back(row.sqlstate + " " + row.key);
    }
    return keys;
  }

  const sql::TableName table_{sql::Identifier("public"),
                              sql::Identifier("orders")};
  TestDatabase database_;
  std::unique_ptr<pg::Session> session_ = database_.session();
  state::Store store_{*session_, sql::Identifier("pgexpand")};
  ProgressRecorder reporter_;
  std::int64_t epoch_ = 1;
  bool stop_ = false;
  int sleeps_ = 0;
  std::function<void(milliseconds)> on_sleep_;
  backfill::Pace pace_{.batch_rows = 500,
                       .batch_target = milliseconds(10'000),
                       .pause = milliseconds(1),
                       .lock_timeout = milliseconds(50)};
};

}  // namespace pgexpand::testing
