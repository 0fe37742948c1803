#include "spec/model_hash.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace pgexpand::spec {
namespace {

__extension__ using Number128 = unsigned __int128;

/// FNV-1a with 128 bits: it must tell edits apart, not withstand an attacker.
class Hash {
 public:
  void add(std::string_view bytes) {
    // 2^88 + 0x13B, the prime of FNV for 128 bits.
    constexpr Number128 prime = (Number128{1} << 88U) + 0x13BU;
    for (const char c : bytes) {
      value_ = (value_ ^ static_cast<unsigned char>(c)) * prime;
    }
  }
  /// Begins a value: with its length before it, no two models read alike.
  void begin(char kind, std::size_t size) {
    add(fmt::format("{}{}:", kind, size));
  }
  [[nodiscard]] std::string hex() const {
    return fmt::format("{:016x}{:016x}",
                       static_cast<std::uint64_t>(value_ >> 64U),
                       static_cast<std::uint64_t>(value_));
  }

 private:
  Number128 value_ =
      (Number128{0x6c62272e07bb0142U} << 64U) + 0x62b821756295c58dU;
};

void add_text(std::string_view text, Hash& hash) {
  hash.begin('s', text.size());
  hash.add(text);
}

void add_node(const Node& node, Hash& hash);

void add_map(const Node::Map& map, Hash& hash) {
  std::vector<const Entry*> sorted;
  for (const Entry& entry : map) {
    sorted.push_back(&entry);
  }
  std::ranges::sort(sorted, {}, [](const Entry* entry) -> const std::string& {
    return entry->key;
  });
  hash.begin('m', map.size());
  for (const Entry* entry : sorted) {
    add_text(entry->key, hash);
    add_node(*entry->value, hash);
  }
}

void add_node(const Node& node, Hash& hash) {
  if (const auto* scalar = node.scalar()) {
    add_text(scalar->text, hash);
  } else if (const auto* list = node.list()) {
    hash.begin('l', list->size());
    for (const auto& member : *list) {
      add_node(*member, hash);
    }
  } else if (const auto* map = node.map()) {
    add_map(*map, hash);
  } else {
    hash.begin('n', 0);
  }
}

}  // namespace

std::string hash_model(const std::vector<std::string>& depends_on,
                       const Node& operations) {
  Hash hash;
  hash.begin('l', depends_on.size());
  for (const std::string& id : depends_on) {
    add_text(id, hash);
  }
  add_node(operations, hash);
  return hash.hex();
}

}  // namespace pgexpand::spec
