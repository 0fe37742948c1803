#include "pgexpand/report/text_reporter.hpp"

#include "pgexpand/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <utility>
#include <variant>

namespace pgexpand::report {
namespace {

using namespace std::chrono_literals;

constexpr auto redraw_pause = 100ms;
constexpr auto repeat_after = 30s;
constexpr int bar_cells = 20;

double share_done(const Progress& event) {
  if (event.blocks_total <= 0) {
    return 1.0;
  }
  const double share = static_cast<double>(event.blocks_done) /
                       static_cast<double>(event.blocks_total);
  return std::clamp(share, 0.0, 1.0);
}

std::string bar(double share) {
  const int full = static_cast<int>(share * bar_cells);
  return fmt::format(
      "[{}{}]", std::string(static_cast<std::size_t>(full), '#'),
      std::string(static_cast<std::size_t>(bar_cells - full), '.'));
}

/// `42 %, 840,000 rows, 12,300 rows/s, ETA 3 min 12 s`, and why it waits.
std::string numbers(const Progress& event) {
  std::string text = fmt::format(
      "{:.0f} %, {} rows, {} rows/s", 100 * share_done(event),
      human_count(event.rows),
      human_count(static_cast<std::int64_t>(event.rows_per_second)));
  if (event.eta) {
    text += fmt::format(", ETA {}", human_duration(*event.eta));
  }
  if (event.eta && event.eta_before) {
    text += fmt::format(" (10 min ago: {})", human_duration(*event.eta_before));
  }
  if (event.quarantined > 0) {
    text += fmt::format(", {} in quarantine", human_count(event.quarantined));
  }
  if (!event.waiting_for.empty()) {
    text += fmt::format(", waiting: {}", event.waiting_for);
  }
  return text;
}

std::string describe(const Blocker& blocker) {
  if (blocker.pid == 0) {
    return fmt::format("prepared transaction {}, open for {}",
                       blocker.application,
                       human_duration(blocker.transaction_age));
  }
  const std::string application =
      blocker.application.empty() ? "no application name" : blocker.application;
  return fmt::format("pid {} ({}, {}, transaction open for {})", blocker.pid,
                     application, blocker.state,
                     human_duration(blocker.transaction_age));
}

std::string describe(const Waiting& event) {
  std::string text = fmt::format("waiting for {}", event.what);
  if (event.attempt > 0) {
    text += fmt::format(", attempt {}", event.attempt);
  }
  text += fmt::format(", {} so far", human_duration(event.waited));
  for (const Blocker& blocker : event.blockers) {
    text += fmt::format("; in the way: {}", describe(blocker));
  }
  return text;
}

/// What must change for a wait to be worth a new line.
std::string topic_of(const Waiting& event) {
  std::string topic = event.what;
  for (const Blocker& blocker : event.blockers) {
    topic += fmt::format(" {}/{}", blocker.pid, blocker.application);
  }
  return topic;
}

/// The first `width` characters of `text`.
std::string cut(const std::string& text, int width) {
  int characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool continues =
        (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U;
    if (!continues && ++characters > width) {
      return text.substr(0, i);
    }
  }
  return text;
}

}  // namespace

TextReporter::TextReporter(std::ostream& out, TextOptions options)
    : out_(out), options_(std::move(options)) {}

TextReporter::~TextReporter() { erase(); }

void TextReporter::on(const Event& event) {
  std::visit([this](const auto& one) { write(one); }, event);
}

void TextReporter::write(const MigrationStarted& event) {
  std::string text = fmt::format("{}: {}", options_.style.bold(event.id),
                                 event.resumed ? "continued" : "started");
  if (!event.description.empty()) {
    text += fmt::format(" ({})", event.description);
  }
  line(text);
}

/// The command's answer says it.
void TextReporter::write(const MigrationSkipped& /*event*/) {}

void TextReporter::write(const PhaseStarted& event) {
  line(fmt::format(" {}", plan::name(event.phase)));
}

void TextReporter::write(const PhaseDone& event) {
  line(fmt::format(" {} done in {}", plan::name(event.phase),
                   human_duration(event.took)));
}

void TextReporter::write(const StepStarted& event) {
  titles_[event.step] = event.title;
  rows_ = 0;
  topic_.clear();
  said_at_ = options_.clock();
  if (options_.is_terminal) {
    drawn_at_ = {};
    redraw(fmt::format("  {} ...", event.title));
  } else {
    line(fmt::format("  {} ...", event.title));
  }
}

void TextReporter::write(const StepDone& event) {
  const auto found = titles_.find(event.step);
  const std::string title = found == titles_.end() ? event.step : found->second;
  const std::string rows =
      rows_ > 0 ? fmt::format("{} rows, ", human_count(rows_)) : "";
  const std::string locked =
      held_ ? fmt::format(", locked {:.1f} ms", held_->count()) : "";
  line(fmt::format("  {} {} ({}{}{})", title, options_.style.green("done"),
                   rows, human_duration(event.took), locked));
  titles_.erase(event.step);
  rows_ = 0;
  held_.reset();
}

void TextReporter::write(const LockHeld& event) { held_ = event.held; }

void TextReporter::write(const StepUndone& event) {
  line(fmt::format("  {} {}", event.title, options_.style.green("done")));
}

void TextReporter::write(const Waiting& event) {
  const std::string text = "  " + describe(event);
  if (is_due(topic_of(event))) {
    line(options_.style.yellow(text));
  } else {
    redraw(text);
  }
}

void TextReporter::write(const Progress& event) {
  rows_ = event.rows;
  if (options_.is_terminal) {
    redraw(fmt::format("  {} {}", bar(share_done(event)), numbers(event)));
    return;
  }
  if (is_due(event.waiting_for)) {
    line(fmt::format("  {}: {}", plan::name(event.phase), numbers(event)));
  }
}

void TextReporter::write(const Warning& event) {
  line(fmt::format(
      "{}: {}", options_.style.yellow(fmt::format("warning[{}]", event.code)),
      event.message));
  if (!event.hint.empty()) {
    line(fmt::format("  HINT:  {}", event.hint));
  }
}

void TextReporter::write(const VerifyResult& event) {
  std::string text = fmt::format(
      "  {}: {} rows compared, {} differ", event.table, human_count(event.rows),
      event.differences == 0 ? "none" : human_count(event.differences));
  if (event.repaired > 0) {
    text += fmt::format(", {} repaired", human_count(event.repaired));
  }
  if (event.quarantined > 0) {
    text += fmt::format(", {} in quarantine", human_count(event.quarantined));
  }
  line(event.differences > 0 ? options_.style.red(text) : text);
  if (!event.sample_keys.empty()) {
    line(fmt::format("    for example {}", fmt::join(event.sample_keys, ", ")));
  }
}

void TextReporter::write(const StoppedBeforeSwitch& event) {
  line(fmt::format("{}: stopped before switch, which running code can notice:",
                   options_.style.bold(event.id)));
  for (const std::string& reason : event.because) {
    line(fmt::format("  {}", reason));
  }
}

void TextReporter::write(const MigrationDone& event) {
  line(fmt::format("{}: {} complete, {}", options_.style.bold(event.id),
                   plan::name(event.reached), human_duration(event.took)));
}

void TextReporter::write(const RolledBack& event) {
  line(fmt::format("{}: rolled back", options_.style.bold(event.id)));
  for (const std::string& what : event.stays) {
    line(fmt::format("  stays: {}", what));
  }
}

void TextReporter::line(const std::string& text) {
  erase();
  out_ << text << '\n' << std::flush;
}

void TextReporter::redraw(const std::string& text) {
  if (!options_.is_terminal) {
    return;
  }
  const Time now = options_.clock();
  if (drawn_at_ != Time{} && now - drawn_at_ < redraw_pause) {
    return;
  }
  drawn_at_ = now;
  is_drawn_ = true;
  out_ << "\r\x1b[2K" << cut(text, options_.width - 1) << std::flush;
}

void TextReporter::erase() {
  if (is_drawn_) {
    out_ << "\r\x1b[2K" << std::flush;
    is_drawn_ = false;
  }
}

bool TextReporter::is_due(const std::string& topic) {
  const Time now = options_.clock();
  if (topic == topic_ && now - said_at_ < repeat_after) {
    return false;
  }
  topic_ = topic;
  said_at_ = now;
  return true;
}

}  // namespace pgexpand::report
