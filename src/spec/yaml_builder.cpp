#include "spec/yaml_builder.hpp"

#include <fmt/format.h>

#include <utility>

namespace pgexpand::spec {
namespace {

constexpr std::size_t max_depth = 32;

bool is_null_start(char c) { return c == '~' || c == 'n' || c == 'N'; }

/// Whether the quoted scalar that begins `text` ends before the text does.
bool is_closed(std::string_view text) {
  const char quote = text.front();
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      const bool is_doubled = quote == '\'' && text.substr(at + 1, 1) == "'";
      if (!is_doubled) {
        return true;
      }
      ++at;
    }
  }
  return false;
}

}  // namespace

Location Builder::locate(const YAML::Mark& mark) {
  last_mark_ = mark;
  return source_.at(line_of(mark), column_of(mark));
}

// yaml-cpp gives a value that is not written at all the place of whatever
// comes next: its key, or its dash, says better where it is missing.
Location Builder::locate_null(const YAML::Mark& mark) {
  Location where = locate(mark);
  if (const Key* key = waiting_key()) {
    return key->where.line != where.line ? key->where : where;
  }
  const std::string_view text = source_.text();
  const std::size_t at = source_.offset(line_of(mark), column_of(mark));
  const std::size_t before = text.substr(0, at).find_last_not_of(" \n\t");
  const bool is_written = at < text.size() && is_null_start(text[at]);
  return !is_written && before != std::string_view::npos && text[before] == '-'
             ? source_.at_offset(before)
             : where;
}

const Builder::Key* Builder::waiting_key() const {
  return frames_.empty() || !frames_.back().key ? nullptr
                                                : &*frames_.back().key;
}

// A second document must end the parse: yaml-cpp never stops handing out empty
// ones after a comma that is left over at the root.
void Builder::OnDocumentStart(const YAML::Mark& mark) {
  if (!has_begun_) {
    has_begun_ = true;
    return;
  }
  const Location where = locate(mark);
  if (source_.byte(line_of(mark), column_of(mark)) == ',') {
    findings_.error(where, "spec.yaml-syntax",
                    "a comma is left over after the end of the document",
                    "remove it, or quote the text that it belongs to");
  } else {
    findings_.error(where, "spec.second-document",
                    "a second YAML document begins here",
                    "move it into a file of its own");
  }
  throw Stop{};
}

void Builder::OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) {
  auto node = std::make_shared<Node>();
  node->where = locate_null(mark);
  place(node);
}

void Builder::OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) {
  auto node = std::make_shared<Node>();
  node->where = locate(mark);
  node->reported = true;
  findings_.error(node->where, "spec.alias", "aliases (*name) are not allowed",
                  "write the value out, or quote a text that begins with *");
  place(node);
}

void Builder::OnAnchor(const YAML::Mark& mark, const std::string& /*name*/) {
  findings_.error(locate(mark), "spec.anchor",
                  "anchors (&name) are not allowed",
                  "remove it, or quote a text that begins with &");
}

void Builder::check_tag(const YAML::Mark& mark,
                        const std::string& tag,
                        std::string_view untagged) {
  // The bare tag `!` looks like the mark of a quoted scalar: ask the text.
  const bool is_bare = source_.byte(line_of(mark), column_of(mark)) == '!';
  if (is_bare || tag != untagged) {
    findings_.error(locate(mark), "spec.tag", "tags (!name) are not allowed",
                    "remove it, or quote a text that begins with !");
  }
}

void Builder::OnScalar(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t /*anchor*/,
                       const std::string& value) {
  const bool is_quoted = tag == "!";
  check_tag(mark, tag, is_quoted ? "!" : "?");
  auto node = std::make_shared<Node>();
  node->where = locate(mark);
  node->value = Node::Scalar{mend_escapes(value), !is_quoted};
  check_quotes(mark, node->where);
  if (value.find('\0') != std::string::npos) {
    node->reported = true;
    findings_.error(node->where, "spec.nul",
                    "the text contains a NUL character",
                    "remove the escape; PostgreSQL cannot hold it");
  }
  place(node);
}

// yaml-cpp takes a line feed at the end of the file for a closing quote.
void Builder::check_quotes(const YAML::Mark& mark, const Location& where) {
  const char first = source_.byte(line_of(mark), column_of(mark));
  const std::string_view text = source_.text();
  const std::size_t at = source_.offset(line_of(mark), column_of(mark));
  if ((first == '\'' || first == '"') && !is_closed(text.substr(at))) {
    findings_.error(where, "spec.yaml-syntax", "this quote is never closed",
                    "close it, or remove it");
    throw Stop{};
  }
}

void Builder::OnSequenceStart(const YAML::Mark& mark,
                              const std::string& tag,
                              YAML::anchor_t /*anchor*/,
                              YAML::EmitterStyle::value /*style*/) {
  check_tag(mark, tag, "?");
  auto node = std::make_shared<Node>();
  node->value = Node::List{};
  open(mark, std::move(node));
}

void Builder::OnMapStart(const YAML::Mark& mark,
                         const std::string& tag,
                         YAML::anchor_t /*anchor*/,
                         YAML::EmitterStyle::value /*style*/) {
  check_tag(mark, tag, "?");
  auto node = std::make_shared<Node>();
  node->value = Node::Map{};
  open(mark, std::move(node));
}

void Builder::open(const YAML::Mark& mark, std::shared_ptr<Node> node) {
  node->where = locate(mark);
  if (frames_.size() >= max_depth) {
    findings_.error(node->where, "spec.too-deep",
                    fmt::format("nested more than {} levels deep", max_depth),
                    "flatten it");
    throw Stop{};
  }
  if (const Key* key = waiting_key();
      key != nullptr && key->where.line != node->where.line) {
    node->where = key->where;
  }
  place(node);
  frames_.push_back({std::move(node), std::nullopt, {}});
}

void Builder::place(const std::shared_ptr<Node>& node) {
  if (frames_.empty()) {
    root_ = node;
    return;
  }
  Frame& parent = frames_.back();
  if (auto* list = std::get_if<Node::List>(&parent.node->value)) {
    list->push_back(node);
  } else if (!parent.key) {
    parent.key = read_key(parent, *node);
  } else {
    Key key = *std::exchange(parent.key, std::nullopt);
    if (!key.is_dropped) {
      std::get<Node::Map>(parent.node->value)
          .push_back({std::move(key.text), std::move(key.where), node});
    }
  }
}

Builder::Key Builder::read_key(Frame& frame, const Node& node) {
  const Key dropped{{}, node.where, true};
  const Node::Scalar* scalar = node.scalar();
  if (node.reported) {
    return dropped;
  }
  if (scalar == nullptr) {
    findings_.error(node.where, "spec.complex-key",
                    node.is_null()
                        ? "a key is missing or null"
                        : "a key must be text, not a list or mapping",
                    "write a plain name before the colon");
    return dropped;
  }
  if (scalar->is_plain && scalar->text == "<<") {
    findings_.error(node.where, "spec.merge-key",
                    "merge keys (<<) are not allowed", "write the fields out");
    return dropped;
  }
  const auto [first, is_new] =
      frame.lines_of_keys.emplace(scalar->text, node.where.line);
  if (!is_new) {
    findings_.error(node.where, "spec.duplicate-key",
                    fmt::format("key {} stands here twice, first in line {}",
                                shown(scalar->text), first->second),
                    "remove one of them");
    return dropped;
  }
  return {scalar->text, node.where, false};
}

}  // namespace pgexpand::spec
