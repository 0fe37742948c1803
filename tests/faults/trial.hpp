#pragma once

#include "integration/example.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace pgexpand::testing {

/// The n-th time that a run comes by a fault point.
struct Moment {
  std::string point;
  int count = 1;

  [[nodiscard]] std::string fault(const std::string& action) const;
};

/// A run of the program with faults.
struct TracedRun {
  int exit_code = 0;  ///< 128 + n after signal n.
  std::string err;
  std::vector<Moment> moments;  ///< In order.
  bool was_struck = false;
};

/// The program with faults at work on `example`. `fault` is as in
/// PGEXPAND_FAULT; empty: none.
class Victim {
 public:
  Victim(const Example& example,
         const std::vector<std::string>& words,
         const std::string& fault);
  ~Victim();
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;

  /// Waits for its end.
  [[nodiscard]] TracedRun wait();
  /// Waits until a `sleep` has stopped it. False if it ended instead.
  [[nodiscard]] bool await_sleep();
  void wake();
  /// Waits until a fault has struck, whatever became of the program.
  void await_strike() const;

 private:
  std::string trace_;
  Process process_;
};

[[nodiscard]] TracedRun run_faulty(const Example& example,
                                   const std::vector<std::string>& words,
                                   const std::string& fault = {});

/// What a database looks like from outside.
struct Picture {
  std::string schema, data, leftovers;

  friend bool operator==(const Picture&, const Picture&) = default;
  friend void PrintTo(const Picture& picture, std::ostream* to);
};

/// Once no backend of ours is at work any more: one may have outlived its
/// client by a moment.
[[nodiscard]] Picture picture_of(Example& example);

/// Steps that were recorded done twice, and records that a finished migration
/// must not have; empty: all is well.
[[nodiscard]] std::string wrong_records(Example& example);

/// True if PGEXPAND_FAULT_FORM is `full`.
[[nodiscard]] bool is_full_form();

}  // namespace pgexpand::testing
