#pragma once

#include "chaos/journal.hpp"
#include "chaos/link.hpp"

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <thread>

namespace pgexpand::chaos {

/// Samples which statements of the application wait behind pgexpand, and for
/// how long, by the server's clock. Waits behind others, behind a commit that
/// waits for the standby, and for the server itself do not count.
///
/// A wait that is seen is at least as long as it is told here: it began before
/// the first sample and ended after the last. A limit is exceeded only by what
/// remains without the longest time that the sampler itself was kept waiting,
/// for that long the server's timeouts may have been kept waiting, too.
class WaitWatch {
 public:
  WaitWatch(std::string dsn, Journal& journal);

  /// The longest wait so far.
  [[nodiscard]] std::chrono::milliseconds longest() const {
    return std::chrono::milliseconds(longest_);
  }
  void stop() { thread_ = {}; }

 private:
  /// One statement's wait behind one kind of blocker.
  struct Wait {
    long first_ms = 0;
    long last_ms = 0;
    long longest_gap_ms = 0;
    long last_sample = 0;
    std::string what;
    bool is_told = false;
  };

  void loop(const std::stop_token& stop);
  void sample(Link& link);
  void see(const std::string& statement,
           bool is_queued,
           long now_ms,
           const std::string& what);

  std::string dsn_;
  Journal& journal_;
  std::map<std::pair<std::string, bool>, Wait> waits_;
  std::atomic<long> longest_{0};
  long sample_ = 0;  ///< Counts them.
  long last_sample_ms_ = 0;
  long gap_ms_ = 0;
  std::jthread thread_;  ///< Last: starts when all else is there.
};

}  // namespace pgexpand::chaos
