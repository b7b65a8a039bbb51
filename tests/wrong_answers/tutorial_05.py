"""Plausible wrong answers to the exercises of tutorial 5."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def moved(x, i, change):
    x = x.copy()
    x[i] += change
    return x


def in_place(function, x, i, step):
    x[i] += step
    up = function(x)
    x[i] -= 2 * step
    return (up - function(x)) / (2 * step)


WRONG = {
    "logit_gradient": [
        lambda logits: sigmoid(logits) - 1,
        lambda logits: (1 - sigmoid(logits)) / len(logits),
        lambda logits: sigmoid(logits) / len(logits),
        lambda logits: -sigmoid(logits) / len(logits),
        lambda logits: -1 / sigmoid(logits) / len(logits),
        lambda logits: -np.log(sigmoid(logits)),
        lambda logits: np.full(len(logits), -1 / len(logits)),
    ],
    "finite_difference": [
        lambda f, x, i, step: (f(moved(x, i, step)) - f(x)) / step,
        lambda f, x, i, step: (f(x) - f(moved(x, i, -step))) / step,
        lambda f, x, i, step: (
            (f(moved(x, i, step)) - f(moved(x, i, -step))) / step
        ),
        lambda f, x, i, step: f(moved(x, i, step)) - f(moved(x, i, -step)),
        lambda f, x, i, step: (f(x + step) - f(x - step)) / (2 * step),
        lambda f, x, i, step: (
            (f(moved(x, 0, step)) - f(moved(x, 0, -step))) / (2 * step)
        ),
        lambda f, x, i, step: (
            (f(moved(x, i, 0.1)) - f(moved(x, i, -0.1))) / 0.2
        ),
        in_place,
    ],
    "weight_gradients": [
        lambda pixels, jacobian: np.resize(
            jacobian @ pixels, jacobian.shape[1]
        ),
        lambda pixels, jacobian: jacobian.sum(axis=0),
        lambda pixels, jacobian: pixels.sum() * jacobian.sum(axis=0),
        lambda pixels, jacobian: pixels @ jacobian / len(pixels),
        lambda pixels, jacobian: -(pixels @ jacobian),
    ],
    "who_moves": [
        {"D's half-step": {"D", "G"}, "G's half-step": {"G"}},
        {"D's half-step": {"D"}, "G's half-step": {"D", "G"}},
        {"D's half-step": {"G"}, "G's half-step": {"D"}},
        {"D's half-step": {"D"}, "G's half-step": set()},
    ],
}
