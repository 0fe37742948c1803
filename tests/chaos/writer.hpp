#pragma once

#include "chaos/journal.hpp"
#include "chaos/ledger.hpp"
#include "chaos/random.hpp"

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace pgexpand::chaos {

/// Where the application connects, and where somebody can look past a pooler.
struct Addresses {
  std::string application;
  std::string direct;
};

/// What the writers are told, and where they say that they know.
struct Desk {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Shape> shapes;  ///< In use, oldest first.
  int number = 0;             ///< Counts changes of the shapes.
  int forget_at = 0;          ///< The latest change before a rollback.
  bool pause = false;
  bool stop = false;
};

/// One thread's part of the application: its rows and its ledger of them.
class Writer {
 public:
  /// `place` is 0, 1 or 2.
  Writer(Desk& desk,
         Addresses addresses,
         int place,
         std::uint64_t seed,
         Journal& journal);

  /// It is there from the start.
  void own(int key, const Item& item);
  /// Until it is told to stop.
  void work();

  /// Only while it is paused or has ended.
  [[nodiscard]] const Items& items() const { return items_; }
  /// Number of the orders it keeps to. Under the desk's mutex, as the next.
  [[nodiscard]] int obeyed() const { return obeyed_; }
  [[nodiscard]] bool is_paused() const { return is_paused_; }

 private:
  struct Write {
    int key = 0;
    std::string sql;
    std::vector<Value> values;
    std::optional<Item> after;
  };

  bool obey();
  void operate();
  void commit(const std::vector<Write>& writes);
  void record(const std::vector<Write>& writes);
  void resolve(const std::vector<Write>& writes, bool may_have_happened);
  void read(int key);
  Write draw_update(int key);
  Write draw_insert();
  Write draw_other(int key);
  std::map<std::string, Value> draw_values(int key, bool all);
  void connect();
  void end_old_backend(Link& direct);
  int draw_key() { return keys_[random_.next() % keys_.size()]; }
  void run(const Write& write);
  void violation(const std::string& text);

  Desk& desk_;
  Journal& journal_;
  Addresses addresses_;
  int place_;
  Items items_;
  int obeyed_ = 0;
  bool is_paused_ = false;
  Random random_;
  int next_key_;
  int count_ = 0;
  int forgot_at_ = 0;
  std::vector<int> keys_;
  Shape shape_;
  std::string path_;  ///< Set on the connection.
  std::unique_ptr<Link> link_;
  std::string pid_, backend_start_;
};

}  // namespace pgexpand::chaos
