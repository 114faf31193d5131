#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <dnnl.hpp>

#include "gpu/cpu/layout.hpp"
#include "gpu/place.hpp"

/// What a built layer is made of. Steps are immutable and shared by all devices of a plan; what they need at run time
/// comes from the device.
namespace baton::gpu::cpu {

/// A value's place in a block, and how it lies there.
struct value_slot : planned_value {
  std::optional<layout> how; ///< only of float32; all else is plain
};

/// Where the values of one request are.
struct frame {
  std::span<const value_slot> slots;
  std::byte* block = nullptr;
  std::span<const std::byte* const> inputs; ///< external ones; empty: all in the block
  std::byte* scratch = nullptr;
  std::byte* state = nullptr;
  std::uint32_t part = 0;

  /// Inputs given from outside are never written: their layers only read them.
  std::byte* at(const place& p) const {
    const auto shift = p.shift(part);
    switch (p.in) {
    case place::space::value: {
      const auto& slot = slots[p.root];
      if (slot.input && !inputs.empty() && inputs[*slot.input])
        return const_cast<std::byte*>(inputs[*slot.input]) + shift;
      return block + slot.offset + shift;
    }
    case place::space::scratch: return scratch + shift;
    case place::space::state: return state + shift;
    case place::space::constant: return const_cast<std::byte*>(p.constant) + shift;
    }
    std::abort(); // no such space
  }
};

/// The memory objects of one primitive on one device. They carry addresses, so no two devices may share them.
struct bound_arguments {
  std::vector<dnnl::memory> memories;
  std::vector<dnnl_exec_arg_t> arguments;
};

/// What a device gives to a step.
struct run_context {
  frame values;
  const dnnl::stream* stream = nullptr;
  std::span<bound_arguments> bound; ///< by slot
  std::uint32_t stop = 0;           ///< the parts of this submission end ahead of it
};

/// One action of a layer, in all its parts or some. `run` allocates nothing and creates no primitive; it throws
/// `failure` or `dnnl::error`.
class step {
public:
  virtual ~step() = default;
  virtual void run(const run_context& context) const = 0;

  /// `first_submitted`: no part of this layer came before it in the submission.
  bool runs_in(std::uint32_t part, bool first_submitted) const { return parts_.holds(part, first_submitted); }
  void limit_to(const part_range& parts) { parts_ = parts; }

private:
  part_range parts_;
};

/// An operand: how it lies and where.
struct operand {
  layout how;
  place at;
};

/// Runs one oneDNN primitive.
class primitive_step final : public step {
public:
  struct argument {
    int name; ///< DNNL_ARG_...
    operand what;
  };
  primitive_step(dnnl::primitive primitive, std::vector<argument> arguments, std::size_t slot)
      : primitive_(std::move(primitive)), arguments_(std::move(arguments)), slot_(slot) {}

  bound_arguments bind() const;
  void run(const run_context& context) const override;
  std::size_t slot() const { return slot_; }

private:
  dnnl::primitive primitive_;
  std::vector<argument> arguments_;
  std::size_t slot_;
};

/// Copies bytes from one place to another.
class copy_step final : public step {
public:
  copy_step(place from, place to, std::size_t bytes) : from_(from), to_(to), bytes_(bytes) {}
  void run(const run_context& context) const override;

private:
  place from_;
  place to_;
  std::size_t bytes_;
};

} // namespace baton::gpu::cpu
