"""The digits LSTM: pixels read as a sequence of tokens -> embedding -> LSTM -> last state -> linear. Plain numpy."""
import numpy as np
from onnx import TensorProto, helper

from . import onnx_files
from .adam import Adam, cross_entropy_gradient

VOCABULARY, EMBEDDING, HIDDEN = 17, 32, 64  # a token is a pixel's value, 0..16
EPOCHS, BATCH, RATE, CLIP = 120, 32, 0.003, 1.0


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(weights, tokens):
    """Tokens [N, S] -> the states that the way back needs. Gates lie in ONNX order: input, output, forget, cell."""
    n, steps = tokens.shape
    h = c = np.zeros((n, HIDDEN), np.float32)
    # What the input contributes to the gates depends on the token alone.
    table = weights["embedding"] @ weights["lstm.w"] + weights["lstm.b"]
    states = []
    for t in range(steps):
        a = table[tokens[:, t]] + h @ weights["lstm.r"]
        i, o, f = (sigmoid(a[:, k * HIDDEN:(k + 1) * HIDDEN]) for k in range(3))
        g = np.tanh(a[:, 3 * HIDDEN:])
        previous = (h, c)
        c = f * c + i * g
        tanh_c = np.tanh(c)
        h = o * tanh_c
        states.append((previous, i, o, f, g, tanh_c))
    return h, states


def gradients(weights, tokens, labels):
    n, steps = tokens.shape
    h, states = forward(weights, tokens)
    loss, dlogits = cross_entropy_gradient(h @ weights["fc.w"] + weights["fc.b"], labels)
    g = {"fc.w": h.T @ dlogits, "fc.b": dlogits.sum(axis=0), "lstm.r": np.zeros_like(weights["lstm.r"])}
    dtable = np.zeros((VOCABULARY, 4 * HIDDEN), np.float32)
    dh, dc = dlogits @ weights["fc.w"].T, np.zeros((n, HIDDEN), np.float32)
    for t in reversed(range(steps)):
        (h_before, c_before), i, o, f, cell, tanh_c = states[t]
        dc = dc + dh * o * (1 - tanh_c * tanh_c)
        da = np.concatenate([dc * cell * i * (1 - i), dh * tanh_c * o * (1 - o), dc * c_before * f * (1 - f),
                             dc * i * (1 - cell * cell)], axis=1)
        one_hot = (tokens[:, t, None] == np.arange(VOCABULARY)).astype(np.float32)
        dtable += one_hot.T @ da
        g["lstm.r"] += h_before.T @ da
        dh, dc = da @ weights["lstm.r"].T, dc * f
    g["embedding"] = dtable @ weights["lstm.w"].T
    g["lstm.w"] = weights["embedding"].T @ dtable
    g["lstm.b"] = dtable.sum(axis=0)
    return loss, g


def varied(tokens, random):
    """Each digit moved by up to a pixel and its values by up to one: read as a sequence, a digit is easily learnt by
    heart, and 1,347 of them are few."""
    n = len(tokens)
    padded = np.pad(tokens.reshape(n, 8, 8), ((0, 0), (1, 1), (1, 1)))
    y, x = random.integers(0, 3, (2, n, 1, 1))
    moved = padded[np.arange(n)[:, None, None], y + np.arange(8)[:, None], x + np.arange(8)]
    moved = moved + random.integers(-1, 2, moved.shape) * (moved > 0)
    return moved.clip(0, VOCABULARY - 1).reshape(n, -1)


def train(tokens, labels, report):
    """Tokens int64 [N, S]. Returns the weights by name."""
    random = np.random.default_rng(0)

    def uniform(shape, fan_in):
        bound = 1 / np.sqrt(fan_in)
        return random.uniform(-bound, bound, shape).astype(np.float32)

    weights = {
        "embedding": random.standard_normal((VOCABULARY, EMBEDDING)).astype(np.float32),
        "lstm.w": uniform((EMBEDDING, 4 * HIDDEN), EMBEDDING),
        "lstm.r": uniform((HIDDEN, 4 * HIDDEN), HIDDEN),
        "lstm.b": np.zeros(4 * HIDDEN, np.float32),
        "fc.w": uniform((HIDDEN, 10), HIDDEN), "fc.b": np.zeros(10, np.float32),
    }
    weights["lstm.b"][2 * HIDDEN:3 * HIDDEN] = 1  # remember at first: the last step is far from the first
    optimiser = Adam(weights, RATE)
    for epoch in range(EPOCHS):
        optimiser.rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        order = random.permutation(len(tokens))
        losses = []
        for start in range(0, len(order), BATCH):
            rows = order[start:start + BATCH]
            loss, g = gradients(weights, varied(tokens[rows], random), labels[rows])
            optimiser.step(g, CLIP)
            losses.append(loss)
        report(epoch + 1, EPOCHS, float(np.mean(losses)))
    return weights


def to_onnx(weights):
    """`tokens` int64 [N, S] -> `logits` float [N, 10]."""
    zeros = np.zeros(4 * HIDDEN, np.float32)
    tensors = {
        "embedding": weights["embedding"],
        "lstm.w": weights["lstm.w"].T[None],
        "lstm.r": weights["lstm.r"].T[None],
        "lstm.b": np.concatenate([weights["lstm.b"], zeros])[None],
        "axes": np.array([0], np.int64),
        "fc.w": weights["fc.w"], "fc.b": weights["fc.b"],
    }
    nodes = [
        helper.make_node("Gather", ["embedding", "tokens"], ["embedded"], "embed", axis=0),
        helper.make_node("Transpose", ["embedded"], ["steps_first"], "steps_first", perm=[1, 0, 2]),
        helper.make_node("LSTM", ["steps_first", "lstm.w", "lstm.r", "lstm.b"], ["", "last"], "lstm",
                         hidden_size=HIDDEN),
        helper.make_node("Squeeze", ["last", "axes"], ["state"], "squeeze"),
        helper.make_node("Gemm", ["state", "fc.w", "fc.b"], ["logits"], "fc"),
    ]
    inputs = [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["N", "S"])]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10])]
    return onnx_files.model("digits_lstm", nodes, inputs, outputs, tensors)
