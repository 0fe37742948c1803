#include "exec/version_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace pgexpand::exec {
namespace {

using state::PublishedVersion;
using Versions = std::vector<PublishedVersion>;

Versions::const_iterator own_version(const Job& job, const Versions& versions) {
  return std::ranges::find(versions, job.id, &PublishedVersion::migration);
}

}  // namespace

void check_contract_order(const Job& job) {
  const Versions versions = job.store().versions();
  const auto mine = own_version(job, versions);
  if (mine == versions.end()) {
    return;
  }
  const auto earlier = std::find_if_not(
      versions.begin(), mine, std::mem_fn(&PublishedVersion::is_contracted));
  if (earlier != mine) {
    throw Error(ErrorKind::refused, "contract.out-of-order",
                fmt::format("migration {} cannot be contracted: {} published "
                            "its version before, and is not contracted",
                            job.id, earlier->migration))
        .hint(fmt::format("run pgexpand contract {}, then contract {}",
                          earlier->migration, job.id));
  }
}

void check_rollback_order(const Job& job) {
  const Versions versions = job.store().versions();
  const auto mine = own_version(job, versions);
  if (mine == versions.end() || mine + 1 == versions.end()) {
    return;
  }
  const std::string& newest = versions.back().migration;
  throw Error(ErrorKind::refused, "rollback.out-of-order",
              fmt::format("migration {} cannot be rolled back: {} published "
                          "its version later",
                          job.id, newest))
      .hint(fmt::format("run pgexpand rollback {}, then rollback {}", newest,
                        job.id));
}

}  // namespace pgexpand::exec
