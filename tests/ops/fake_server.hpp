#pragma once

#include "pgexpand/catalog/probe.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>

namespace pgexpand::ops {

/// Answers probes the way a friendly server would: every expression is sound,
/// immutable and assignable, and is given back with its columns qualified by
/// the table's name. Single answers can be bent.
class FakeServer {
 public:
  using Bend = std::function<void(catalog::ExpressionAnswer&)>;

  /// Changes the answer to every probe of this text.
  void when_asked(const std::string& text, Bend bend) {
    bends_[text] = std::move(bend);
  }

  /// Adds a type of the user's to those it knows.
  void create_type(const std::string& name, catalog::Type type) {
    types_[name] = std::move(type);
  }

  /// No foreign key from a column of this name can be made.
  void cannot_refer_from(const std::string& column) {
    incomparable_.insert(column);
  }

  [[nodiscard]] catalog::Answers answer(const catalog::Probes& probes) const;

 private:
  [[nodiscard]] catalog::TypeAnswer answer(
      const catalog::TypeProbe& probe) const;
  [[nodiscard]] catalog::ExpressionAnswer answer(
      const catalog::ExpressionProbe& probe) const;

  std::map<std::string, Bend> bends_;
  std::set<std::string> incomparable_;
  std::map<std::string, catalog::Type> types_;
};

}  // namespace pgexpand::ops
