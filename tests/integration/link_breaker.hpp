#pragma once

#include "support/test_database.hpp"

#include <memory>
#include <string>
#include <thread>

namespace pgexpand::testing {

/// Ends backends of a pgexpand at work, once in each phase it is seen in, from
/// a thread of its own.
class LinkBreaker {
 public:
  enum class Victims { work, all };

  LinkBreaker(const TestDatabase& database, Victims victims);

  /// Returns in how many phases it struck.
  int stop();

 private:
  void watch(const std::stop_token& stop);

  std::unique_ptr<pg::Session> session_;
  std::string query_;
  int strikes_ = 0;
  std::jthread thread_;
};

}  // namespace pgexpand::testing
