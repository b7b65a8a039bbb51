"""Solutions of tutorial 5."""

import numpy as np


def logit_gradient(fake_logits):
    d = 1 / (1 + np.exp(-fake_logits))
    return (d - 1) / len(fake_logits)


def finite_difference(function, x, i, step):
    up, down = x.copy(), x.copy()
    up[i] += step
    down[i] -= step
    return (function(up) - function(down)) / (2 * step)


def weight_gradients(pixel_gradients, jacobian):
    return pixel_gradients @ jacobian


who_moves = {"D's half-step": {"D"}, "G's half-step": {"G"}}
