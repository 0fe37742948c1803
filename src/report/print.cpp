#include "pgexpand/report/print.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <ostream>
#include <string>

namespace pgexpand::report {
namespace {

std::string heading(Severity severity,
                    const std::string& code,
                    const Style& style) {
  switch (severity) {
    case Severity::error:
      return style.red(fmt::format("error[{}]", code));
    case Severity::refusal:
      return style.red(fmt::format("refused[{}]", code));
    case Severity::warning:
      return style.yellow(fmt::format("warning[{}]", code));
  }
  return code;
}

std::string place(const Location& where) {
  if (where.line == 0) {
    return where.file;
  }
  return fmt::format("{}:{}:{}", where.file, where.line, where.column);
}

/// Blanks up to the caret. Tabs stay tabs, so that the caret stands below its
/// character whatever the terminal's tab stops are.
std::string indent_of(const Location& where) {
  std::string indent;
  int column = 1;
  for (const char byte : where.line_text) {
    if (column >= where.column) {
      return indent;
    }
    const bool continues = (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
    if (!continues) {
      indent += byte == '\t' ? '\t' : ' ';
      ++column;
    }
  }
  return indent;
}

void print_line(const Location& where, std::ostream& out, const Style& style) {
  const std::string number = std::to_string(where.line);
  const std::string margin(number.size(), ' ');
  fmt::print(out, " {} {}\n", margin, style.dim("|"));
  fmt::print(out, " {} {} {}\n", style.dim(number), style.dim("|"),
             where.line_text);
  fmt::print(out, " {} {} {}{}\n", margin, style.dim("|"), indent_of(where),
             style.red("^"));
}

/// `  HINT:  text`, further lines of `text` below its first.
void print_field(const char* name, const std::string& text, std::ostream& out) {
  if (text.empty()) {
    return;
  }
  const std::string lead = fmt::format("  {}:  ", name);
  std::string indented;
  for (const char byte : text) {
    indented += byte;
    if (byte == '\n') {
      indented.append(lead.size(), ' ');
    }
  }
  fmt::print(out, "{}{}\n", lead, indented);
}

}  // namespace

void print(const Diagnostic& finding, std::ostream& out, const Style& style) {
  fmt::print(out, "{}: {}\n", heading(finding.severity, finding.code, style),
             finding.message);
  const Location& where = finding.where;
  if (!where.file.empty()) {
    fmt::print(out, "  {} {}\n", style.dim("-->"), place(where));
  }
  if (where.line > 0 && !where.line_text.empty()) {
    print_line(where, out, style);
  }
  print_field("HINT", finding.hint, out);
}

void print(const Diagnostics& findings, std::ostream& out, const Style& style) {
  for (const Diagnostic& finding : findings.all()) {
    print(finding, out, style);
    fmt::print(out, "\n");
  }
}

void print(const Error& error, std::ostream& out, const Style& style) {
  fmt::print(out, "{}: {}\n", style.red(fmt::format("error[{}]", error.code())),
             error.message());
  print_field("DETAIL", error.detail(), out);
  print_field("HINT", error.hint(), out);
  print_field("SQLSTATE", error.sqlstate(), out);
}

}  // namespace pgexpand::report
