#pragma once

#include "exec/job.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::exec::testing {

/// What the fake server's state tables hold; a ROLLBACK brings it back.
struct FakeTables {
  std::map<std::string, std::string> steps;  ///< Step to status.
  std::map<std::string, std::string> undo_done;
  std::optional<std::string> completed, running;
  std::string status = "in_progress";
  std::optional<std::string> verify_clean;
  bool paused = false;
  std::int64_t epoch = 1;
};

/// A session that records every statement, keeps the state tables in memory,
/// and fails on demand.
class FakeSession : public pg::Session {
 public:
  pg::Result run(const sql::Statement& statement) override {
    return run(statement, {});
  }
  pg::Result run(const sql::Statement& statement,
                 const std::vector<pg::Value>& parameters) override;

  bool in_transaction() const override {
    return before_.has_value() || has_failed();
  }
  bool is_open() const noexcept override { return open; }
  int server_version_num() const override { return 150'000; }
  int backend_pid() const override { return 7; }
  std::string backend_start() const override { return "then"; }
  std::vector<pg::Notice> take_notices() override { return {}; }
  void cancel() noexcept override { log.emplace_back("<cancel>"); }
  void shut_down() noexcept override { open = false; }

  /// The next `times` statements that contain `text` throw `error`.
  void fail_on(std::string text, const Error& error, int times = 1) {
    failures_.push_back({std::move(text), error, times});
  }
  /// Answers statements that contain `text`, instead of the fake's own answer.
  void answer(std::string text, std::function<pg::Result()> result) {
    answers_.emplace_back(std::move(text), std::move(result));
  }
  /// Where in the log the first statement that contains `text` is; -1: nowhere.
  [[nodiscard]] int find(std::string_view text, int from = 0) const;
  [[nodiscard]] int count(std::string_view text) const;
  /// How often exactly this statement was sent.
  [[nodiscard]] int sent(std::string_view statement) const;

  FakeTables tables;
  std::string plan_json;
  std::string id = "m1";
  bool open = true;
  std::vector<std::string> log;

 private:
  struct Failure {
    std::string text;
    Error error;
    int times;
  };
  void fail_if_asked(const std::string& text);
  void transact(const std::string& text);
  pg::Result state_answer(const std::string& text,
                          const std::vector<pg::Value>& parameters);
  pg::Result migration_row() const;
  pg::Result step_rows() const;

  std::optional<FakeTables> before_;
  std::vector<Failure> failures_;
  std::vector<std::pair<std::string, std::function<pg::Result()>>> answers_;
};

/// A bench whose time passes only by sleeping.
class FakeBench : public Workbench {
 public:
  pg::Session& work() override { return session; }
  std::shared_ptr<pg::Session> open_session() override {
    return {std::shared_ptr<void>(), &session};
  }
  const pg::Arrival& arrival() const override { return arrived; }
  bool lost() const noexcept override { return is_lost; }
  void recover(milliseconds /*patience*/) override {
    ++recoveries;
    is_lost = false;
    session.open = true;
    ++session.tables.epoch;
  }
  void watch(const Watch& watch, report::Reporter& /*reporter*/) override {
    watches.push_back(watch);
  }
  void unwatch() override {}
  TimePoint now() override { return time; }
  void sleep(milliseconds duration) override {
    time += duration;
    slept += duration;
  }

  FakeSession session;
  pg::Arrival arrived;
  bool is_lost = false;
  int recoveries = 0;
  std::vector<Watch> watches;
  TimePoint time{};
  milliseconds slept{0};
};

class FakeReporter : public report::Reporter {
 public:
  void on(const report::Event& event) override { events.push_back(event); }
  template <typename T>
  [[nodiscard]] std::vector<T> all() const {
    std::vector<T> found;
    for (const auto& event : events) {
      if (const auto* one = std::get_if<T>(&event)) {
        found.push_back(*one);
      }
    }
    return found;
  }
  std::vector<report::Event> events;
};

/// A transactional step that runs the one statement `text`.
[[nodiscard]] plan::Step step(const std::string& id,
                              plan::Phase phase,
                              const std::string& text);
[[nodiscard]] plan::Undo undo(const std::string& text);
[[nodiscard]] Error server_error(ErrorKind kind, const std::string& sqlstate);

}  // namespace pgexpand::exec::testing
