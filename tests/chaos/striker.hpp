#pragma once

#include "chaos/cluster.hpp"
#include "chaos/pilot.hpp"

#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace pgexpand::chaos {

/// Does what a schedule says, at its time, in the thread that made the cluster.
class Striker {
 public:
  Striker(Cluster& cluster, Pilot& pilot, Journal& journal)
      : cluster_(cluster), pilot_(pilot), journal_(journal) {}
  /// Waits for what it still holds.
  ~Striker();
  Striker(const Striker&) = delete;
  Striker& operator=(const Striker&) = delete;

  /// Whether it struck: the tool may have been between two commands.
  bool strike(const Strike& strike);

 private:
  void aim(int choice);
  bool stop_tool(const Strike& strike, bool is_replaced);
  void end_backends(const std::string& condition);
  void hold(milliseconds duration, const std::vector<std::string>& statements);
  bool hog_table(const Strike& strike);
  bool hog_rows(const Strike& strike);

  Cluster& cluster_;
  Pilot& pilot_;
  Journal& journal_;
  std::vector<std::jthread> held_;
};

}  // namespace pgexpand::chaos
