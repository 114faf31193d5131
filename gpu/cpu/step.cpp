#include "gpu/cpu/step.hpp"

#include <cstring>

namespace baton::gpu::cpu {

bound_arguments primitive_step::bind() const {
  bound_arguments result;
  result.memories.reserve(arguments_.size());
  for (const auto& a : arguments_) {
    const auto& at = a.what.at;
    auto* address = at.in == place::space::constant ? const_cast<std::byte*>(at.constant) + at.offset : nullptr;
    result.memories.emplace_back(a.what.how, cpu_engine(), address);
    result.arguments.push_back({a.name, result.memories.back().get()});
  }
  return result;
}

void primitive_step::run(const run_context& context) const {
  auto& arguments = context.bound[slot_].arguments;
  for (std::size_t i = 0; i < arguments_.size(); ++i)
    if (const auto& at = arguments_[i].what.at;
        at.in != place::space::constant || at.per_part != 0) // else it was bound for good
      dnnl::error::wrap_c_api(
          dnnl_memory_set_data_handle(arguments[i].memory, context.values.at(arguments_[i].what.at)),
          "could not bind an operand");
  // The C interface takes the prepared array; the C++ one would build a new one from a map on every call.
  dnnl::error::wrap_c_api(dnnl_primitive_execute(primitive_.get(), context.stream->get(),
                                                 static_cast<int>(arguments.size()), arguments.data()),
                          "could not run a primitive");
}

void copy_step::run(const run_context& context) const {
  auto* to = context.values.at(to_);
  const auto* from = context.values.at(from_);
  if (to != from)
    std::memcpy(to, from, bytes_);
}

} // namespace baton::gpu::cpu
