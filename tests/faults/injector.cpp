// The definition of reach() that strikes, as PGEXPAND_FAULT says:
//   PGEXPAND_FAULT=name[:n]=kill|throw|drop-connection|sleep[,...]
// at the n-th time that the point is reached, 1 if n is missing. `sleep` stops
// the process, as SIGSTOP does. PGEXPAND_FAULT_TRACE names a file that gets a
// line for each point reached, and one for each fault: `struck name:n=action`.
#include "faults/injector.hpp"

#include "pgexpand/base/fault.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace pgexpand {
namespace {

struct Fault {
  FaultPoint point{};
  int count = 1;
  std::string action;
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A mistyped fault must not look like one that was survived.
[[noreturn]] void refuse(const std::string& text) {
  std::cerr << "PGEXPAND_FAULT: cannot read '" << text << "'\n";
  std::_Exit(99);
}

Fault parse(const std::string& text) {
  const auto equals = text.find('=');
  const auto colon = std::min(text.find(':'), equals);
  const std::string wanted = text.substr(0, colon);
  const auto* point = std::ranges::find(
      fault_points, wanted,
      [](FaultPoint each) { return std::string(name(each)); });
  if (equals == std::string::npos || point == fault_points.end()) {
    refuse(text);
  }
  const int count = colon == equals ? 1 : std::stoi(text.substr(colon + 1));
  const std::string action = text.substr(equals + 1);
  constexpr std::array<std::string_view, 4> actions{"kill", "throw",
                                                    "drop-connection", "sleep"};
  if (std::ranges::find(actions, action) == actions.end()) {
    refuse(text);
  }
  return {*point, count, action};
}

std::vector<Fault> read_faults() {
  std::vector<Fault> faults;
  std::istringstream all(variable("PGEXPAND_FAULT"));
  for (std::string one; std::getline(all, one, ',');) {
    faults.push_back(parse(one));
  }
  return faults;
}

/// Of this process to any server, the lease's and the observer's too.
void cut_every_connection() {
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    const int file = std::stoi(entry.path().filename());
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (getpeername(file, reinterpret_cast<sockaddr*>(&peer), &size) == 0) {
      shutdown(file, SHUT_RDWR);
    }
  }
}

class Injector {
 public:
  void reach(FaultPoint point, int socket) {
    const int count = ++counts_.at(static_cast<std::size_t>(point));
    trace(fmt::format("{}:{}\n", name(point), count));
    for (const Fault& fault : faults_) {
      if (fault.point == point && fault.count == count) {
        trace(
            fmt::format("struck {}:{}={}\n", name(point), count, fault.action));
        strike(fault, socket);
      }
    }
  }

 private:
  void trace(const std::string& line) const {
    if (trace_ >= 0 && write(trace_, line.data(), line.size()) !=
                           static_cast<ssize_t>(line.size())) {
      refuse("the trace");
    }
  }

  static void strike(const Fault& fault, int socket) {
    if (fault.action == "kill") {
      kill(getpid(), SIGKILL);
    } else if (fault.action == "sleep") {
      kill(getpid(), SIGSTOP);
    } else if (fault.action == "throw") {
      throw std::logic_error("a fault at " + std::string(name(fault.point)));
    } else if (socket >= 0) {
      shutdown(socket, SHUT_RDWR);
    } else {
      cut_every_connection();
    }
  }

  static int open_trace() {
    const std::string path = variable("PGEXPAND_FAULT_TRACE");
    return path.empty() ? -1
                        : open(path.c_str(),
                               O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  }

  std::vector<Fault> faults_ = read_faults();
  int trace_ = open_trace();
  std::array<std::atomic<int>, fault_points.size()> counts_{};
};

}  // namespace

void reach(FaultPoint point, int socket) {
  static Injector injector;
  injector.reach(point, socket);
}

void list_fault_points() {
  for (const FaultPoint point : fault_points) {
    std::cout << name(point) << '\n';
  }
}

}  // namespace pgexpand
