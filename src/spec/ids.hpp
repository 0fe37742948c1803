#pragma once

#include "pgexpand/base/diagnostics.hpp"

#include <string>
#include <string_view>

namespace pgexpand::spec {

/// The file's name without its folder and `.yaml`.
[[nodiscard]] std::string id_of_file(const std::string& file);

/// A finding unless `id` is at most 40 of `[a-z0-9_]`, not `_` first.
void check_id(std::string_view id,
              const std::string& file,
              Diagnostics& findings);

}  // namespace pgexpand::spec
