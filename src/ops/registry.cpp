#include "pgexpand/ops/operation.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {

#define OPERATION(name) extern const OperationType name;
#include "ops/operations.def"
#undef OPERATION

const std::vector<const OperationType*>& all_operations() {
  static const std::vector<const OperationType*> operations{
#define OPERATION(name) &(name),
#include "ops/operations.def"
#undef OPERATION
  };
  return operations;
}

namespace {

const OperationType* find(std::string_view kind) {
  for (const OperationType* type : all_operations()) {
    if (type->name == kind) {
      return type;
    }
  }
  return nullptr;
}

void report_unknown(const spec::OperationSpec& operation,
                    Diagnostics& findings) {
  std::vector<std::string> names;
  for (const OperationType* type : all_operations()) {
    names.emplace_back(type->name);
  }
  const auto nearest = spec::did_you_mean(operation.kind, names);
  findings.error(
      operation.where, "spec.unknown-operation",
      fmt::format("there is no operation {}", operation.kind),
      nearest ? fmt::format("did you mean {}?", *nearest)
              : "`pgexpand new` writes an example; docs/operations lists all");
}

}  // namespace

std::vector<std::unique_ptr<Operation>> parse_operations(
    const spec::MigrationSpec& spec, Diagnostics& findings) {
  std::vector<std::unique_ptr<Operation>> operations;
  for (const auto& entry : spec.operations) {
    const OperationType* type = find(entry.kind);
    if (type == nullptr) {
      report_unknown(entry, findings);
      continue;
    }
    spec::Fields fields(entry.fields, entry.kind);
    if (auto operation = type->parse(fields, findings)) {
      operations.push_back(std::move(operation));
    }
  }
  return operations;
}

}  // namespace pgexpand::ops
