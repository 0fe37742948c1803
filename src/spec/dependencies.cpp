#include "spec/dependencies.hpp"

#include "spec/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

namespace pgexpand::spec {
namespace {

void find_unknown(const MigrationSpec& spec,
                  const std::vector<std::string>& ids,
                  Diagnostics& findings) {
  for (std::size_t i = 0; i < spec.depends_on.size(); ++i) {
    const std::string& id = spec.depends_on[i];
    if (std::ranges::find(ids, id) != ids.end()) {
      continue;
    }
    const auto nearest = did_you_mean(id, ids);
    findings.error(spec.depends_on_where[i], "spec.unknown-dependency",
                   fmt::format("{} depends on {}, which is not in the folder",
                               spec.id, shown(id)),
                   nearest ? fmt::format("did you mean \"{}\"?", *nearest)
                           : "name a migration of this folder");
  }
}

/// Takes away whatever is free of circles, then names the circles in the rest.
/// No recursion: a chain may be as long as the folder.
class CircleFinder {
 public:
  explicit CircleFinder(const std::vector<MigrationSpec>& specs) {
    for (const MigrationSpec& spec : specs) {
      left_.emplace(spec.id, &spec);
    }
  }

  void report(Diagnostics& findings) {
    for (remove_free(); !left_.empty(); remove_free()) {
      const std::vector<std::string> circle = walk_circle();
      const MigrationSpec& last = *left_.at(circle.back());
      const auto closing = std::ranges::find(last.depends_on, circle.front());
      const auto at = closing - last.depends_on.begin();
      findings.error(
          last.depends_on_where[static_cast<std::size_t>(at)],
          "spec.dependency-cycle",
          fmt::format("{} depends on itself: {} -> {}", circle.front(),
                      fmt::join(circle, " -> "), circle.front()),
          "remove one of these dependencies");
      for (const std::string& id : circle) {
        left_.erase(id);
      }
    }
  }

 private:
  // Every spec that is left after this depends on one that is left.
  void remove_free() {
    std::vector<std::string> free;
    std::unordered_map<std::string, std::size_t> open;
    std::unordered_map<std::string, std::vector<std::string>> dependents;
    for (const auto& [id, spec] : left_) {
      for (const std::string& dependency : spec->depends_on) {
        if (left_.contains(dependency)) {
          ++open[id];
          dependents[dependency].push_back(id);
        }
      }
      if (!open.contains(id)) {
        free.push_back(id);
      }
    }
    while (!free.empty()) {
      const std::string id = std::move(free.back());
      free.pop_back();
      left_.erase(id);
      for (const std::string& dependent : dependents[id]) {
        if (--open[dependent] == 0) {
          free.push_back(dependent);
        }
      }
    }
  }

  // From the first spec left along its first dependency that is left, until
  // one comes again. Needs remove_free() first.
  std::vector<std::string> walk_circle() const {
    std::vector<std::string> path;
    std::set<std::string> seen;
    std::string id = left_.begin()->first;
    while (seen.insert(id).second) {
      path.push_back(id);
      const auto& dependencies = left_.at(id)->depends_on;
      id = *std::ranges::find_if(dependencies, [&](const std::string& next) {
        return left_.contains(next);
      });
    }
    path.erase(path.begin(), std::ranges::find(path, id));
    return path;
  }

  std::map<std::string, const MigrationSpec*> left_;
};

}  // namespace

void check_dependencies(const std::vector<MigrationSpec>& specs,
                        const std::vector<std::string>& ids,
                        Diagnostics& findings) {
  for (const MigrationSpec& spec : specs) {
    find_unknown(spec, ids, findings);
  }
  CircleFinder(specs).report(findings);
}

}  // namespace pgexpand::spec
