#pragma once

#include "support/test_database.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pgexpand::testing {

/// How one release of an application writes. Each statement but `extra`
/// returns the row's key and the value as another release sees it.
struct Shape {
  std::string insert;      ///< $1: the value.
  std::string update;      ///< $1: the key, $2: the value.
  std::string remove;      ///< $1: the key; may return nothing.
  std::string extra = "";  ///< $1: the key: a row that refers to it.
};

/// An application at work: threads that insert, update and delete rows, as
/// fast as they can. Each has rows of its own and a ledger of every write that
/// was acknowledged.
class Writers {
 public:
  /// `rows` is a query for key, value and number of extra rows, ordered by
  /// key: what is there at the start.
  Writers(TestDatabase& database, const std::string& rows, Shape shape);
  ~Writers();
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;

  /// From now on the threads write in these shapes, in turn. Returns when no
  /// statement of an earlier shape runs any more.
  void use(std::vector<Shape> shapes);
  /// Waits until every thread has written that often, or one has failed.
  void await(int writes);
  /// Ends the threads. Returns the first errors, and what differs between the
  /// ledgers and the answer of `rows`, a line each; empty if all is well.
  std::string stop_and_compare(const std::string& rows);

 private:
  struct Row {
    std::string key;
    pg::Value value;
    int extras = 0;
  };
  struct Writer {
    std::unique_ptr<pg::Session> session;
    std::vector<Row> rows;
    int writes = 0;
  };

  void work(const std::stop_token& stop, Writer& writer, int place);
  void write(Writer& writer, const Shape& shape, int place, int number);
  void check(const pg::Result& answer, const pg::Value& value);
  void note(const std::string& error);

  TestDatabase& database_;
  std::mutex mutex_;
  std::condition_variable written_;
  std::vector<Shape> shapes_;
  std::vector<std::string> errors_;
  std::vector<Writer> writers_;
  std::vector<std::jthread> threads_;
};

}  // namespace pgexpand::testing
