#pragma once

#include "pgexpand/report/event.hpp"
#include "pgexpand/report/style.hpp"

#include <chrono>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>

namespace pgexpand::report {

struct TextOptions {
  bool is_terminal = false;
  int width = 80;  ///< Of the terminal, in columns.
  Style style;
  std::function<std::chrono::steady_clock::time_point()> clock;
};

/// Writes events for people. On a terminal one line at the bottom is redrawn,
/// at most ten times a second, with progress, rate, time left and the reason
/// of any wait. Elsewhere there is a line every 30 s, and on each change.
/// A stream that broke (a closed pipe) is ignored.
class TextReporter : public Reporter {
 public:
  TextReporter(std::ostream& out, TextOptions options);
  ~TextReporter() override;
  void on(const Event& event) override;

 private:
  using Time = std::chrono::steady_clock::time_point;

  void write(const MigrationStarted& event);
  void write(const MigrationSkipped& event);
  void write(const PhaseStarted& event);
  void write(const PhaseDone& event);
  void write(const StepStarted& event);
  void write(const StepDone& event);
  void write(const StepUndone& event);
  void write(const Waiting& event);
  void write(const LockHeld& event);
  void write(const Progress& event);
  void write(const Warning& event);
  void write(const VerifyResult& event);
  void write(const StoppedBeforeSwitch& event);
  void write(const MigrationDone& event);
  void write(const RolledBack& event);

  /// A line that stays; the redrawn one is removed first.
  void line(const std::string& text);
  /// The redrawn line; on no terminal, nothing.
  void redraw(const std::string& text);
  void erase();
  /// True when `topic` changed, or was last said 30 s ago.
  [[nodiscard]] bool is_due(const std::string& topic);

  std::ostream& out_;
  TextOptions options_;
  std::map<std::string, std::string> titles_;  ///< Of the steps under way.
  std::optional<std::chrono::duration<double, std::milli>> held_;
  std::int64_t rows_ = 0;  ///< Of the step under way.
  std::string topic_;
  Time said_at_{};
  Time drawn_at_{};
  bool is_drawn_ = false;
};

}  // namespace pgexpand::report
