#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgexpand::ops {

struct OpclassText {
  std::string name;     ///< As it was written.
  std::string options;  ///< `"siglen" = '64'`, ready for SQL; may be empty.
};

/// Takes `gist_trgm_ops(siglen=64)` apart. Nothing if it is not of that form.
[[nodiscard]] std::optional<OpclassText> split_opclass(std::string_view text);

}  // namespace pgexpand::ops
