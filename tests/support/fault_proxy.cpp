#include "support/fault_proxy.hpp"

#include "support/sockets.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace pgexpand::testing {
namespace {

constexpr int backlog = 64;
constexpr std::size_t length_bytes = 4;
constexpr std::uint32_t ssl_request = 80877103;
constexpr std::uint32_t gss_request = 80877104;

void check(bool is_fine, const char* what) {
  if (!is_fine) {
    throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
  }
}

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return ntohl(number);
}

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // The rest stays zero.
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

// The sockets API takes every kind of address through this one.
template <typename Address>
auto* generic(Address& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

/// Takes a whole message off the front of `unread`; empty if there is none.
std::string take_message(std::string& unread, bool is_typed) {
  const std::size_t start = is_typed ? 1 : 0;
  if (unread.size() < start + length_bytes) {
    return {};
  }
  const std::size_t size = start + number_at(unread, start);
  if (unread.size() < size) {
    return {};
  }
  std::string message = unread.substr(0, size);
  unread.erase(0, size);
  return message;
}

// Parse has a name before its text; ours are unnamed, others' end with a zero.
std::string statement_of(const std::string& message) {
  std::size_t at = 1 + length_bytes;
  if (message[0] == 'P') {
    at = message.find('\0', at) + 1;
  }
  return message.substr(at, message.find('\0', at) - at);
}

bool is_silence(Fault fault) {
  return fault == Fault::silence || fault == Fault::silence_after;
}

void close_socket(int& socket) {
  if (socket >= 0) {
    ::close(socket);
    socket = -1;
  }
}

/// Empty at the end of the stream.
std::string read_some(int socket) {
  std::array<char, 65'536> bytes{};
  const auto got = ::recv(socket, bytes.data(), bytes.size(), 0);
  return got <= 0 ? std::string{}
                  : std::string(bytes.data(), static_cast<std::size_t>(got));
}

}  // namespace

FaultProxy::FaultProxy(const std::string& server_folder,
                       Strike strike,
                       Transport transport,
                       std::chrono::milliseconds distance)
    : server_socket_(server_folder + "/.s.PGSQL.5432"),
      strike_(std::move(strike)),
      distance_(distance),
      statement_(strike_.statement),
      at_(strike_.at) {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "pgexpand_proxy_XXXXXX")
          .string();
  check(mkdtemp(pattern.data()) != nullptr, "no folder for the proxy");
  folder_ = pattern;
  if (transport == Transport::tcp) {
    host_ = "127.0.0.1";
    listen_on_port();
  } else {
    host_ = folder_;
    listen_on_folder();
  }
  check(::listen(listener_, backlog) == 0, "the proxy cannot listen");
  thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
}

FaultProxy::~FaultProxy() {
  thread_.request_stop();
  thread_.join();
  for (Pair& pair : pairs_) {
    close_socket(pair.client);
    close_socket(pair.server);
  }
  ::close(listener_);
  std::filesystem::remove_all(folder_);
}

void FaultProxy::listen_on_folder() {
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = unix_address(folder_ + "/.s.PGSQL.5432");
  check(::bind(listener_, generic(address), sizeof address) == 0,
        "the proxy has no socket");
}

void FaultProxy::listen_on_port() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(::bind(listener_, generic(address), sizeof address) == 0,
        "the proxy has no port");
  socklen_t size = sizeof address;
  ::getsockname(listener_, generic(address), &size);
  port_ = ntohs(address.sin_port);
}

std::string FaultProxy::dsn(const std::string& database) const {
  return fmt::format("host={} port={} user=postgres dbname={}", host_, port_,
                     database);
}

std::string FaultProxy::struck_statement() const {
  const std::scoped_lock lock(mutex_);
  return struck_statement_;
}

std::optional<std::chrono::milliseconds> FaultProxy::noticed_after() const {
  const std::scoped_lock lock(mutex_);
  if (!noticed_at_) {
    return std::nullopt;
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(*noticed_at_ -
                                                               struck_at_);
}

void FaultProxy::loop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    // Two entries a pair, in the order of the list; poll() skips -1.
    std::vector<pollfd> sockets{{listener_, POLLIN, 0}};
    for (const Pair& pair : pairs_) {
      sockets.push_back({pair.client, POLLIN, 0});
      sockets.push_back({pair.server, POLLIN, 0});
    }
    const int ready = ::poll(sockets.data(), sockets.size(), poll_ms());
    for (Pair& pair : pairs_) {
      deliver(pair);
    }
    if (ready <= 0) {
      continue;
    }
    auto at = sockets.begin() + 1;
    for (Pair& pair : pairs_) {
      // A strike may have closed it meanwhile.
      if (at->revents != 0 && pair.client >= 0) {
        read_client(pair);
      }
      ++at;
      if (at->revents != 0 && pair.server >= 0) {
        read_server(pair);
      }
      ++at;
    }
    note_if_noticed();
    pairs_.remove_if(
        [](const Pair& pair) { return pair.client < 0 && pair.server < 0; });
    if (sockets.front().revents != 0) {
      accept_one();
    }
  }
}

void FaultProxy::accept_one() {
  Pair pair;
  pair.client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (is_down_) {
    hit(pair);
  } else {
    pair.server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = unix_address(server_socket_);
    if (::connect(pair.server, generic(address), sizeof address) != 0) {
      close_socket(pair.client);
      close_socket(pair.server);
    }
  }
  pairs_.push_back(pair);
}

void FaultProxy::read_client(Pair& pair) {
  const std::string bytes = read_some(pair.client);
  if (bytes.empty()) {
    close_socket(pair.client);
    if (!pair.is_silent) {
      for (const Parcel& parcel : pair.to_server) {
        send_all(pair.server, parcel.bytes);
      }
      close_socket(pair.server);
    }
    return;
  }
  if (pair.is_silent) {
    return;
  }
  pair.unread += bytes;
  for (auto message = take_message(pair.unread, pair.has_started);
       !message.empty();
       message = take_message(pair.unread, pair.has_started)) {
    handle(pair, message);
    if (pair.client < 0 || pair.is_silent) {
      return;
    }
  }
}

void FaultProxy::read_server(Pair& pair) {
  const std::string bytes = read_some(pair.server);
  if (bytes.empty()) {
    close_socket(pair.server);
    if (!pair.is_silent) {
      for (const Parcel& parcel : pair.to_client) {
        send_all(pair.client, parcel.bytes);
      }
      close_socket(pair.client);
    }
    return;
  }
  if (!pair.is_silent && pair.client >= 0) {
    pair.is_answered = true;
    pass(pair.client, pair.to_client, bytes);
  }
}

void FaultProxy::handle(Pair& pair, const std::string& message) {
  const bool is_typed = pair.has_started;
  const char type = is_typed ? message.front() : '\0';
  if (!is_typed) {
    const auto code = number_at(message, length_bytes);
    pair.has_started = code != ssl_request && code != gss_request;
  } else if (type == 'P' || type == 'Q') {
    pair.statement = statement_of(message);
  }
  count_round_trips(pair, type);
  if (is_struck(pair, type)) {
    strike(pair, message);
  } else {
    pass(pair.server, pair.to_server, message);
  }
}

bool FaultProxy::is_struck(const Pair& pair, char type) {
  if (has_struck_ || !counts(pair, type)) {
    return false;
  }
  return ++counted_ == at_ && strike_.fault != Fault::none;
}

bool FaultProxy::counts(const Pair& pair, char type) const {
  return (strike_.types.empty() ||
          strike_.types.find(type) != std::string::npos) &&
         (strike_.statement.empty() ||
          std::regex_search(pair.statement, statement_));
}

void FaultProxy::strike(Pair& pair, const std::string& message) {
  {
    const std::scoped_lock lock(mutex_);
    struck_at_ = Clock::now();
    struck_statement_ = pair.statement;
  }
  is_down_ = strike_.everywhere;
  if (strike_.fault == Fault::cut_after ||
      strike_.fault == Fault::silence_after) {
    send_all(pair.server, message);
  }
  if (strike_.fault == Fault::cut_after) {
    close_socket(pair.client);
    // Its answers are read, so that nothing keeps it from acting.
    ::shutdown(pair.server, SHUT_WR);
  } else {
    hit(pair);
  }
  if (strike_.everywhere) {
    std::ranges::for_each(pairs_, [this, &pair](Pair& each) {
      if (&each != &pair) {
        hit(each);
      }
    });
  }
  has_struck_ = true;
}

void FaultProxy::hit(Pair& pair) const {
  if (is_silence(strike_.fault)) {
    pair.was_open = pair.server >= 0;
    pair.is_silent = true;
    return;
  }
  close_socket(pair.client);
  close_socket(pair.server);
}

void FaultProxy::note_if_noticed() {
  if (!is_silence(strike_.fault) || !has_struck_) {
    return;
  }
  const bool is_noticed = std::ranges::none_of(pairs_, [](const Pair& pair) {
    return pair.was_open && pair.client >= 0;
  });
  const std::scoped_lock lock(mutex_);
  if (is_noticed && !noticed_at_) {
    noticed_at_ = Clock::now();
  }
}

}  // namespace pgexpand::testing
