#include "gpu/cuda/convolution.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "gpu/cuda/defaults.hpp"

namespace baton::gpu::cuda {
namespace {

metadata::kernel_problem name_of(const layer_builder& builder, const conv_problem& p) {
  std::string name = builder.multiplies() == precision::tf32 ? "convolution tf32" : "convolution fp32";
  const auto append = [&](std::string_view what, const auto& numbers) {
    name.append(" ").append(what);
    for (auto n : numbers)
      name += ' ' + std::to_string(n);
  };
  append("x", p.source);
  append("w", p.weights);
  append("pads", p.pads);
  append("strides", p.strides);
  append("dilations", p.dilations);
  append("groups", std::array{p.groups});
  return {builder.card(), "cudnn " + std::to_string(cudnnGetVersion()), std::move(name)};
}

// An algorithm, as it is kept.

std::string text_of(const conv_algorithm& a) {
  return std::to_string(a.how) + ' ' + std::to_string(a.math);
}

std::optional<conv_algorithm> read(const std::string& text, precision multiplies) {
  int how = -1;
  int math = -1;
  std::istringstream in(text);
  if (!(in >> how >> math) || how < 0 || how >= CUDNN_CONVOLUTION_FWD_ALGO_COUNT
      || (math != CUDNN_FMA_MATH && math != CUDNN_DEFAULT_MATH && math != CUDNN_TENSOR_OP_MATH)
      || (math != CUDNN_FMA_MATH && multiplies == precision::fp32))
    return std::nullopt;
  return conv_algorithm{static_cast<cudnnConvolutionFwdAlgo_t>(how), static_cast<cudnnMathType_t>(math)};
}

int number(std::int64_t i) {
  return static_cast<int>(i);
}

std::size_t bytes_of(const extents& shape) {
  return static_cast<std::size_t>(elements_of(shape)) * sizeof(float);
}

void describe(tensor_descriptor& d, const extents& shape) {
  check(cudnnCreateTensorDescriptor(d.put()), "cudnnCreateTensorDescriptor");
  check(cudnnSetTensor4dDescriptor(d.get(), CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, number(shape[0]), number(shape[1]),
                                   number(shape[2]), number(shape[3])),
        "cudnnSetTensor4dDescriptor");
}

void describe(convolution& c, const conv_problem& p, bool relu) {
  describe(c.source, p.source);
  describe(c.target, p.target);
  describe(c.bias, {1, p.target[1], 1, 1});
  check(cudnnCreateFilterDescriptor(c.weights.put()), "cudnnCreateFilterDescriptor");
  check(cudnnSetFilter4dDescriptor(c.weights.get(), CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, number(p.weights[0]),
                                   number(p.weights[1]), number(p.weights[2]), number(p.weights[3])),
        "cudnnSetFilter4dDescriptor");
  check(cudnnCreateConvolutionDescriptor(c.how.put()), "cudnnCreateConvolutionDescriptor");
  check(cudnnSetConvolution2dDescriptor(c.how.get(), number(p.pads[0]), number(p.pads[1]), number(p.strides[0]),
                                        number(p.strides[1]), number(p.dilations[0]), number(p.dilations[1]),
                                        CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
        "cudnnSetConvolution2dDescriptor");
  check(cudnnSetConvolutionGroupCount(c.how.get(), number(p.groups)), "cudnnSetConvolutionGroupCount");
  check(cudnnCreateActivationDescriptor(c.act.put()), "cudnnCreateActivationDescriptor");
  check(cudnnSetActivationDescriptor(c.act.get(), relu ? CUDNN_ACTIVATION_RELU : CUDNN_ACTIVATION_IDENTITY,
                                     CUDNN_NOT_PROPAGATE_NAN, 0.0),
        "cudnnSetActivationDescriptor");
}

/// `a` with its workspace; nothing if it cannot be run, or not in `most` bytes.
std::optional<conv_algorithm> fit(const layer_builder& builder, const convolution& c, conv_algorithm a,
                                  std::size_t most) {
  check(cudnnSetConvolutionMathType(c.how.get(), a.math), "cudnnSetConvolutionMathType");
  if (cudnnGetConvolutionForwardWorkspaceSize(builder.on().dnn(), c.source.get(), c.weights.get(), c.how.get(),
                                              c.target.get(), a.how, &a.workspace)
          != CUDNN_STATUS_SUCCESS
      || a.workspace > most)
    return std::nullopt;
  return a;
}

/// The ways to multiply that keep the promised precision, whatever else a search may have tried; the best first.
std::vector<std::vector<cudnnMathType_t>> allowed(precision multiplies) {
  if (multiplies == precision::tf32)
    return {{CUDNN_DEFAULT_MATH, CUDNN_TENSOR_OP_MATH, CUDNN_FMA_MATH}};
  return {{CUDNN_FMA_MATH}, {CUDNN_DEFAULT_MATH}}; // what was measured in float32 before what must be run so
}

/// Runs every algorithm of the library on memory of its own. Throws `failure`; `out_of_memory` if there is no room.
conv_algorithm search(layer_builder& builder, const convolution& c, const conv_problem& p, std::size_t workspace) {
  const auto from = builder.temporary(bytes_of(p.source));
  const auto weights = builder.temporary(bytes_of(p.weights));
  const auto to = builder.temporary(bytes_of(p.target));
  const auto work = builder.temporary(workspace);
  for (const auto* memory : {&from, &weights}) // what fresh memory holds could be slow to compute with
    check(cudaMemsetAsync(memory->data(), 0, memory->bytes(), builder.on().stream()), "cudaMemsetAsync");
  const auto exact = builder.multiplies() == precision::fp32;
  check(cudnnSetConvolutionMathType(c.how.get(), exact ? CUDNN_FMA_MATH : CUDNN_DEFAULT_MATH),
        "cudnnSetConvolutionMathType");
  std::array<cudnnConvolutionFwdAlgoPerf_t, CUDNN_CONVOLUTION_FWD_ALGO_COUNT> results{};
  int found = 0;
  check(cudnnFindConvolutionForwardAlgorithmEx(builder.on().dnn(), c.source.get(), from.data(), c.weights.get(),
                                               weights.data(), c.how.get(), c.target.get(), to.data(),
                                               static_cast<int>(results.size()), &found, results.data(), work.data(),
                                               workspace),
        "cudnnFindConvolutionForwardAlgorithmEx");
  builder.on().drain(); // the memory goes now
  for (const auto& maths : allowed(builder.multiplies()))
    for (const auto& r : std::span(results).first(static_cast<std::size_t>(found))) // the fastest come first
      if (r.status == CUDNN_STATUS_SUCCESS && r.determinism == CUDNN_DETERMINISTIC
          && std::find(maths.begin(), maths.end(), r.mathType) != maths.end())
        if (auto good = fit(builder, c, {r.algo, exact ? CUDNN_FMA_MATH : r.mathType}, workspace))
          return *good;
  builder.unsupported("cuDNN has no algorithm for this convolution");
}

/// With as much workspace as there is room for.
conv_algorithm search(layer_builder& builder, const convolution& c, const conv_problem& p) {
  for (auto workspace = defaults::convolution_workspace; workspace > defaults::scratch_alignment; workspace /= 16)
    try {
      return search(builder, c, p, workspace);
    } catch (const failure& f) {
      if (f.why().code != errc::out_of_memory)
        throw;
    }
  return search(builder, c, p, defaults::scratch_alignment);
}

/// What is known of the problem, or what a search finds. One search at a time: two would disturb each other's figures.
conv_algorithm choose(layer_builder& builder, const convolution& c, const conv_problem& p) {
  static std::mutex searching;
  const std::lock_guard lock(searching);
  const auto name = name_of(builder, p);
  const auto known = builder.choices().find(name);
  if (known)
    if (const auto read_from = read(*known, builder.multiplies()))
      if (auto good = fit(builder, c, *read_from, defaults::convolution_workspace))
        return *good;
  const auto found = search(builder, c, p);
  if (known) {
    builder.choices().replace(name, text_of(found));
    return found;
  }
  if (const auto counts = read(builder.choices().keep(name, text_of(found)),
                               builder.multiplies())) // somebody else's, if they were first
    if (auto good = fit(builder, c, *counts, defaults::convolution_workspace))
      return *good;
  return found;
}

} // namespace

convolution::convolution(layer_builder& builder, const conv_problem& p, bool relu) {
  describe(*this, p, relu);
  algorithm = choose(builder, *this, p);
  check(cudnnSetConvolutionMathType(how.get(), algorithm.math), "cudnnSetConvolutionMathType");
  workspace = builder.scratch(std::max<std::size_t>(algorithm.workspace, 1));
}

} // namespace baton::gpu::cuda
