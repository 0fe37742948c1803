#pragma once

namespace pgexpand {

/// Throws Error(internal). Used by PGEXPAND_ASSERT only.
[[noreturn]] void assertion_failed(const char* condition,
                                   const char* file,
                                   int line);

}  // namespace pgexpand

/// Guards against a bug of ours, in release builds too.
#define PGEXPAND_ASSERT(condition)    \
  ((condition) ? static_cast<void>(0) \
               : ::pgexpand::assertion_failed(#condition, __FILE__, __LINE__))
