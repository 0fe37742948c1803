#pragma once

#include <filesystem>
#include <string>

namespace pgexpand::testing {

// Full paths of this build. One small file knows them, so that another clone of
// the same text finds all others in ccache.

/// The folder of CMakeLists.txt.
[[nodiscard]] std::filesystem::path source_folder();
/// The program that is shipped, and the one with fault points. A test that
/// starts one must depend on it in CMake.
[[nodiscard]] std::string shipped_program();
[[nodiscard]] std::string faulty_program();

}  // namespace pgexpand::testing
