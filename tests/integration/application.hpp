#pragma once

#include "support/test_database.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

namespace pgexpand::testing {

/// An application beside the test: each statement again and again on a
/// connection of its own, every few milliseconds, with the longest time of each
/// remembered.
class Application {
 public:
  using milliseconds = std::chrono::milliseconds;

  Application(const TestDatabase& database,
              const std::vector<std::string>& statements) {
    for (const std::string& statement : statements) {
      threads_.emplace_back([this, session = database.application(),
                             statement] { work(*session, statement); });
    }
  }
  ~Application() { stop(); }
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  void stop() {
    ends_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  /// The longest time that any statement took so far.
  [[nodiscard]] milliseconds longest() const {
    return milliseconds(longest_.load());
  }
  [[nodiscard]] int statements() const { return statements_; }
  [[nodiscard]] int failures() const { return failures_; }

 private:
  void work(pg::Session& session, const std::string& statement) {
    using Clock = std::chrono::steady_clock;
    while (!ends_) {
      const auto start = Clock::now();
      try {
        session.run(sql::Statement::verbatim(statement));
      } catch (const Error&) {
        ++failures_;
      }
      const auto took =
          std::chrono::duration_cast<milliseconds>(Clock::now() - start);
      auto longest = longest_.load();
      while (took.count() > longest &&
             !longest_.compare_exchange_weak(longest, took.count())) {
      }
      ++statements_;
      std::this_thread::sleep_for(milliseconds(3));
    }
  }

  std::atomic<bool> ends_ = false;
  std::atomic<milliseconds::rep> longest_ = 0;
  std::atomic<int> statements_ = 0, failures_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace pgexpand::testing
