// The program with faults: its own main() under another name, and one flag.
#include "faults/injector.hpp"

#include <string_view>

int program_main(int argc, char** argv);

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--list-fault-points") {
    pgexpand::list_fault_points();
    return 0;
  }
  return program_main(argc, argv);
}
