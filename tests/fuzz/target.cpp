#include "fuzz/target.hpp"

#include <cstdio>
#include <cstdlib>

namespace pgexpand::fuzz {
namespace {

/// Bytes of the character that begins the text; 0 if none does.
std::size_t character_bytes(std::string_view text) {
  const auto at = [&](std::size_t n) {
    return n < text.size() ? static_cast<unsigned char>(text[n]) : 0U;
  };
  const auto follows = [&](std::size_t n) { return (at(n) & 0xC0U) == 0x80U; };
  const unsigned first = at(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xC2 && first < 0xE0) {
    return follows(1) ? 2 : 0;
  }
  if (first >= 0xE0 && first < 0xF0) {
    const bool is_overlong = first == 0xE0 && at(1) < 0xA0;
    const bool is_surrogate = first == 0xED && at(1) >= 0xA0;
    return follows(1) && follows(2) && !is_overlong && !is_surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first < 0xF5) {
    const bool is_overlong = first == 0xF0 && at(1) < 0x90;
    const bool is_beyond = first == 0xF4 && at(1) >= 0x90;
    return follows(1) && follows(2) && follows(3) && !is_overlong && !is_beyond
               ? 4
               : 0;
  }
  return 0;
}

}  // namespace

void check(bool holds, std::string_view promise, std::string_view shown) {
  if (holds) {
    return;
  }
  std::fprintf(stderr, "\nbroken promise: %.*s\n%.*s\n",
               static_cast<int>(promise.size()), promise.data(),
               static_cast<int>(shown.size()), shown.data());
  std::abort();
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const auto bytes = character_bytes(text);
    valid += text.substr(0, bytes);
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return valid;
}

bool is_valid_utf8(std::string_view text) { return valid_utf8(text) == text; }

}  // namespace pgexpand::fuzz

/// libFuzzer's way in.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  pgexpand::fuzz::examine({reinterpret_cast<const char*>(data), size});
  return 0;
}
