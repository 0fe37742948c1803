#include "pgexpand/spec/migration_spec.hpp"

#include <algorithm>
#include <numeric>

namespace pgexpand::spec {
namespace {

// Levenshtein's distance, with two swapped neighbours counted as one edit.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::size_t difference(std::size_t a, std::size_t b) {
  return a > b ? a - b : b - a;
}

}  // namespace

std::optional<std::string> did_you_mean(
    std::string_view word, const std::vector<std::string>& choices) {
  std::optional<std::string> nearest;
  std::size_t limit = std::max<std::size_t>(2, word.size() / 3);
  for (const std::string& choice : choices) {
    // Length first: it is cheap, and a word may be a megabyte long.
    if (difference(word.size(), choice.size()) > limit) {
      continue;
    }
    const std::size_t distance = edit_distance(word, choice);
    const bool shares_something =
        distance < std::max(word.size(), choice.size());
    const bool is_nearer = nearest ? distance < limit : distance <= limit;
    if (shares_something && is_nearer) {
      nearest = choice;
      limit = distance;
    }
  }
  return nearest;
}

}  // namespace pgexpand::spec
