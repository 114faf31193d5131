#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "gpu/cpu/layout.hpp"
#include "gpu/device.hpp"
#include "gpu/domain_memory.hpp"

namespace baton::gpu::cpu {

/// What a prepared piece is to its layer.
enum class weight_role : std::uint8_t { matrix, recurrent, bias, peephole };

/// Prepared weights in host memory. Each piece is read from the file when a plan first needs it, put into the layout
/// that the plan's primitive wants (batch norms folded in, gates reordered), and kept; the bytes read are freed. A
/// second layout of the same piece is a second, counted copy. Thread-safe; addresses stay until it dies.
class cpu_weights final : public weights {
public:
  cpu_weights(std::shared_ptr<const metadata::model> of, std::shared_ptr<domain_memory> home)
      : model_(std::move(of)), home_(std::move(home)) {}

  std::size_t bytes() const override;
  const metadata::model& of() const { return *model_; }
  const domain_memory* home() const { return home_.get(); }

  /// The weight as it is in the file. Throws `failure`.
  const std::byte* plain(metadata::value_index root);

  /// `layer`'s piece in the layout `wanted`, of the given direction where it has two. If it is not there yet, `fill`
  /// writes it in the layout `given`. Throws `failure`, `dnnl::error`.
  const std::byte* prepared(std::uint32_t layer, weight_role role, const layout& wanted, const layout& given,
                            const std::function<void(std::span<float>)>& fill, std::uint32_t direction = 0);

  /// What `prepared` would take for that layout beyond the `plain_bytes` of the weight itself: nothing where it is
  /// there, all of it where another one is.
  std::size_t extra(std::uint32_t layer, weight_role role, const layout& wanted, std::size_t plain_bytes) const;
  /// The weights themselves, kept as numbers of that type.
  std::size_t own_bytes(number factors) const;
  /// What the model may spend on layouts that take more than the weights themselves.
  std::size_t share_of_extra() const;
  /// Half of what the domain's limit leaves when all weights are there as `factors`: for larger layouts and scratch
  /// memory.
  std::size_t room_under_limit(number factors) const;

  /// A weight's numbers, read anew and not kept. Throws `failure`; `bad_model` if they are not float32.
  metadata::tensor read(metadata::value_index root) const;

private:
  struct key {
    std::uint32_t layer;
    weight_role role;
    std::uint32_t direction;
    friend auto operator<=>(const key&, const key&) = default;
  };
  struct piece {
    layout how;
    buffer bytes;
  };
  std::string purpose_of(const std::string& name) const;

  std::shared_ptr<const metadata::model> model_;
  std::shared_ptr<domain_memory> home_;
  mutable std::mutex mutex_;
  std::map<metadata::value_index, buffer> plain_;
  std::map<key, std::vector<piece>> prepared_;
  std::size_t bytes_ = 0;
};

} // namespace baton::gpu::cpu
