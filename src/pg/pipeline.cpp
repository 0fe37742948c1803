#include "pg/pipeline.hpp"

#include <utility>

namespace pgexpand::pg {

Pipeline::Pipeline(PGconn* connection, std::function<void()> await)
    : connection_(connection), await_(std::move(await)) {
  PQenterPipelineMode(connection_);
}

// Without a Sync the server keeps its answers back.
Pipeline::~Pipeline() {
  if (is_stuck_) {
    return;
  }
  if (!is_synced_) {
    static_cast<void>(sync());
  }
  while (unread_ > 0 && PQstatus(connection_) == CONNECTION_OK) {
    static_cast<void>(answer());
  }
  // What is left is the Sync of the last statement.
  while (next()) {
  }
  PQexitPipelineMode(connection_);
}

bool Pipeline::send(const std::string& text,
                    const std::vector<const char*>& values) {
  if (PQsendQueryParams(connection_, text.c_str(),
                        static_cast<int>(values.size()), nullptr, values.data(),
                        nullptr, nullptr, 0) == 0) {
    return false;
  }
  ++unread_;
  is_synced_ = false;
  return true;
}

bool Pipeline::sync() {
  is_synced_ = true;
  return PQpipelineSync(connection_) != 0;
}

OwnedResult Pipeline::next() {
  await_();
  return OwnedResult(PQgetResult(connection_));
}

// The results of a statement end with a null; Syncs stand between them.
OwnedResult Pipeline::answer() {
  --unread_;
  OwnedResult last;
  OwnedResult result = next();
  while (result && PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) {
    result = next();
  }
  while (result) {
    last = std::move(result);
    if (is_copy(last.get())) {
      is_stuck_ = true;
    } else if (PQstatus(connection_) == CONNECTION_OK) {
      result = next();
    }
  }
  return last;
}

}  // namespace pgexpand::pg
