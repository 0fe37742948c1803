#pragma once

#include "pgexpand/pg/session.hpp"
#include "pgexpand/report/event.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace pgexpand::exec {

using std::chrono::milliseconds;

/// What to do while the work session runs something long.
struct Watch {
  std::string migration;
  std::string what;             ///< As in report::Waiting: "old transactions".
  bool cancel_on_stop = false;  ///< The first signal cancels it.
  std::optional<milliseconds> limit;  ///< After it the socket is shut.
};

/// The runner as a run sees it: its session, its lease, its clock. A fake in
/// unit tests.
class Workbench {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Workbench() = default;
  Workbench(const Workbench&) = delete;
  Workbench& operator=(const Workbench&) = delete;
  virtual ~Workbench() = default;

  /// Throws Error(connection) while there is none.
  [[nodiscard]] virtual pg::Session& work() = 0;
  /// A further session, ended by whoever takes over, cancelled and shut down
  /// together with work(). Any thread.
  [[nodiscard]] virtual std::shared_ptr<pg::Session> open_session() = 0;
  [[nodiscard]] virtual const pg::Arrival& arrival() const = 0;
  [[nodiscard]] virtual bool lost() const noexcept = 0;
  /// See Runner::recover.
  virtual void recover(milliseconds patience) = 0;

  /// From now on, until unwatch(), waits of the work session are reported.
  virtual void watch(const Watch& watch, report::Reporter& reporter) = 0;
  /// No cancel is on its way any more when this returns.
  virtual void unwatch() = 0;

  [[nodiscard]] virtual TimePoint now() = 0;
  /// Returns early on a stop request or a lost lease.
  virtual void sleep(milliseconds duration) = 0;
};

/// watch() for a scope.
class Watching {
 public:
  Watching(Workbench& bench, const Watch& watch, report::Reporter& reporter)
      : bench_(bench) {
    bench_.watch(watch, reporter);
  }
  ~Watching() { bench_.unwatch(); }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

 private:
  Workbench& bench_;
};

}  // namespace pgexpand::exec
