#pragma once

namespace pgexpand {

/// The names of all fault points on stdout, a line each.
void list_fault_points();

}  // namespace pgexpand
