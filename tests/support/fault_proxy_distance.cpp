// How a proxy is far away: what it has read is kept for a while, and who had to
// wait for whom is counted.
#include "support/fault_proxy.hpp"
#include "support/sockets.hpp"

#include <algorithm>

namespace pgexpand::testing {

int FaultProxy::poll_ms() const {
  constexpr int stop_poll = 5;
  const bool is_anything_due =
      std::ranges::any_of(pairs_, [](const Pair& pair) {
        return !pair.to_server.empty() || !pair.to_client.empty();
      });
  return is_anything_due ? 1 : stop_poll;
}

void FaultProxy::pass(int socket,
                      std::deque<Parcel>& way,
                      const std::string& bytes) {
  if (distance_.count() == 0) {
    send_all(socket, bytes);
  } else {
    way.push_back({Clock::now() + distance_ / 2, bytes});
  }
}

void FaultProxy::deliver(Pair& pair) {
  const auto now = Clock::now();
  const auto send_due = [&](int socket, std::deque<Parcel>& way) {
    while (!way.empty() && way.front().due <= now) {
      send_all(socket, way.front().bytes);
      way.pop_front();
    }
  };
  send_due(pair.server, pair.to_server);
  send_due(pair.client, pair.to_client);
}

void FaultProxy::count_round_trips(Pair& pair, char type) {
  const bool is_connecting = type == '\0' || type == 'p';
  if (pair.is_answered && !is_connecting) {
    pair.is_answered = false;
    ++pair.round_trips;
    ++round_trips_;
  }
  if (type != 'P') {
    return;
  }
  if (pair.statement.starts_with("LOCK TABLE")) {
    ++locks_;
    pair.locked_at = pair.locked_at.value_or(pair.round_trips);
  } else if (pair.statement == "COMMIT" || pair.statement == "ROLLBACK") {
    if (pair.locked_at) {
      most_under_a_lock_ = std::max(most_under_a_lock_.load(),
                                    pair.round_trips - *pair.locked_at);
    }
    pair.locked_at.reset();
  }
}

}  // namespace pgexpand::testing
