"""Adam (Kingma and Ba 2015, algorithm 1) over a dictionary of float32 arrays."""
import numpy as np


class Adam:
    def __init__(self, weights, rate, decay=(0.9, 0.999)):
        self.weights, self.rate, self.decay = weights, rate, decay
        self.first = {name: np.zeros_like(w) for name, w in weights.items()}
        self.second = {name: np.zeros_like(w) for name, w in weights.items()}
        self.steps = 0

    def step(self, gradients, clip=None):
        """Updates the weights in place; `clip` bounds the norm of all gradients together."""
        self.steps += 1
        scale = 1.0
        if clip is not None:
            norm = np.sqrt(sum(float((g * g).sum()) for g in gradients.values()))
            scale = min(1.0, clip / (norm + 1e-12))
        b1, b2 = self.decay
        for name, gradient in gradients.items():
            gradient = gradient * np.float32(scale)
            m, v = self.first[name], self.second[name]
            m += (1 - b1) * (gradient - m)
            v += (1 - b2) * (gradient * gradient - v)
            rate = self.rate * np.sqrt(1 - b2**self.steps) / (1 - b1**self.steps)
            self.weights[name] -= np.float32(rate) * m / (np.sqrt(v) + np.float32(1e-8))


def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def cross_entropy_gradient(logits, labels):
    """The mean loss over the batch, and its gradient with respect to the logits [N, 10]."""
    probabilities = softmax(logits)
    rows = np.arange(len(labels))
    loss = -np.log(probabilities[rows, labels] + 1e-12).mean()
    probabilities[rows, labels] -= 1
    return loss, probabilities / np.float32(len(labels))
