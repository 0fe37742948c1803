#include "writers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace pgexpand::testing {
namespace {

using sql::Statement;
using std::chrono::seconds;

constexpr int writer_count = 3;
constexpr std::size_t most_errors = 5;
constexpr seconds patience{60};

}  // namespace

Writers::Writers(TestDatabase& database, const std::string& rows, Shape shape)
    : database_(database), shapes_{std::move(shape)}, writers_(writer_count) {
  std::size_t next = 0;
  for (const auto& row : database_.query(rows).rows) {
    writers_[next++ % writers_.size()].rows.push_back(
        {row.at(0).value(), row.at(1), std::stoi(row.at(2).value())});
  }
  for (int place = 0; place < writer_count; ++place) {
    Writer& writer = writers_[static_cast<std::size_t>(place)];
    writer.session = database_.application();
    threads_.emplace_back([this, &writer, place](const std::stop_token& stop) {
      work(stop, writer, place);
    });
  }
  await(1);
}

Writers::~Writers() {
  for (auto& thread : threads_) {
    thread.request_stop();
  }
}

void Writers::use(std::vector<Shape> shapes) {
  {
    const std::scoped_lock lock(mutex_);
    shapes_ = std::move(shapes);
  }
  // The first write that ends now may have begun in an earlier shape.
  await(2);
}

void Writers::await(int writes) {
  std::unique_lock lock(mutex_);
  std::vector<int> goals;
  for (const Writer& writer : writers_) {
    goals.push_back(writer.writes + writes);
  }
  const bool ended = written_.wait_for(lock, patience, [&] {
    return !errors_.empty() ||
           std::ranges::equal(writers_, goals, std::ranges::greater_equal{},
                              &Writer::writes);
  });
  if (!ended) {
    errors_.emplace_back("the writers stand still");
  }
}

void Writers::work(const std::stop_token& stop, Writer& writer, int place) {
  for (int number = 0; !stop.stop_requested(); ++number) {
    Shape shape;
    {
      const std::scoped_lock lock(mutex_);
      shape = shapes_[static_cast<std::size_t>(number) % shapes_.size()];
    }
    try {
      write(writer, shape, place, number);
    } catch (const std::exception& error) {
      note(fmt::format("writer {}: {}", place, error.what()));
      return;
    }
    const std::scoped_lock lock(mutex_);
    ++writer.writes;
    written_.notify_all();
  }
}

void Writers::write(Writer& writer, const Shape& shape, int place, int number) {
  constexpr int kinds = 8;
  constexpr std::size_t stride = 7919;
  const pg::Value value = fmt::format("w{}-{}", place, number);
  auto& rows = writer.rows;
  const int kind = number % kinds;
  if (kind < 2) {
    const auto answer =
        writer.session->run(Statement::verbatim(shape.insert), {value});
    check(answer, value);
    rows.push_back({answer.rows.at(0).at(0).value(), value});
    return;
  }
  Row& row = rows[static_cast<std::size_t>(number) * stride % rows.size()];
  if (kind == 2) {
    writer.session->run(Statement::verbatim(shape.remove), {row.key});
    std::swap(row, rows.back());
    rows.pop_back();
  } else if (kind == 3 && !shape.extra.empty()) {
    writer.session->run(Statement::verbatim(shape.extra), {row.key});
    ++row.extras;
  } else {
    check(writer.session->run(Statement::verbatim(shape.update),
                              {row.key, value}),
          value);
    row.value = value;
  }
}

void Writers::check(const pg::Result& answer, const pg::Value& value) {
  if (answer.rows.size() != 1) {
    note(fmt::format("a write met {} rows", answer.rows.size()));
  } else if (answer.rows[0].at(1) != value) {
    note(fmt::format("wrote {}, the other release sees {}",
                     value.value_or("NULL"),
                     answer.rows[0].at(1).value_or("NULL")));
  }
}

void Writers::note(const std::string& error) {
  const std::scoped_lock lock(mutex_);
  if (errors_.size() < most_errors) {
    errors_.push_back(error);
  }
  written_.notify_all();
}

std::string Writers::stop_and_compare(const std::string& rows) {
  for (auto& thread : threads_) {
    thread.request_stop();
  }
  threads_.clear();
  std::map<std::string, std::string> expected;
  for (const Writer& writer : writers_) {
    for (const Row& row : writer.rows) {
      expected[row.key] =
          fmt::format("{} {}", row.value.value_or("NULL"), row.extras);
    }
  }
  std::map<std::string, std::string> found;
  for (const auto& row : database_.query(rows).rows) {
    found[row.at(0).value()] =
        fmt::format("{} {}", row.at(1).value_or("NULL"), row.at(2).value());
  }
  std::vector<std::string> lines = errors_;
  for (const auto& [key, text] : expected) {
    const auto at = found.find(key);
    if (at == found.end() || at->second != text) {
      lines.push_back(fmt::format("row {} is {}, not {}", key,
                                  at == found.end() ? "gone" : at->second,
                                  text));
    }
  }
  if (found.size() != expected.size()) {
    lines.push_back(
        fmt::format("{} rows, not {}", found.size(), expected.size()));
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace pgexpand::testing
