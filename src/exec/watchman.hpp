#pragma once

#include "exec/workbench.hpp"
#include "pgexpand/exec/executor.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace pgexpand::exec {

/// Keeps a lease alive from a thread of its own, and watches the work session:
/// reports who blocks it, cancels it on signals, and shuts it down when the
/// lease is lost or its link carries nothing any more.
class Watchman {
 public:
  struct Rhythm {
    milliseconds heartbeat, silence;  ///< As in Runner::Options.
  };

  /// `control` has the open transaction that is the lease. `connect` is for a
  /// connection that looks around, opened at the first long wait.
  Watchman(std::unique_ptr<pg::Session> control,
           std::unique_ptr<pg::Transaction> lease,
           pg::ConnectOptions connect,
           pg::Session& work,
           const StopRequest& stop,
           Rhythm rhythm);
  /// Ends the thread, then the lease.
  ~Watchman();
  Watchman(const Watchman&) = delete;
  Watchman& operator=(const Watchman&) = delete;

  void watch(const Watch& watch, report::Reporter& reporter);
  void unwatch();
  /// Watches, cancels and shuts down `session`, too, as long as it is there.
  void join(const std::shared_ptr<pg::Session>& session);
  [[nodiscard]] bool lost() const noexcept { return lost_; }

 private:
  using Clock = std::chrono::steady_clock;

  /// A watch that is on, with what was told about it.
  struct Post {
    Watch watch;
    report::Reporter* reporter = nullptr;
    Clock::time_point since;
    Clock::time_point next_look;
    Clock::time_point next_report;
    std::vector<int> reported_pids;
  };

  void loop();
  void beat();
  void obey_signals();
  void enforce_limit();
  void look_who_blocks();
  void listen();
  void ask_observer(const std::function<void(pg::Session&)>& question) noexcept;
  void report_wait(const std::vector<report::Blocker>& blockers);
  void lose() noexcept;
  /// Of all sessions. Under mutex_.
  void cancel_all() noexcept;
  /// The work session and those that joined it. Under mutex_.
  [[nodiscard]] std::vector<std::shared_ptr<pg::Session>> sessions();

  std::unique_ptr<pg::Session> control_;
  std::unique_ptr<pg::Transaction> lease_;
  pg::ConnectOptions connect_;
  std::unique_ptr<pg::Session> observer_;
  pg::Session& work_;
  int work_pid_;
  const StopRequest& stop_;
  Rhythm rhythm_;
  std::atomic<bool> lost_{false};
  Clock::time_point next_beat_;
  Clock::time_point next_cancel_{};
  Clock::time_point next_listen_{};

  std::mutex mutex_;  ///< Guards what follows, and orders cancels.
  std::condition_variable wake_;
  bool ends_ = false;
  std::optional<Post> post_;
  std::uint64_t post_number_ = 0;
  std::vector<std::weak_ptr<pg::Session>> joined_;

  std::thread thread_;  ///< Last: starts when all else is there.
};

}  // namespace pgexpand::exec
