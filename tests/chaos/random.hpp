#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace pgexpand::chaos {

/// The same numbers for the same seed, whatever library and compiler
/// (splitmix64). Not safe for several threads.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  /// From `low` to `high`, both included.
  int between(int low, int high) {
    const auto width = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<int>(next() % width);
  }
  /// True in `percent` of all cases.
  bool chance(int percent) { return between(1, 100) <= percent; }

  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t left = items.size(); left > 1; --left) {
      std::swap(items[left - 1], items[next() % left]);
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace pgexpand::chaos
