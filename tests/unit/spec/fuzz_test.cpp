#include "unit/spec/findings.hpp"

#include <gtest/gtest.h>

#include <random>

namespace pgexpand::spec {
namespace {

const std::vector<std::string> seeds{
    one_operation,
    "!x,",
    "[a] , b",
    ", x",
    "a ]",
    "--- a\n...\n--- b\n",
    "%YAML 1.2\n---\nkey: \"a\\n\\x41\"\n",
    "description: |\n  two\n  lines\nsettings: {lock: {timeout: 5s}}\n",
    "depends_on: [a, 'b', \"c\"]\noperations:\n- x: {a: [1, {b: ~}], c: >-\n"
    "    folded }}\n",
    "? - a\n: - b\n&x k: *x\n<<: {a: b}\n!!map {}: !t v\n",
    "ключ: значение # übung\n"};

// What YAML gives a meaning to, and bytes that are no text at all.
const std::vector<std::string> pieces{
    ",",    ":",    ": ", "- ", "? ",  "[",   "]",   "{",    "}",
    "'",    "\"",   "\n", " ",  "\t",  "#",   "!",   "&a",   "*a",
    "|",    ">",    "%",  "@",  "`",   "---", "...", "<<: ", "null",
    "\xFF", "\xC3", "\r", "~",  "\\x", "!x,"};

class Mutator {
 public:
  std::string next() {
    std::string text = pick(seeds);
    for (std::size_t left = number(8); left > 0; --left) {
      mutate(text);
    }
    return text;
  }

 private:
  std::size_t number(std::size_t limit) { return random_() % limit; }
  const std::string& pick(const std::vector<std::string>& from) {
    return from[number(from.size())];
  }
  void mutate(std::string& text) {
    const std::size_t at = number(text.size() + 1);
    switch (number(4)) {
      case 0:
        text.insert(at, pick(pieces));
        break;
      case 1:
        text.erase(at, number(6));
        break;
      case 2:
        text.insert(at, pick(seeds));
        break;
      default:
        text.resize(at);
    }
  }

  std::mt19937 random_{20261120};  // NOLINT: the same inputs every time
};

TEST(FuzzTest, NoBytesCrashOrHangTheParser) {
  Mutator mutator;
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = mutator.next();
    Diagnostics findings;
    const auto spec = parse(text, "a.yaml", findings);
    EXPECT_TRUE(spec || findings.has_errors()) << text;
    for (const Diagnostic& finding : findings.all()) {
      EXPECT_GE(finding.where.line, 1) << text;
      EXPECT_GE(finding.where.column, 1) << text;
    }
  }
}

TEST(FuzzTest, WhatIsAcceptedParsesToTheSameModelAgain) {
  Mutator mutator;
  for (int round = 0; round < 2'000; ++round) {
    const std::string text = mutator.next();
    Diagnostics findings;
    const auto spec = parse(text, "a.yaml", findings);
    if (spec && !findings.has_errors()) {
      Diagnostics again;
      EXPECT_EQ(parse(spec->text, "a.yaml", again)->hash, spec->hash) << text;
    }
  }
}

}  // namespace
}  // namespace pgexpand::spec
