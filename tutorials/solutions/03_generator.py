"""Solutions of tutorial 3."""

import numpy as np


def transposed_convolution(numbers, window, stride):
    k = len(window)
    total = np.zeros((len(numbers) - 1) * stride + k)
    for i, number in enumerate(numbers):
        total[i * stride : i * stride + k] += number * window
    return total


def stamp_counts(n, k, stride):
    return transposed_convolution(np.ones(n), np.ones(k), stride).astype(int)


def with_class(latents, labels, num_classes):
    return np.concatenate([latents, np.eye(num_classes)[labels]], axis=1)
