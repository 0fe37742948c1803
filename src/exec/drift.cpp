#include "exec/drift.hpp"

#include "exec/lost_tables.hpp"
#include "exec/stamp.hpp"
#include "pgexpand/base/fault.hpp"
#include "pgexpand/pg/catalog_reader.hpp"
#include "pgexpand/sql/own_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace pgexpand::exec {
namespace {

using Lines = std::vector<std::string>;

bool is_word_character(char character) {
  return std::isalnum(static_cast<unsigned char>(character)) != 0 ||
         character == '_' || static_cast<unsigned char>(character) >= 0x80;
}

bool mentions(std::string_view line, std::string_view word) {
  for (auto at = line.find(word); at != std::string_view::npos;
       at = line.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !is_word_character(line[at - 1])) &&
        (end == line.size() || !is_word_character(line[end]))) {
      return true;
    }
  }
  return false;
}

bool mentions_any(std::string_view line,
                  const std::vector<std::string>& names) {
  return std::ranges::any_of(
      names, [&](const std::string& name) { return mentions(line, name); });
}

/// The line tells of a sync trigger of the migration, or of one that a version
/// made of it for one writer.
bool is_of_sync(const plan::Plan& plan, std::string_view line) {
  return std::ranges::any_of(plan.own, [&](const sql::Identifier& name) {
    const auto is_told = [&](const sql::Identifier& trigger) {
      return mentions(line, trigger.name());
    };
    return sql::is_sync_trigger_name(name) &&
           (is_told(name) ||
            std::ranges::any_of(sql::version_trigger_names(name), is_told));
  });
}

/// What the migration built beside the users' things, or another did: it comes
/// and goes with their steps.
bool is_of_migrations(const plan::Plan& plan,
                      const Lines& others,
                      std::string_view line) {
  return mentions_any(line, others) ||
         std::ranges::any_of(plan.own, [&](const sql::Identifier& name) {
           return mentions(line, name.name());
         });
}

/// Somebody's trigger that fires after the sync trigger may change what that
/// one has read.
bool fires_last(const plan::Plan& plan, std::string_view line) {
  constexpr std::string_view begin = "trigger \"";
  const auto has = [&](std::string_view text) {
    return line.find(text) != std::string_view::npos;
  };
  return line.starts_with(begin) &&
         line.substr(begin.size()) > sql::sync_trigger_name(plan.id).name() &&
         has("\" BEFORE ") && has(" FOR EACH ROW ") && !has("\" enabled D ");
}

bool is_touched(const plan::Plan& plan, std::string_view line) {
  return std::ranges::any_of(plan.tables, [&](const auto& table) {
    const std::string prefix = table.name.display() + ": ";
    if (!line.starts_with(prefix)) {
      return false;
    }
    const auto rest = line.substr(prefix.size());
    return is_of_sync(plan, rest) || fires_last(plan, rest) ||
           std::ranges::any_of(table.columns, [&](const auto& column) {
             return mentions(rest, column.name());
           });
  });
}

/// Something of this migration's was taken away or changed: what it promises
/// would not hold.
bool is_own(const plan::Plan& plan, const std::string& line) {
  return line.starts_with("- ") && is_of_sync(plan, line);
}

void add_missing(const plan::Plan& plan,
                 const Lines& others,
                 const Lines& from,
                 const Lines& in,
                 std::string_view sign,
                 Drift& drift) {
  for (const std::string& line : from) {
    if (std::ranges::find(in, line) != in.end()) {
      continue;
    }
    if (is_touched(plan, line)) {
      drift.touched.push_back(fmt::format("{} {}", sign, line));
    } else if (!is_of_migrations(plan, others, line)) {
      drift.other.push_back(fmt::format("{} {}", sign, line));
    }
  }
}

Error changed(const Job& job, const Drift& drift) {
  return Error(
             ErrorKind::refused, "drift.changed",
             fmt::format("somebody changed what migration {} works on", job.id))
      .detail(fmt::format("{}", fmt::join(drift.touched, "\n")));
}

/// Whatever was accepted: without these nothing keeps rows right.
void refuse_own(const Job& job, const Drift& drift) {
  const bool is_any = std::ranges::any_of(
      drift.touched,
      [&](const std::string& line) { return is_own(job.plan, line); });
  if (is_any) {
    throw changed(job, drift)
        .hint(fmt::format("change it back, or run `pgexpand rollback {} "
                          "--accept-drift` and begin again",
                          job.id));
  }
}

}  // namespace

Lines read_fingerprint(const Job& job) {
  if (job.plan.tables.empty()) {
    return {};
  }
  catalog::Request request;
  request.state_schema = sql::Identifier(job.plan.state_schema);
  for (const auto& table : job.plan.tables) {
    request.tables.push_back(table.name);
  }
  const catalog::Catalog now =
      pg::read_catalog(job.session(), job.bench.arrival(), request);
  Lines lines;
  for (const auto& planned : job.plan.tables) {
    if (const auto* table = now.table(planned.name)) {
      for (const std::string& line : catalog::fingerprint(*table)) {
        lines.push_back(fmt::format("{}: {}", planned.name.display(), line));
      }
    }
  }
  return lines;
}

Drift compare_fingerprints(const plan::Plan& plan,
                           const Lines& others,
                           const Lines& before,
                           const Lines& now) {
  Drift drift;
  add_missing(plan, others, before, now, "-", drift);
  add_missing(plan, others, now, before, "+", drift);
  return drift;
}

namespace {

sql::Expression own_stamp(const Job& job) {
  return stamp_of(job.plan.tables, job.session().server_version_num());
}

std::string as_json(const Drift& drift) {
  return nlohmann::json{{"touched", drift.touched}, {"other", drift.other}}
      .dump();
}

void warn_of_others(Job& job, const Drift& drift) {
  if (!drift.other.empty()) {
    job.reporter.on(report::Warning{
        .id = job.id,
        .code = "drift.other",
        .message = fmt::format("a table of migration {} changed meanwhile: {}",
                               job.id, fmt::join(drift.other, "; ")),
        .hint = ""});
  }
}

/// A phase of ours ended, and before anybody read how it left the tables
/// somebody changed them: only the rows of the catalog tell what.
Drift drift_of_rows(Job& job, const state::CatalogStamp& stamp) {
  return {.touched = describe_changes(job.session(), stamp.stored, stamp.now),
          .other = {}};
}

Drift drift_since(Job& job,
                  const state::CatalogStamp& stamp,
                  const Lines& before,
                  const Lines& now) {
  if (stamp.is_due) {
    return stamp.stored == stamp.now ? Drift{} : drift_of_rows(job, stamp);
  }
  return compare_fingerprints(job.plan, job.store().names_of_others(job.id),
                              before, now);
}

}  // namespace

std::optional<Survey> look_for_drift(Job& job) {
  if (job.plan.tables.empty()) {
    return std::nullopt;
  }
  pg::Transaction transaction(job.session(), {});
  job.session().queue(sql::Statement::of(
      "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"));
  state::Store store = job.store();
  const state::CatalogStamp stamp = store.stamp(job.id, own_stamp(job));
  Survey survey{.stamp = stamp.now};
  if (!stamp.is_due && stamp.stored == stamp.now) {
    return survey;
  }
  check_lost_tables(job);
  const Lines now = read_fingerprint(job);
  const Lines before = store.fingerprint(job.id);
  survey.fingerprint = now;
  if (before.empty()) {
    return survey;
  }
  const Drift drift = drift_since(job, stamp, before, now);
  refuse_own(job, drift);
  if (!drift.touched.empty() && !job.options.accept_drift) {
    throw changed(job, drift)
        .hint("change it back, or run the same command with --accept-drift");
  }
  warn_of_others(job, drift);
  if (!drift.touched.empty() || !drift.other.empty()) {
    survey.accepted = as_json(drift);
  }
  return survey;
}

void record_survey(Job& job, state::Store& store, const Survey& survey) {
  if (survey.fingerprint) {
    store.set_fingerprint(job.id, *survey.fingerprint, survey.stamp);
  }
  if (!survey.accepted.empty()) {
    job.note("drift_accepted", survey.accepted);
  }
}

sql::Statement check_stamp(const Job& job, const Survey& survey) {
  return sql::Statement::of(
      "SELECT CASE WHEN {} IS DISTINCT FROM {}::text[] THEN {}.refuse({}) END",
      own_stamp(job), sql::Literal{survey.stamp}, job.schema,
      sql::Literal{state::refusal::changed});
}

void note_stamp(Job& job, state::Store& store) {
  if (!job.plan.tables.empty()) {
    store.note_stamp(job.id, own_stamp(job));
  }
}

void settle_fingerprint(Job& job) {
  if (job.plan.tables.empty()) {
    return;
  }
  Lines now;
  state::CatalogStamp stamp;
  {
    pg::Transaction transaction(job.session(), {});
    job.session().queue(sql::Statement::of(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"));
    stamp = job.store().stamp(job.id, own_stamp(job));
    if (!stamp.is_due || stamp.stored != stamp.now) {
      return;
    }
    reach(FaultPoint::fingerprint_due);
    now = read_fingerprint(job);
  }
  // A function's text is what it is now, whatever the snapshot: so ask again.
  job.record([&](state::Store& store) {
    if (store.stamp(job.id, own_stamp(job)).now == stamp.now) {
      store.set_fingerprint(job.id, now, stamp.now);
    }
  });
}

void check_continued(Job& job, state::Store& store, plan::Phase phase) {
  check_lost_tables(job);
  const bool is_walk =
      phase == plan::Phase::backfill || phase == plan::Phase::verify;
  const Lines before = store.fingerprint(job.id);
  if (!is_walk || before.empty()) {
    return;
  }
  Drift drift =
      compare_fingerprints(job.plan, {}, before, read_fingerprint(job));
  std::erase_if(drift.touched, [](const std::string& line) {
    return line.find(": trigger \"") == std::string::npos;
  });
  refuse_own(job, drift);
}

Fingerprints read_fingerprints(Job& job) {
  settle_fingerprint(job);
  Lines before = job.store().fingerprint(job.id);
  return before.empty()
             ? Fingerprints{}
             : Fingerprints{std::move(before), read_fingerprint(job)};
}

bool has_lost_trigger(const plan::Plan& plan, const Fingerprints& tables) {
  const Drift drift = compare_fingerprints(plan, {}, tables.before, tables.now);
  return std::ranges::any_of(drift.touched, [&](const std::string& line) {
    return is_own(plan, line) && line.find(": trigger \"") != std::string::npos;
  });
}

}  // namespace pgexpand::exec
