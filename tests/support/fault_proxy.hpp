#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <regex>
#include <string>
#include <thread>
#include <vector>

namespace pgexpand::testing {

/// What happens to a message of a client, and to its connection.
enum class Fault {
  none,
  cut_before,  ///< The server never sees it; both ends see a closed link.
  cut_after,   ///< The server acts on it; the client never hears.
  silence,     ///< Not forwarded, nor anything later, in either direction. The
               ///< sockets stay open and take what is sent.
  silence_after,  ///< The same, but the server has this message yet.
};

/// When a proxy strikes, and how far it reaches.
struct Strike {
  Fault fault = Fault::none;
  /// On the n-th message that counts, over all connections, from 1; 0: see
  /// strike_in().
  std::size_t at = 1;
  /// Types of messages that count, as in the protocol: "ES" are Execute and
  /// Sync. Empty: every message, the untyped first ones too.
  std::string types = {};
  /// Messages of statements in which this regular expression is found count;
  /// empty: of any.
  std::string statement = {};
  /// All connections are struck, and each new one, until heal(). Otherwise
  /// the one that sent the message.
  bool everywhere = false;
};

/// Forwards the PostgreSQL protocol (not encrypted) to a server's Unix socket,
/// message by message, counts what clients send, and strikes once. One thread
/// of its own serves all connections, so the order of messages is total.
class FaultProxy {
 public:
  enum class Transport { unix_socket, tcp };

  /// `server_folder` holds .s.PGSQL.5432. Listens when it returns. Throws
  /// std::runtime_error.
  /// `distance` is how long a message takes there and back.
  FaultProxy(const std::string& server_folder,
             Strike strike,
             Transport transport = Transport::unix_socket,
             std::chrono::milliseconds distance = {});
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  [[nodiscard]] std::string dsn(const std::string& database) const;

  /// The n-th message that counts from now on is struck. Any thread.
  void strike_in(std::size_t n) { at_ = counted_ + n; }
  /// Messages that counted so far, the struck one included.
  [[nodiscard]] std::size_t counted() const { return counted_; }
  [[nodiscard]] bool has_struck() const { return has_struck_; }
  /// The statement it struck in; for messages of tests.
  [[nodiscard]] std::string struck_statement() const;
  /// New connections are served again.
  void heal() { is_down_ = false; }
  /// How often clients spoke after the server had answered: the round trips of
  /// all connections once they are there. Only with a distance far above what
  /// either side needs to speak.
  [[nodiscard]] std::size_t round_trips() const { return round_trips_; }
  /// The most of one connection from a LOCK TABLE to the end of its
  /// transaction.
  [[nodiscard]] std::size_t most_under_a_lock() const {
    return most_under_a_lock_;
  }
  /// Statements LOCK TABLE that passed.
  [[nodiscard]] std::size_t locks() const { return locks_; }

  /// From a silence until the clients had closed all connections that it hit;
  /// nullopt while one is open.
  [[nodiscard]] std::optional<std::chrono::milliseconds> noticed_after() const;

 private:
  using Clock = std::chrono::steady_clock;

  /// Bytes on their way.
  struct Parcel {
    Clock::time_point due;
    std::string bytes;
  };
  /// A client with its connection to the server.
  struct Pair {
    int client = -1;
    int server = -1;
    bool has_started = false;  ///< From here on messages have a type.
    bool is_silent = false;
    bool was_open = false;       ///< When the silence began.
    std::string unread = {};     ///< Of the client, less than a message.
    std::string statement = {};  ///< Text of the last Parse or Query.
    std::deque<Parcel> to_server = {};
    std::deque<Parcel> to_client = {};
    bool is_answered = true;  ///< The server spoke last.
    std::size_t round_trips = 0;
    std::optional<std::size_t> locked_at = {};  ///< Of round_trips.
  };

  void listen_on_folder();
  void listen_on_port();
  void loop(const std::stop_token& stop);
  void accept_one();
  void read_client(Pair& pair);
  void read_server(Pair& pair);
  void pass(int socket, std::deque<Parcel>& way, const std::string& bytes);
  void deliver(Pair& pair);
  [[nodiscard]] int poll_ms() const;
  void count_round_trips(Pair& pair, char type);
  void handle(Pair& pair, const std::string& message);
  [[nodiscard]] bool is_struck(const Pair& pair, char type);
  [[nodiscard]] bool counts(const Pair& pair, char type) const;
  void strike(Pair& pair, const std::string& message);
  /// What a fault does to a connection on which nothing is on its way.
  void hit(Pair& pair) const;
  void note_if_noticed();

  std::string server_socket_;
  Strike strike_;
  std::chrono::milliseconds distance_;
  std::regex statement_;
  std::atomic<std::size_t> at_;
  std::string folder_;
  std::string host_;
  int listener_ = -1;
  std::uint16_t port_ = 5432;
  std::list<Pair> pairs_;
  std::atomic<std::size_t> counted_{0};
  std::atomic<bool> has_struck_{false};
  std::atomic<bool> is_down_{false};
  std::atomic<std::size_t> round_trips_{0};
  std::atomic<std::size_t> most_under_a_lock_{0};
  std::atomic<std::size_t> locks_{0};

  mutable std::mutex mutex_;  ///< Guards what follows.
  std::string struck_statement_;
  Clock::time_point struck_at_;
  std::optional<Clock::time_point> noticed_at_;

  std::jthread thread_;  ///< Last: starts when all else is there.
};

}  // namespace pgexpand::testing
