"""Plausible wrong answers to the exercises of tutorial 3."""

import numpy as np


def stamp(numbers, window, stride, size=None):
    total = np.zeros(size or (len(numbers) - 1) * stride + len(window))
    for i, number in enumerate(numbers):
        total[i * stride : i * stride + len(window)] += number * window
    return total


def overwrite(numbers, window, stride):
    total = np.zeros((len(numbers) - 1) * stride + len(window))
    for i, number in enumerate(numbers):
        total[i * stride : i * stride + len(window)] = number * window
    return total


def length(numbers, window, stride):
    return (len(numbers) - 1) * stride + len(window)


def inside_everywhere(n, k, stride):
    size = (n - 1) * stride + k
    wide = stamp(np.ones(n + 4), np.ones(k), stride)
    return wide[2 * stride : 2 * stride + size]


def joined(latents, classes):
    return np.concatenate([latents, classes], axis=1)


WRONG = {
    "transposed_convolution": [
        overwrite,
        lambda numbers, window, stride: stamp(numbers, window[::-1], stride),
        lambda numbers, window, stride: stamp(
            np.ones(len(numbers)), window, stride
        ),
        lambda numbers, window, stride: stamp(
            numbers, window, 1, length(numbers, window, stride)
        ),
        lambda numbers, window, stride: (
            stamp(numbers, window, stride)
            / stamp(np.ones(len(numbers)), np.ones(len(window)), stride)
        ),
        lambda numbers, window, stride: stamp(
            numbers, window, 2, length(numbers, window, stride)
        ),
    ],
    "stamp_counts": [
        lambda n, k, stride: np.ones((n - 1) * stride + k),
        lambda n, k, stride: np.full(
            (n - 1) * stride + k, n * k / ((n - 1) * stride + k)
        ),
        lambda n, k, stride: stamp(
            np.ones(n), np.ones(k), 1, (n - 1) * stride + k
        ),
        inside_everywhere,
        lambda n, k, stride: np.resize(
            [1, 1, 2, 1, 2, 1, 2, 1, 1], (n - 1) * stride + k
        ),
        lambda n, k, stride: stamp(np.ones(n), np.ones(k), 2),
    ],
    "with_class": [
        lambda latents, labels, n: joined(np.eye(n)[labels], latents),
        lambda latents, labels, n: joined(
            latents, np.repeat(labels[:, None], n, axis=1)
        ),
        lambda latents, labels, n: joined(latents, np.eye(n)[labels - 1]),
        lambda latents, labels, n: joined(latents, 1 - np.eye(n)[labels]),
        # As many places as this batch has classes.
        lambda latents, labels, n: joined(
            latents, np.eye(labels.max() + 1)[labels]
        ),
        lambda latents, labels, n: joined(
            latents, np.tile(np.eye(n)[labels[0]], (len(labels), 1))
        ),
    ],
}
