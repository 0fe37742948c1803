#pragma once

#include <array>
#include <string_view>

namespace pgexpand {

/// Moments at which a test may strike a run; fault_points.def has the list.
enum class FaultPoint {
#define FAULT_POINT(name) name,
#include "pgexpand/base/fault_points.def"
#undef FAULT_POINT
};

inline constexpr std::array fault_points{
#define FAULT_POINT(name) FaultPoint::name,
#include "pgexpand/base/fault_points.def"
#undef FAULT_POINT
};

[[nodiscard]] constexpr std::string_view name(FaultPoint point) noexcept {
  constexpr std::array<std::string_view, fault_points.size()> names{
#define FAULT_POINT(name) #name,
#include "pgexpand/base/fault_points.def"
#undef FAULT_POINT
  };
  return names.at(static_cast<std::size_t>(point));
}

/// Says that a run has come to `point`. Nothing in the program: the library's
/// definition is empty. The tests link one of their own, which may end the
/// process, throw, or cut `socket`; -1: every connection of the process.
void reach(FaultPoint point, int socket = -1);

}  // namespace pgexpand
