#pragma once

#include "pgexpand/spec/migration_spec.hpp"

#include <string>
#include <vector>

namespace pgexpand::spec {

/// 32 hex digits that stay the same while the parsed model does: comments,
/// line endings, quoting style and the order of a mapping's keys do not count;
/// the order of a list does. It is stored, so it may never change.
[[nodiscard]] std::string hash_model(const std::vector<std::string>& depends_on,
                                     const Node& operations);

}  // namespace pgexpand::spec
