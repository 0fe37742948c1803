#pragma once

#include "fuzz/input.hpp"
#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/catalog/probe.hpp"

namespace pgexpand::fuzz {

/// Answers as a server might, as the bytes say; without bytes as a friendly
/// one. Never with what no server would say: an expression comes back
/// deparsed, with its columns qualified.
[[nodiscard]] catalog::Answers answer(Input& input,
                                      const catalog::Probes& probes);

}  // namespace pgexpand::fuzz
