#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace pgexpand::fuzz {

/// Draws decisions from bytes: the same bytes, the same decisions. When they
/// are used up it goes on with zeros, so every input is a whole one.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool is_empty() const { return bytes_.empty(); }

  /// 0 to 255.
  unsigned byte() {
    if (bytes_.empty()) {
      return 0;
    }
    const auto value = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }

  /// Below `limit`, which is 1 to 256.
  std::size_t below(std::size_t limit) { return byte() % limit; }

  /// True for one byte in `among`; never once the bytes are used up.
  bool one_in(std::size_t among) { return below(among) == among - 1; }

  template <typename Item, std::size_t size>
  const Item& pick(const std::array<Item, size>& items) {
    return items[below(size)];
  }

  /// Up to `most` bytes as they stand.
  std::string_view text(std::size_t most) {
    const auto size = most == 0 ? 0 : below(most + 1);
    const auto taken = bytes_.substr(0, size);
    bytes_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest() { return std::exchange(bytes_, {}); }

 private:
  std::string_view bytes_;
};

}  // namespace pgexpand::fuzz
