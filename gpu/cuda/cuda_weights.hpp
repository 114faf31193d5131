#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <tuple>

#include "gpu/cuda/stager.hpp"
#include "gpu/device.hpp"
#include "gpu/domain_memory.hpp"

namespace baton::gpu::cuda {

/// What a prepared piece is to its layer.
enum class weight_role : std::uint8_t { matrix, recurrent, bias, peephole, scale };

/// Prepared weights in a GPU's memory. Each piece is read from the file when a plan first needs it, put into the form
/// that the kernels want (batch norms folded in, gates reordered), copied there and kept. Thread-safe; addresses stay
/// until it dies.
class cuda_weights final : public weights {
public:
  cuda_weights(std::shared_ptr<const metadata::model> of, std::shared_ptr<domain_memory> home,
               std::shared_ptr<stager> upload)
      : model_(std::move(of)), home_(std::move(home)), upload_(std::move(upload)) {}

  std::size_t bytes() const override;
  const metadata::model& of() const { return *model_; }
  const domain_memory* home() const { return home_.get(); }
  const std::shared_ptr<domain_memory>& memory() const { return home_; }

  /// The weight as it is in the file. Throws `failure`.
  const std::byte* plain(metadata::value_index root);
  /// `layer`'s piece of `count` floats; if it is not there yet, `fill` writes it. Throws `failure`.
  const std::byte* prepared(std::uint32_t layer, weight_role role, std::size_t count,
                            const std::function<void(std::span<float>)>& fill, std::uint32_t direction);

private:
  using key = std::tuple<std::uint32_t, weight_role, std::uint32_t>;
  buffer upload(const std::byte* from, std::size_t bytes, const std::string& name);
  std::string purpose_of(const std::string& name) const;

  std::shared_ptr<const metadata::model> model_;
  std::shared_ptr<domain_memory> home_;
  std::shared_ptr<stager> upload_;
  mutable std::mutex mutex_;
  std::map<metadata::value_index, buffer> plain_;
  std::map<key, buffer> prepared_;
  std::size_t bytes_ = 0;
};

} // namespace baton::gpu::cuda
