#pragma once

#include "pg/results.hpp"

#include <functional>
#include <string>
#include <vector>

namespace pgexpand::pg {

/// libpq's pipeline mode for a scope: statements go out one after the other,
/// and the answers are read afterwards. Blocking: libpq takes in what the
/// server sends while it waits to send, so neither side waits for the other for
/// ever.
///
/// A Sync after a statement makes the server say that it waits for us. From
/// then on it counts how long we keep it waiting, and what follows a failed
/// statement is answered with an error of its own, the COMMIT with ROLLBACK. In
/// a pipeline without them a server would wait for the rest without a limit,
/// with its locks.
class Pipeline {
 public:
  /// `await` is called before anything is read that may not be there yet.
  Pipeline(PGconn* connection, std::function<void()> await);
  /// Reads what was not read, so that the connection can be used again.
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// False: the link is broken.
  [[nodiscard]] bool send(const std::string& text,
                          const std::vector<const char*>& values);
  [[nodiscard]] bool sync();
  /// The last result of the next statement that was sent; null where the link
  /// broke before it came. After COPY the connection is of no use any more.
  [[nodiscard]] OwnedResult answer();

 private:
  [[nodiscard]] OwnedResult next();

  PGconn* connection_;
  std::function<void()> await_;
  int unread_ = 0;  ///< Statements sent and not read.
  bool is_synced_ = true;
  bool is_stuck_ = false;
};

}  // namespace pgexpand::pg
