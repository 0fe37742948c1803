#include "twin_application.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto patience = 60s;
constexpr auto short_hold = 10ms;
constexpr auto long_hold = 300ms;
constexpr std::size_t most_errors = 5;
constexpr int most_keys = 4;
constexpr int range_width = 20;
constexpr int slow_range_width = 200;
constexpr int added_rows = 3;
constexpr long keys_of_a_clerk = 1'000'000;

std::string columns_list() { return "(id, tag, status, amount, note)"; }

}  // namespace

TwinApplication::TwinApplication(const TestDatabase& database,
                                 unsigned seed,
                                 int rows,
                                 Habits habits)
    : rows_(rows), habits_(std::move(habits)), clerks_(connections) {
  for (unsigned place = 0; place < connections; ++place) {
    Clerk& clerk = clerks_.at(place);
    clerk.session = database.application();
    clerk.dice.seed(seed * connections + place);
    clerk.next_key = keys_of_a_clerk * (place + 1);
    clerk.is_slow = place == 0;
    // Rows of a range are then locked in the order of the key.
    clerk.say("SET enable_seqscan = off");
    clerk.say("SET enable_bitmapscan = off");
    threads_.emplace_back(
        [this, &clerk](const std::stop_token& stop) { work(stop, clerk); });
  }
}

TwinApplication::~TwinApplication() { stop(); }

void TwinApplication::stop() {
  for (auto& thread : threads_) {
    thread.request_stop();
  }
  threads_.clear();
}

void TwinApplication::await(int transactions) {
  const int goal = transactions_ + transactions;
  const auto deadline = Clock::now() + patience;
  while (transactions_ < goal && !failed_) {
    if (Clock::now() > deadline) {
      note("the application stands still");
    }
    std::this_thread::sleep_for(5ms);
  }
}

std::string TwinApplication::errors() {
  const std::scoped_lock lock(mutex_);
  return fmt::format("{}", fmt::join(errors_, "\n"));
}

void TwinApplication::note(const std::string& error) {
  const std::scoped_lock lock(mutex_);
  failed_ = true;
  if (errors_.size() < most_errors) {
    errors_.push_back(error);
  }
}

void TwinApplication::work(const std::stop_token& stop, Clerk& clerk) {
  try {
    while (!stop.stop_requested() && !failed_) {
      transact(clerk);
      ++transactions_;
    }
  } catch (const std::exception& error) {
    note(error.what());
  }
}

// Now and then it keeps its locks for a while. One clerk keeps many for longer
// than a short lock timeout, and then often leaves the rows as they were.
void TwinApplication::transact(Clerk& clerk) {
  std::vector<long> keys;
  for (int left = 1 + clerk.roll(most_keys); left > 0; --left) {
    keys.push_back(1 + clerk.roll(rows_));
  }
  std::ranges::sort(keys);
  clerk.say("BEGIN");
  for (const long key : keys) {
    const auto kind = static_cast<Kind>(clerk.roll(kinds));
    const bool in_savepoint = clerk.roll(4) == 0;
    if (in_savepoint) {
      clerk.say("SAVEPOINT here");
    }
    change(clerk, kind, key);
    if (in_savepoint) {
      clerk.say(clerk.roll(2) == 0 ? "ROLLBACK TO here" : "RELEASE here");
    }
  }
  const bool is_long = clerk.is_slow && clerk.roll(12) == 0;
  std::this_thread::sleep_for(is_long               ? long_hold
                              : clerk.roll(10) == 0 ? short_hold
                                                    : 0ms);
  clerk.say(clerk.roll(is_long ? 2 : 8) == 0 ? "ROLLBACK" : "COMMIT");
}

void TwinApplication::change(Clerk& clerk, Kind kind, long key) {
  const auto new_rows = [&] {
    const long first = clerk.next_key;
    clerk.next_key += added_rows;
    return std::pair(first, first + added_rows - 1);
  };
  switch (kind) {
    case update:
      return twice(clerk, kind,
                   fmt::format("UPDATE {{}} AS o SET {} WHERE id = {}",
                               assignments(clerk), key));
    case update_range:
      return change_range(clerk, key);
    case insert: {
      const auto [first, last] = new_rows();
      return twice(clerk, kind,
                   fmt::format("INSERT INTO {{}} {} SELECT g, g, {}, 5, {}"
                               " FROM generate_series({}, {}) AS g",
                               columns_list(), value_for(clerk, "status"),
                               value_for(clerk, "note"), first, last));
    }
    case remove:
      return twice(clerk, kind,
                   fmt::format("DELETE FROM {{}} WHERE id = {}", key));
    case rekey:
      return twice(clerk, kind,
                   fmt::format("UPDATE {{}} SET id = {} WHERE id = {}",
                               clerk.next_key++, key));
    case upsert:
      return twice(
          clerk, kind,
          fmt::format("INSERT INTO {{}} AS o {} VALUES ({}, {}, 'back',"
                      " 3, 'again') ON CONFLICT (id) DO UPDATE SET {}",
                      columns_list(), key, clerk.next_key++,
                      assignments(clerk)));
    case copy: {
      const auto [first, last] = new_rows();
      return twice(clerk, kind,
                   fmt::format("COPY {{}} {} FROM PROGRAM 'seq {} {} |"
                               " sed s/.*/\\&,\\&,copied,7,from-a-file/'"
                               " (FORMAT csv)",
                               columns_list(), first, last));
    }
    case kinds:
      break;
  }
}

void TwinApplication::twice(Clerk& clerk,
                            Kind kind,
                            const std::string& pattern) {
  const auto run = [&](const char* table) {
    return clerk.session
        ->run(
            sql::Statement::verbatim(fmt::format(fmt::runtime(pattern), table)))
        .affected_rows;
  };
  const auto there = static_cast<std::size_t>(run("public.orders"));
  if (there > 0) {
    expect_same(kind, there, static_cast<std::size_t>(run("public.twin")));
  }
}

// The twin's rows are found by the keys of those that changed: another
// transaction may have ended between the two statements.
void TwinApplication::change_range(Clerk& clerk, long key) {
  const std::string set = assignments(clerk);
  const auto changed = clerk.session->run(sql::Statement::verbatim(fmt::format(
      "UPDATE public.orders AS o SET {} WHERE id >= {} AND id < {}"
      " RETURNING id",
      set, key, key + (clerk.is_slow ? slow_range_width : range_width))));
  std::vector<std::string> keys;
  for (const auto& row : changed.rows) {
    keys.push_back(row.at(0).value());
  }
  const auto twin = clerk.session->run(sql::Statement::verbatim(
      fmt::format("UPDATE public.twin AS o SET {} WHERE id = ANY ('{{{}}}')",
                  set, fmt::join(keys, ","))));
  expect_same(update_range, keys.size(),
              static_cast<std::size_t>(twin.affected_rows));
}

void TwinApplication::expect_same(Kind kind,
                                  std::size_t there,
                                  std::size_t here) {
  ++changes_.at(kind);
  if (there != here) {
    note(fmt::format("change {} met {} rows, and {} of the twin",
                     static_cast<int>(kind), there, here));
  }
}

/// One column or all of them.
std::string TwinApplication::assignments(Clerk& clerk) const {
  const auto count = static_cast<int>(habits_.columns.size());
  const int chosen = clerk.roll(count + 1);
  std::vector<std::string> parts;
  for (int place = 0; place < count; ++place) {
    const std::string& column =
        habits_.columns.at(static_cast<std::size_t>(place));
    if (chosen == place || chosen == count) {
      parts.push_back(fmt::format("{} = {}", column, value_for(clerk, column)));
    }
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

// Long notes move their rows to other pages.
std::string TwinApplication::value_for(Clerk& clerk,
                                       const std::string& column) const {
  if (column == "amount") {
    return fmt::format("{}", clerk.roll(100'000));
  }
  if (habits_.writes_null && clerk.roll(6) == 0) {
    return "NULL";
  }
  return column == "note" ? fmt::format("repeat('n', {})", clerk.roll(400))
                          : fmt::format("'w{}'", clerk.roll(1'000));
}

}  // namespace pgexpand::testing
