#pragma once

#include <sys/socket.h>

#include <string_view>

namespace pgexpand::testing {

/// All of it, or as much as the other end takes before it goes.
inline void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return;  // The other end is gone; reading will tell.
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace pgexpand::testing
