#pragma once

#include <compare>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace baton::metadata {

/// What a kernel is chosen for.
struct kernel_problem {
  std::string device;  ///< card or processor: "NVIDIA H100 80GB HBM3"
  std::string library; ///< with its version: "cudnn 9.19.0"
  std::string problem; ///< operation, precision and shape, in the words of the backend that asks
  friend auto operator<=>(const kernel_problem&, const kernel_problem&) = default;
};

/// The kernels that were found to be the fastest. A search by measurement is a race and may end differently each time:
/// what is kept first stays, so that equal devices make equal bits, today and after the next start. Thread-safe.
class kernel_choices {
public:
  virtual ~kernel_choices() = default;
  /// In the words of the backend that kept it: it may be of an older version, so it must be read with care.
  virtual std::optional<std::string> find(const kernel_problem& of) = 0;
  /// Returns the choice that counts: `choice`, or one that somebody kept before.
  virtual std::string keep(const kernel_problem& of, std::string_view choice) = 0;
  /// Puts `choice` in the place of one that proved to be of no use.
  virtual void replace(const kernel_problem& of, std::string_view choice) = 0;
};

/// Those that this process knows, as long as it lives.
class process_choices final : public kernel_choices {
public:
  std::optional<std::string> find(const kernel_problem& of) override;
  std::string keep(const kernel_problem& of, std::string_view choice) override;
  void replace(const kernel_problem& of, std::string_view choice) override;

  /// One for all who have no other.
  static const std::shared_ptr<kernel_choices>& of_this_process();

private:
  std::mutex mutex_;
  std::map<kernel_problem, std::string> known_;
};

} // namespace baton::metadata
