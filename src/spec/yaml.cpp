// YAML text to located nodes, through yaml-cpp's events. Its node tree is not
// used: it keeps no place for keys, and follows aliases and merge keys.
#include "spec/yaml_builder.hpp"

#include <fmt/format.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

namespace pgexpand::spec {
namespace {

/// The first quote after `offset` that can open a scalar.
std::optional<std::size_t> find_open_quote(std::string_view text,
                                           std::size_t offset) {
  constexpr std::string_view may_stand_before = " \n\t[{,:-?";
  for (std::size_t at = offset; at < text.size(); ++at) {
    const bool is_quote = text[at] == '\'' || text[at] == '"';
    if (is_quote && (at == 0 || may_stand_before.find(text[at - 1]) !=
                                    std::string_view::npos)) {
      return at;
    }
  }
  return std::nullopt;
}

// yaml-cpp reports what is never closed at the end or the start of the file.
Location locate_syntax_error(const YAML::Exception& error,
                             const YAML::Mark& last_good,
                             Source& source) {
  const std::size_t good =
      source.offset(line_of(last_good), column_of(last_good));
  const std::size_t claimed =
      error.mark.is_null()
          ? 0
          : source.offset(line_of(error.mark), column_of(error.mark));
  const auto rest = source.text().find_first_not_of(" \n\t", claimed);
  if (rest == std::string::npos) {
    return source.at_offset(
        find_open_quote(source.text(), good).value_or(good));
  }
  return source.at_offset(std::max(claimed, good));
}

void report_syntax_error(const YAML::Exception& error,
                         const YAML::Mark& last_good,
                         Source& source,
                         Diagnostics& findings) {
  const Location where = locate_syntax_error(error, last_good, source);
  if (source.byte(line_of(error.mark), column_of(error.mark)) == '*') {
    findings.error(where, "spec.alias", "aliases (*name) are not allowed",
                   "write the value out, or quote a text that begins with *");
    return;
  }
  findings.error(where, "spec.yaml-syntax",
                 fmt::format("this is not valid YAML: {}", error.msg),
                 "check the indentation and the brackets, and quote text that "
                 "holds a special character");
}

}  // namespace

std::shared_ptr<const Node> parse_yaml(std::string_view text,
                                       const std::string& file,
                                       Diagnostics& findings) {
  std::optional<Source> source = Source::check(text, file, findings);
  if (!source) {
    return nullptr;
  }
  Builder builder(*source, findings);
  bool is_cut_short = false;
  try {
    std::istringstream stream(source->text());
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    is_cut_short = true;
  } catch (const YAML::Exception& error) {
    is_cut_short = true;
    report_syntax_error(error, builder.last_mark(), *source, findings);
  }
  // Whatever follows a complete first document, that one can be read.
  if (builder.is_complete() && builder.root() != nullptr) {
    return builder.root();
  }
  if (is_cut_short) {
    return nullptr;
  }
  auto empty = std::make_shared<Node>();
  empty->where = source->at(0, 0);
  return empty;
}

}  // namespace pgexpand::spec
