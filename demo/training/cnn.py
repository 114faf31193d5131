"""The digits CNN: 2 x (3x3 convolution, ReLU, 2x2 max pool), a linear layer, softmax. Plain numpy."""
import numpy as np
from onnx import TensorProto, helper

from . import onnx_files
from .adam import Adam, cross_entropy_gradient

CHANNELS = (16, 32)
EPOCHS, BATCH, RATE = 40, 64, 0.003


def columns(x):
    """[N, C, H, W] -> the 3x3 neighbourhoods [N, H, W, C*9], zeros outside."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))  # [N, C, H, W, 3, 3]
    n, c, h, w = x.shape
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(n, h, w, c * 9)


def convolve(x, weight, bias):
    cols = columns(x)
    y = cols @ weight.reshape(len(weight), -1).T + bias
    return y.transpose(0, 3, 1, 2), cols


def convolve_back(dy, cols, weight, need_dx):
    """Gradients of weight, bias and, if needed, input; dy is [N, K, H, W]."""
    k = len(weight)
    flat = dy.transpose(0, 2, 3, 1).reshape(-1, k)
    dw = (flat.T @ cols.reshape(len(flat), -1)).reshape(weight.shape)
    dx = None
    if need_dx:  # a convolution with the kernel turned round and its channel axes swapped
        turned = weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
        dx = convolve(dy, turned, np.float32(0))[0]
    return dw, flat.sum(axis=0), dx


def pool(x):
    n, c, h, w = x.shape
    cells = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
    picked = cells.argmax(axis=-1)
    return np.take_along_axis(cells, picked[..., None], axis=-1)[..., 0], picked


def pool_back(dy, picked):
    n, c, h, w = dy.shape
    cells = np.zeros((n, c, h, w, 4), np.float32)
    np.put_along_axis(cells, picked[..., None], dy[..., None], axis=-1)
    return cells.reshape(n, c, h, w, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, 2 * h, 2 * w)


def gradients(weights, images, labels):
    a1, cols1 = convolve(images, weights["conv1.w"], weights["conv1.b"])
    p1, pick1 = pool(np.maximum(a1, 0))
    a2, cols2 = convolve(p1, weights["conv2.w"], weights["conv2.b"])
    p2, pick2 = pool(np.maximum(a2, 0))
    flat = p2.reshape(len(p2), -1)
    loss, dlogits = cross_entropy_gradient(flat @ weights["fc.w"] + weights["fc.b"], labels)

    g = {"fc.w": flat.T @ dlogits, "fc.b": dlogits.sum(axis=0)}
    da2 = pool_back((dlogits @ weights["fc.w"].T).reshape(p2.shape), pick2) * (a2 > 0)
    g["conv2.w"], g["conv2.b"], dp1 = convolve_back(da2, cols2, weights["conv2.w"], True)
    da1 = pool_back(dp1, pick1) * (a1 > 0)
    g["conv1.w"], g["conv1.b"], _ = convolve_back(da1, cols1, weights["conv1.w"], False)
    return loss, g


def train(images, labels, report):
    """Images [N, 1, 8, 8] in 0..1. Returns the weights by name."""
    random = np.random.default_rng(0)

    def normal(shape, fan_in):
        return (random.standard_normal(shape) * np.sqrt(2 / fan_in)).astype(np.float32)

    c1, c2 = CHANNELS
    weights = {
        "conv1.w": normal((c1, 1, 3, 3), 9), "conv1.b": np.zeros(c1, np.float32),
        "conv2.w": normal((c2, c1, 3, 3), c1 * 9), "conv2.b": np.zeros(c2, np.float32),
        "fc.w": normal((c2 * 4, 10), c2 * 4), "fc.b": np.zeros(10, np.float32),
    }
    optimiser = Adam(weights, RATE)
    for epoch in range(EPOCHS):
        order = random.permutation(len(images))
        losses = []
        for start in range(0, len(order), BATCH):
            rows = order[start:start + BATCH]
            loss, g = gradients(weights, images[rows], labels[rows])
            optimiser.step(g)
            losses.append(loss)
        report(epoch + 1, EPOCHS, float(np.mean(losses)))
    return weights


def to_onnx(weights):
    """`image` float [N, 1, 8, 8] -> `probs` float [N, 10]."""
    conv = dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    half = dict(kernel_shape=[2, 2], strides=[2, 2])
    nodes = [
        helper.make_node("Conv", ["image", "conv1.w", "conv1.b"], ["conv1"], "conv1", **conv),
        helper.make_node("Relu", ["conv1"], ["relu1"], "relu1"),
        helper.make_node("MaxPool", ["relu1"], ["pool1"], "pool1", **half),
        helper.make_node("Conv", ["pool1", "conv2.w", "conv2.b"], ["conv2"], "conv2", **conv),
        helper.make_node("Relu", ["conv2"], ["relu2"], "relu2"),
        helper.make_node("MaxPool", ["relu2"], ["pool2"], "pool2", **half),
        helper.make_node("Flatten", ["pool2"], ["flat"], "flat"),
        helper.make_node("Gemm", ["flat", "fc.w", "fc.b"], ["logits"], "fc"),
        helper.make_node("Softmax", ["logits"], ["probs"], "softmax", axis=1),
    ]
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 8, 8])]
    outputs = [helper.make_tensor_value_info("probs", TensorProto.FLOAT, ["N", 10])]
    return onnx_files.model("digits_cnn", nodes, inputs, outputs, weights)
