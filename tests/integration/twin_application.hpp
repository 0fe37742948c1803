#pragma once

#include "support/test_database.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace pgexpand::testing {

/// What an application may do to its rows.
struct Habits {
  /// What its UPDATEs and upserts write; key changes come besides.
  std::vector<std::string> columns{"status", "amount", "note"};
  bool writes_null = true;  ///< Into status and note.
};

/// An application that makes every change twice in one transaction: in
/// public.orders, which is migrated meanwhile, and in public.twin, which nobody
/// else touches. Both need the columns id (key), tag, status, amount and note.
/// What it does follows from the seed; when, from the machine.
///
/// Its connections take their rows in the order of the key, so they never
/// deadlock each other: any error they meet is somebody else's doing.
class TwinApplication {
 public:
  enum Kind {
    update,
    update_range,
    insert,
    remove,
    rekey,
    upsert,
    copy,
    kinds
  };
  static constexpr int connections = 4;

  /// Starts at once. `rows`: ids 1 to that many are there.
  TwinApplication(const TestDatabase& database,
                  unsigned seed,
                  int rows,
                  Habits habits = {});
  ~TwinApplication();
  TwinApplication(const TwinApplication&) = delete;
  TwinApplication& operator=(const TwinApplication&) = delete;

  /// Waits for that many further transactions, or an error.
  void await(int transactions);
  void stop();
  /// The first errors, a line each; empty if there were none.
  [[nodiscard]] std::string errors();
  [[nodiscard]] int transactions() const { return transactions_; }
  /// Changes of that kind that met a row.
  [[nodiscard]] int changes(Kind kind) const { return changes_.at(kind); }

 private:
  /// One connection: its own dice, and keys that only it gives out.
  struct Clerk {
    std::unique_ptr<pg::Session> session;
    std::mt19937 dice;
    long next_key = 0;
    bool is_slow = false;

    int roll(int sides) {
      return std::uniform_int_distribution<int>(0, sides - 1)(dice);
    }
    void say(const std::string& sql) {
      session->run(sql::Statement::verbatim(sql));
    }
  };

  void work(const std::stop_token& stop, Clerk& clerk);
  void transact(Clerk& clerk);
  void change(Clerk& clerk, Kind kind, long key);
  /// `pattern` with {} for the table; the twin's turn comes only if the first
  /// met rows, and must meet as many.
  void twice(Clerk& clerk, Kind kind, const std::string& pattern);
  void change_range(Clerk& clerk, long key);
  void expect_same(Kind kind, std::size_t there, std::size_t here);
  [[nodiscard]] std::string assignments(Clerk& clerk) const;
  [[nodiscard]] std::string value_for(Clerk& clerk,
                                      const std::string& column) const;
  void note(const std::string& error);

  int rows_;
  Habits habits_;
  std::atomic<int> transactions_ = 0;
  std::array<std::atomic<int>, kinds> changes_{};
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  std::vector<std::string> errors_;
  std::vector<Clerk> clerks_;
  std::vector<std::jthread> threads_;
};

}  // namespace pgexpand::testing
