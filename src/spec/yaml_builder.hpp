#pragma once

#include "pgexpand/spec/migration_spec.hpp"
#include "spec/source.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pgexpand::spec {

/// Thrown through yaml-cpp to end a parse whose finding is already there.
struct Stop {};

/// Builds located nodes from yaml-cpp's events, with a finding for everything
/// that a spec may not use. Throws Stop where going on makes no sense.
class Builder final : public YAML::EventHandler {
 public:
  Builder(Source& source, Diagnostics& findings)
      : source_(source), findings_(findings) {}

  [[nodiscard]] std::shared_ptr<const Node> root() const { return root_; }
  [[nodiscard]] bool is_complete() const { return is_complete_; }
  [[nodiscard]] const YAML::Mark& last_mark() const { return last_mark_; }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override { is_complete_ = true; }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { frames_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { frames_.pop_back(); }
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override;

 private:
  struct Key {
    std::string text;
    Location where;
    bool is_dropped = false;  // its value is parsed, but not kept
  };
  /// A mapping or list that is still open.
  struct Frame {
    std::shared_ptr<Node> node;
    std::optional<Key> key;  // has been read, waits for its value
    std::unordered_map<std::string, int> lines_of_keys;
  };

  Location locate(const YAML::Mark& mark);
  Location locate_null(const YAML::Mark& mark);
  void check_tag(const YAML::Mark& mark,
                 const std::string& tag,
                 std::string_view untagged);
  void check_quotes(const YAML::Mark& mark, const Location& where);
  void open(const YAML::Mark& mark, std::shared_ptr<Node> node);
  void place(const std::shared_ptr<Node>& node);
  Key read_key(Frame& frame, const Node& node);
  [[nodiscard]] const Key* waiting_key() const;

  Source& source_;
  Diagnostics& findings_;
  std::shared_ptr<Node> root_;
  std::vector<Frame> frames_;
  YAML::Mark last_mark_;
  bool has_begun_ = false;
  bool is_complete_ = false;
};

/// The line and column of a mark as Source counts them.
inline std::size_t line_of(const YAML::Mark& mark) {
  return static_cast<std::size_t>(std::max(mark.line, 0));
}

inline std::size_t column_of(const YAML::Mark& mark) {
  return static_cast<std::size_t>(std::max(mark.column, 0));
}

}  // namespace pgexpand::spec
