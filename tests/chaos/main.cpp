// Chaos: migrations under writers and faults, a trial for each seed.
#include "chaos/cluster.hpp"
#include "chaos/trial.hpp"
#include "places.hpp"
#include "support/process.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <list>
#include <sstream>
#include <thread>

namespace pgexpand::chaos {
namespace {

constexpr const char* usage =
    "usage: run [--seed N | --seeds A..B] [--seconds S] [--jobs J]\n"
    "           [--logs DIR] [--program PATH] [--schedule]\n"
    "  --seconds S   faults for so long in each trial (default 5)\n"
    "  --jobs J      that many trials at a time (default 2)\n"
    "  --logs DIR    the story of each trial with a violation (default: a\n"
    "                folder chaos-logs where this was started)\n"
    "  --program P   another pgexpand than the one that was built with it\n"
    "  --schedule    say what would be done, and do nothing\n";

struct Request {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  int seconds = 5;
  int jobs = 2;
  std::string logs = "chaos-logs";
  std::string program = pgexpand::testing::shipped_program();
  bool only_schedule = false;
  bool is_one = false;
};

struct Totals {
  long faults = 0;
  long operations = 0;
  long violations = 0;
};

template <typename Number>
Number number(std::string_view text) {
  Number result{};
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, result);
  if (read.ec != std::errc() || read.ptr != end) {
    throw std::invalid_argument(usage);
  }
  return result;
}

Request parse(const std::vector<std::string>& words) {
  Request request;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--schedule") {
      request.only_schedule = true;
      continue;
    }
    if (i + 1 == words.size()) {
      throw std::invalid_argument(usage);
    }
    const std::string& value = words[++i];
    if (word == "--seed") {
      request.first = request.last = number<std::uint64_t>(value);
    } else if (word == "--seeds") {
      const auto dots = value.find("..");
      if (dots == std::string::npos) {
        throw std::invalid_argument(usage);
      }
      request.first = number<std::uint64_t>(value.substr(0, dots));
      request.last = number<std::uint64_t>(value.substr(dots + 2));
    } else if (word == "--seconds") {
      request.seconds = number<int>(value);
    } else if (word == "--jobs") {
      request.jobs = std::max(1, number<int>(value));
    } else if (word == "--program") {
      request.program = value;
    } else if (word == "--logs") {
      request.logs = value;
    } else {
      throw std::invalid_argument(usage);
    }
  }
  request.is_one = request.first == request.last;
  return request;
}

std::string counts(const Totals& totals) {
  return fmt::format("faults {}, operations {}, violations {}", totals.faults,
                     totals.operations, totals.violations);
}

Schedule schedule_of(const Request& request) {
  return draw_schedule(request.first, milliseconds(request.seconds * 1'000),
                       is_pooler_installed());
}

/// One seed in this process.
int run_one(const Request& request) {
  const auto schedule = schedule_of(request);
  const auto begin = std::chrono::steady_clock::now();
  const Outcome outcome = run_trial(schedule, request.first, request.program);
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - begin;
  const std::string summary = describe(schedule.scenario);
  std::cout << fmt::format("seed {}: {:.1f} s, longest wait {} ms, {}{}{}\n",
                           request.first, took.count(), outcome.longest_wait_ms,
                           summary, schedule.has_standby ? "; a standby" : "",
                           schedule.has_pooler ? "; pgbouncer" : "");
  for (const std::string& violation : outcome.violations) {
    std::cout << "  " << violation << "\n";
  }
  if (!outcome.violations.empty()) {
    std::filesystem::create_directories(request.logs);
    const auto path =
        fmt::format("{}/seed-{}.log", request.logs, request.first);
    std::ofstream(path) << describe(schedule) << outcome.story;
    std::cout << "  see " << path << "\n";
  }
  std::cout << counts(
                   {.faults = outcome.faults,
                    .operations = outcome.operations,
                    .violations = static_cast<long>(outcome.violations.size())})
            << "\n";
  return outcome.violations.empty() ? 0 : 1;
}

/// Takes the line of counts off a trial's output. A trial that has none broke.
void add(const testing::ProcessResult& result, Totals& totals) {
  std::string text = result.out;
  const auto at = text.rfind("faults ");
  Totals one;
  if (at == std::string::npos ||
      std::sscanf(text.c_str() + at,
                  "faults %ld, operations %ld, violations %ld", &one.faults,
                  &one.operations, &one.violations) != 3) {
    std::cout << text << result.err << "  a trial ended with "
              << result.exit_code << "\n";
    ++totals.violations;
    return;
  }
  std::cout << text.substr(0, at) << result.err << std::flush;
  totals.faults += one.faults;
  totals.operations += one.operations;
  totals.violations += one.violations;
}

/// Each seed in a process of its own, several at a time.
int run_many(const Request& request, const std::string& program) {
  constexpr std::chrono::milliseconds poll{20};
  Totals totals;
  std::list<testing::Process> trials;
  for (auto seed = request.first; seed <= request.last || !trials.empty();) {
    if (seed <= request.last &&
        trials.size() < static_cast<std::size_t>(request.jobs)) {
      trials.emplace_back(testing::Arguments{
          program, "--seed", std::to_string(seed++), "--seconds",
          std::to_string(request.seconds), "--logs", request.logs, "--program",
          request.program});
    }
    std::this_thread::sleep_for(poll);
    std::erase_if(trials, [&](testing::Process& trial) {
      if (trial.is_running()) {
        return false;
      }
      add(trial.wait(), totals);
      return true;
    });
  }
  std::cout << counts(totals) << "\n";
  return totals.violations == 0 ? 0 : 1;
}

}  // namespace
}  // namespace pgexpand::chaos

int main(int argc, char** argv) {
  using namespace pgexpand::chaos;
  try {
    auto request = parse({argv + 1, argv + argc});
    if (request.only_schedule) {
      for (; request.first <= request.last; ++request.first) {
        std::cout << "seed " << request.first << ": "
                  << describe(schedule_of(request)) << "\n";
      }
      return 0;
    }
    return request.is_one ? run_one(request)
                          : run_many(request, "/proc/self/exe");
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 2;
  }
}
