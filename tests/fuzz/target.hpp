#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgexpand::fuzz {

/// What each target defines: feeds the product these bytes and checks what it
/// promises of them. Whatever is thrown, crashes or hangs is a finding.
void examine(std::string_view bytes);

/// Stops the program unless `holds`, so that the input is kept. `promise` says
/// what should have been true, `shown` what it was said of.
void check(bool holds, std::string_view promise, std::string_view shown = {});

/// The text without what is not UTF-8.
[[nodiscard]] std::string valid_utf8(std::string_view text);
[[nodiscard]] bool is_valid_utf8(std::string_view text);

}  // namespace pgexpand::fuzz
