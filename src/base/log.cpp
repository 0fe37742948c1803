// The only file that includes spdlog: its headers are slow to compile.
#include "pgexpand/base/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>

namespace pgexpand {
namespace {

std::shared_ptr<spdlog::logger> make_logger() {
  auto logger = std::make_shared<spdlog::logger>(
      "pgexpand", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%H:%M:%S.%e debug: %v");
  logger->set_level(spdlog::level::off);
  logger->flush_on(spdlog::level::debug);
  return logger;
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = make_logger();
  return *instance;
}

}  // namespace

void set_verbose(bool verbose) {
  logger().set_level(verbose ? spdlog::level::debug : spdlog::level::off);
}

bool is_verbose() { return logger().should_log(spdlog::level::debug); }

void log_debug(std::string_view message) {
  logger().debug(spdlog::string_view_t(message.data(), message.size()));
}

}  // namespace pgexpand
