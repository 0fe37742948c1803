#pragma once

#include "chaos/writer.hpp"

#include <memory>
#include <thread>
#include <vector>

namespace pgexpand::chaos {

/// The application: three threads, each with rows of its own and a ledger of
/// them. The first keeps to the oldest shape that is in use, the second to the
/// newest, the third takes either.
class Fleet {
 public:
  Fleet(Addresses addresses, Shape shape, std::uint64_t seed, Journal& journal);
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  /// From now on only these shapes, oldest first. Returns when no statement of
  /// any other can run any more. `forget`: a rollback follows.
  void use(const std::vector<Shape>& shapes, bool forget = false);
  /// Between two operations, with nothing in doubt, until resume().
  void pause();
  void resume();
  void stop();
  /// Everything that was acknowledged. Only while paused or stopped.
  [[nodiscard]] Items ledger() const;

 private:
  void await_everybody(const char* what);

  Journal& journal_;
  Desk desk_;
  std::vector<std::unique_ptr<Writer>> writers_;
  std::vector<std::jthread> threads_;
};

}  // namespace pgexpand::chaos
