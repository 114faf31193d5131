#pragma once

#include "metadata/importer/rewriter.hpp"
#include "metadata/model.hpp"

/// Passes that make one layer of several, so that a layer is what one kernel call runs. Each expects and leaves a valid
/// topological order; the fused layer keeps its first node's name.
namespace baton::metadata::importer {

/// linear + add of a constant that broadcasts to the result -> linear with b.
void fuse_bias(model::parts& p);
/// batch_norm, then a product with or a sum with one constant per channel -> batch_norm.
void fold_scale_and_shift(model::parts& p);
/// conv + batch_norm -> conv with batch norm.
void fuse_batch_norm(model::parts& p);
/// conv + add of a value of the same shape -> conv with residual, at the add's place in the order, since the residual
/// is complete there. Of two convolutions the later one takes the other's result.
void fuse_residual(model::parts& p);
/// conv, linear or binary + an activation, batch_norm + relu -> the same with activation.
void fuse_activation(model::parts& p);

/// All of them, in that order.
void fuse(model::parts& p);

} // namespace baton::metadata::importer
