#include "chaos/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace pgexpand::chaos {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int keys_apart = 1'000'000;
constexpr std::uint64_t most_writers = 16;
constexpr auto patience = 60s;
constexpr auto between_operations = 3ms;
constexpr auto between_connections = 30ms;

}  // namespace

Writer::Writer(Desk& desk,
               Addresses addresses,
               int place,
               std::uint64_t seed,
               Journal& journal)
    : desk_(desk),
      journal_(journal),
      addresses_(std::move(addresses)),
      place_(place),
      random_(seed * most_writers + static_cast<std::uint64_t>(place)),
      next_key_(keys_apart * (place + 1)) {}

void Writer::own(int key, const Item& item) {
  items_[key] = item;
  if (key > rows_left_alone) {
    keys_.push_back(key);
  }
}

void Writer::run(const Write& write) {
  // The second writer's statements are parsed anew each time.
  if (place_ == 1) {
    link_->run(write.sql, write.values);
  } else {
    link_->run_prepared(write.sql, write.values);
  }
}

void Writer::violation(const std::string& text) {
  journal_.violation(fmt::format("writer {}: {}", place_, text));
}

// Returns false at the end. On return shape_ is one that may be used.
bool Writer::obey() {
  std::unique_lock lock(desk_.mutex);
  is_paused_ = true;
  desk_.changed.notify_all();
  desk_.changed.wait(lock, [&] { return !desk_.pause || desk_.stop; });
  if (desk_.stop) {
    return false;
  }
  is_paused_ = false;
  obeyed_ = desk_.number;
  if (forgot_at_ != desk_.forget_at) {
    forgot_at_ = desk_.forget_at;
    for (auto& [key, item] : items_) {
      if (item) {
        forget_new_columns(*item);
      }
    }
  }
  const auto& shapes = desk_.shapes;
  shape_ = place_ == 0   ? shapes.front()
           : place_ == 1 ? shapes.back()
                         : shapes[random_.next() % shapes.size()];
  desk_.changed.notify_all();
  return true;
}

void Writer::work() {
  while (obey()) {
    try {
      operate();
    } catch (const SqlError& error) {
      violation(std::string("an application error: ") + error.what());
      link_.reset();  // Out of any open transaction.
    } catch (const LinkLost&) {
      link_.reset();  // While reading, or before anything was written.
    }
    std::this_thread::sleep_for(between_operations);
  }
}

void Writer::connect() {
  const auto deadline = Clock::now() + patience;
  for (;;) {
    try {
      link_ = std::make_unique<Link>(addresses_.application,
                                     fmt::format("chaos writer {}", place_));
      const auto rows = link_->run(
          "SELECT pid, backend_start FROM pg_stat_activity"
          " WHERE pid = pg_backend_pid()");
      pid_ = rows.at(0).at(0).value();
      backend_start_ = rows.at(0).at(1).value();
      path_.clear();
      return;
    } catch (const LinkLost& lost) {
      if (Clock::now() > deadline) {
        violation(std::string("no connection for a minute: ") + lost.what());
        throw;
      }
      std::this_thread::sleep_for(between_connections);
    }
  }
}

void Writer::operate() {
  constexpr int kinds = 20;
  const int kind = random_.between(1, kinds);
  if (!link_) {
    connect();
  }
  if (path_ != shape_.path) {
    link_->run("SET search_path = " + shape_.path);
    path_ = shape_.path;
  }
  if (kind <= 3) {
    read(draw_key());
    return;
  }
  std::vector<Write> writes;
  if (kind <= 7) {
    writes.push_back(draw_insert());
  } else if (kind <= 10) {
    writes.push_back(draw_other(draw_key()));
  } else {
    writes.push_back(draw_update(draw_key()));
    const int other = draw_key();
    if (kind <= 13 && other != writes.front().key) {
      writes.push_back(draw_update(other));
    }
  }
  commit(writes);
  ++journal_.operations;
}

void Writer::commit(const std::vector<Write>& writes) {
  bool may_have_happened = writes.size() == 1;
  try {
    if (writes.size() == 1) {
      run(writes.front());
    } else {
      link_->run("BEGIN");
      for (const Write& write : writes) {
        run(write);
      }
      may_have_happened = true;
      link_->run("COMMIT");
    }
  } catch (const LinkLost&) {
    link_.reset();
    resolve(writes, may_have_happened);
    return;
  }
  record(writes);
}

void Writer::record(const std::vector<Write>& writes) {
  for (const Write& write : writes) {
    if (!items_.contains(write.key)) {
      keys_.push_back(write.key);
    }
    items_[write.key] = write.after;
    if (!write.after) {
      std::erase(keys_, write.key);
    }
  }
}

void Writer::end_old_backend(Link& direct) {
  while (direct.single("SELECT count(pg_terminate_backend(pid))"
                       " FROM pg_stat_activity"
                       " WHERE pid = $1 AND backend_start = $2",
                       {pid_, backend_start_}) != "0") {
    std::this_thread::sleep_for(5ms);
  }
}

// In doubt: the server may have committed, and may still do. So the old
// backend is ended first. What is read then counts only once a later commit
// was acknowledged: a standby need not have it before.
void Writer::resolve(const std::vector<Write>& writes, bool may_have_happened) {
  std::map<int, Line> found;
  for (const auto deadline = Clock::now() + patience;;) {
    try {
      Link direct(addresses_.direct, "chaos look");
      end_old_backend(direct);
      direct.run("SET search_path = " + shape_.path);
      direct.run("BEGIN");
      direct.run("SELECT pg_current_xact_id()");
      for (const Write& write : writes) {
        for (auto& row : direct.run(select_items(shape_, "WHERE i.id = $1"),
                                    {std::to_string(write.key)})) {
          found[write.key] = std::move(row);
        }
      }
      direct.run("COMMIT");
      break;
    } catch (const LinkLost& lost) {
      if (Clock::now() > deadline) {
        violation(std::string("no connection for a minute: ") + lost.what());
        return;
      }
      found.clear();
      std::this_thread::sleep_for(between_connections);
    }
  }
  bool is_before = true;
  bool is_after = true;
  std::string differs;
  for (const Write& write : writes) {
    const auto at = found.find(write.key);
    const Line* line = at == found.end() ? nullptr : &at->second;
    const auto before = items_.find(write.key);
    const auto differs_before = difference(
        before == items_.end() ? std::nullopt : before->second, line, shape_);
    const auto differs_after = difference(write.after, line, shape_);
    is_before = is_before && differs_before.empty();
    is_after = is_after && differs_after.empty();
    differs += fmt::format("; row {}: before: {}, after: {}", write.key,
                           differs_before, differs_after);
  }
  if (is_after && may_have_happened) {
    record(writes);
  } else if (!is_before) {
    violation("a write in doubt is neither done nor undone" + differs);
  }
}

void Writer::read(int key) {
  const auto rows = link_->run(select_items(shape_, "WHERE i.id = $1"),
                               {std::to_string(key)});
  const auto text = difference(items_.at(key),
                               rows.empty() ? nullptr : &rows.front(), shape_);
  if (!text.empty()) {
    violation(fmt::format("row {} {} (in {})", key, text, shape_.path));
  }
  ++journal_.operations;
}

std::map<std::string, Value> Writer::draw_values(int key, bool all) {
  constexpr int most = 1'000'000;
  const int number = ++count_;
  const bool is_null_note = shape_.writes_null_notes && random_.chance(30);
  std::map<std::string, Value> values{
      {"amount", std::to_string(random_.between(0, most))},
      {"owner", fmt::format("o{}-{}", key, number)},
      {"note",
       is_null_note ? Value() : Value(fmt::format("n{}-{}", key, number))},
      {"legacy", std::to_string(number)},
      {"qty", std::to_string(random_.between(0, 99))},
      {"code", fmt::format("c{}-{}", key, number)},
      {"code_v2", fmt::format("new{}-{}", key, number)}};
  const int kept = random_.between(0, static_cast<int>(values.size()) - 1);
  int place = 0;
  std::erase_if(values, [&](const auto& value) {
    const bool is_kept = all || place++ == kept || random_.chance(20);
    return !is_kept || !shape_.has(value.first);
  });
  // Who knows both gives both: else the new one would be computed.
  if (values.contains("code") && shape_.has("code_v2")) {
    values["code_v2"] = fmt::format("new{}-{}", key, number);
  }
  if (values.empty()) {
    values["qty"] = "1";
  }
  return values;
}

Writer::Write Writer::draw_update(int key) {
  const auto values = draw_values(key, false);
  Write write{.key = key, .sql = "UPDATE item SET "};
  for (const Field& field : shape_.fields) {
    if (const auto at = values.find(field.attribute); at != values.end()) {
      write.values.push_back(stored(field, at->second));
      write.sql +=
          fmt::format("{}{} = ${}", write.values.size() > 1 ? ", " : "",
                      field.column, write.values.size());
    }
  }
  write.values.push_back(std::to_string(key));
  write.sql += fmt::format(" WHERE id = ${}", write.values.size());
  write.after = written(*items_.at(key), shape_, values);
  return write;
}

Writer::Write Writer::draw_insert() {
  const int key = next_key_++;
  const auto values = draw_values(key, true);
  std::string columns = "id";
  std::string parameters = "$1";
  Write write{.key = key, .values = {std::to_string(key)}};
  for (const Field& field : shape_.fields) {
    if (const auto at = values.find(field.attribute); at != values.end()) {
      write.values.push_back(stored(field, at->second));
      columns += ", " + field.column;
      parameters += fmt::format(", ${}", write.values.size());
    }
  }
  write.sql =
      fmt::format("INSERT INTO item ({}) VALUES ({})", columns, parameters);
  write.after = written({}, shape_, values);
  return write;
}

Writer::Write Writer::draw_other(int key) {
  Write write{.key = key, .values = {std::to_string(key)}};
  if (random_.chance(50)) {
    write.sql = "DELETE FROM item WHERE id = $1";
    return write;
  }
  write.sql = "INSERT INTO entry (item_id) VALUES ($1)";
  write.after = items_.at(key);
  ++write.after->entries;
  return write;
}

}  // namespace pgexpand::chaos
