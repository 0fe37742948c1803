#include "places.hpp"

namespace pgexpand::testing {

std::filesystem::path source_folder() { return PGEXPAND_SOURCE_DIR; }
std::string shipped_program() { return PGEXPAND_PROGRAM; }
std::string faulty_program() { return PGEXPAND_FAULTY_PROGRAM; }

}  // namespace pgexpand::testing
