#include "pgexpand/report/json.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <variant>

namespace pgexpand::report {
namespace {

std::int64_t milliseconds_of(std::chrono::milliseconds value) {
  return value.count();
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json object(const char* type, const std::string& migration) {
  Json json;
  json["type"] = type;
  json["migration"] = migration;
  return json;
}

std::string severity_name(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::refusal:
      return "refusal";
    case Severity::warning:
      return "warning";
  }
  return "";
}

struct Encoder {
  Json operator()(const MigrationStarted& event) const {
    Json json = object("migration_started", event.id);
    json["description"] = event.description;
    json["resumed"] = event.resumed;
    return json;
  }
  Json operator()(const MigrationSkipped& event) const {
    Json json = object("migration_skipped", event.id);
    json["reason"] = event.reason;
    return json;
  }
  Json operator()(const PhaseStarted& event) const {
    Json json = object("phase_started", event.id);
    json["phase"] = plan::name(event.phase);
    return json;
  }
  Json operator()(const PhaseDone& event) const {
    Json json = object("phase_done", event.id);
    json["phase"] = plan::name(event.phase);
    json["took_ms"] = milliseconds_of(event.took);
    return json;
  }
  Json operator()(const StepStarted& event) const {
    Json json = object("step_started", event.id);
    json["step"] = event.step;
    json["title"] = event.title;
    return json;
  }
  Json operator()(const StepDone& event) const {
    Json json = object("step_done", event.id);
    json["step"] = event.step;
    json["took_ms"] = milliseconds_of(event.took);
    return json;
  }
  Json operator()(const StepUndone& event) const {
    Json json = object("step_undone", event.id);
    json["step"] = event.step;
    json["title"] = event.title;
    return json;
  }
  Json operator()(const Waiting& event) const {
    Json json = object("waiting", event.id);
    json["what"] = event.what;
    json["attempt"] = event.attempt;
    json["waited_ms"] = milliseconds_of(event.waited);
    json["blockers"] = Json::array();
    for (const Blocker& blocker : event.blockers) {
      Json one;
      one["pid"] = blocker.pid;
      one["application"] = blocker.application;
      one["state"] = blocker.state;
      one["transaction_age_ms"] = milliseconds_of(blocker.transaction_age);
      json["blockers"].push_back(std::move(one));
    }
    return json;
  }
  Json operator()(const LockHeld& event) const {
    Json json = object("lock_held", event.id);
    json["step"] = event.step;
    json["waited_ms"] = event.waited.count();
    json["held_ms"] = event.held.count();
    return json;
  }
  Json operator()(const Progress& event) const {
    Json json = object("progress", event.id);
    json["step"] = event.step;
    json["phase"] = plan::name(event.phase);
    json["rows"] = event.rows;
    json["blocks_done"] = event.blocks_done;
    json["blocks_total"] = event.blocks_total;
    json["rows_per_second"] = event.rows_per_second;
    json["eta_ms"] = event.eta ? Json(event.eta->count()) : Json(nullptr);
    json["eta_before_ms"] =
        event.eta_before ? Json(event.eta_before->count()) : Json(nullptr);
    json["wal_bytes"] = event.wal_bytes;
    json["hot_share"] = event.hot_share;
    json["quarantined"] = event.quarantined;
    json["workers"] = event.workers;
    json["waiting_for"] = text_or_null(event.waiting_for);
    return json;
  }
  Json operator()(const Warning& event) const {
    Json json = object("warning", event.id);
    json["code"] = event.code;
    json["message"] = event.message;
    json["hint"] = text_or_null(event.hint);
    return json;
  }
  Json operator()(const VerifyResult& event) const {
    Json json = object("verify_result", event.id);
    json["table"] = event.table;
    json["rows"] = event.rows;
    json["differences"] = event.differences;
    json["repaired"] = event.repaired;
    json["quarantined"] = event.quarantined;
    json["sample_keys"] = event.sample_keys;
    return json;
  }
  Json operator()(const StoppedBeforeSwitch& event) const {
    Json json = object("stopped_before_switch", event.id);
    json["because"] = event.because;
    return json;
  }
  Json operator()(const MigrationDone& event) const {
    Json json = object("migration_done", event.id);
    json["reached"] = plan::name(event.reached);
    json["took_ms"] = milliseconds_of(event.took);
    return json;
  }
  Json operator()(const RolledBack& event) const {
    Json json = object("rolled_back", event.id);
    json["stays"] = event.stays;
    return json;
  }
};

}  // namespace

std::string rfc3339(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest =
      std::chrono::duration_cast<std::chrono::milliseconds>(time - seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     rest.count());
}

std::string to_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const Event& event) { return std::visit(Encoder{}, event); }

Json to_json(const Diagnostic& finding) {
  Json json;
  json["severity"] = severity_name(finding.severity);
  json["code"] = finding.code;
  json["message"] = finding.message;
  json["hint"] = text_or_null(finding.hint);
  json["file"] = text_or_null(finding.where.file);
  json["line"] = finding.where.line;
  json["column"] = finding.where.column;
  return json;
}

Json to_json(const Diagnostics& findings) {
  Json json = Json::array();
  for (const Diagnostic& finding : findings.all()) {
    json.push_back(to_json(finding));
  }
  return json;
}

Json to_json(const Error& error) {
  Json json;
  json["kind"] = name(error.kind());
  json["code"] = error.code();
  json["message"] = error.message();
  json["detail"] = text_or_null(error.detail());
  json["hint"] = text_or_null(error.hint());
  json["sqlstate"] = text_or_null(error.sqlstate());
  return json;
}

}  // namespace pgexpand::report
