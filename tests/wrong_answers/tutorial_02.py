"""Plausible wrong answers to the exercises of tutorial 2."""

import numpy as np


def sizes(size, layers, half):
    found = []
    for _ in range(layers):
        size = half(size)
        found.append(size)
    return found


def softplus(x):
    return np.logaddexp(0, x)


def slide(image, window, stride, place=np.multiply, end=np.sum):
    k = len(window)
    return np.array(
        [
            [
                end(place(image[i : i + k, j : j + k], window))
                for j in range(0, image.shape[1] - k + 1, stride)
            ]
            for i in range(0, image.shape[0] - k + 1, stride)
        ]
    )


def unstable_loss(real, fake):
    with np.errstate(all="ignore"):
        p, q = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
        return -np.log(p).mean() - np.log(1 - q).mean()


def unstable_sigmoid(x):
    with np.errstate(all="ignore"):
        return np.exp(x) / (1 + np.exp(x))


WRONG = {
    "map_sizes": [
        lambda size, layers: sizes(size, layers, lambda s: s // 2),
        lambda size, layers: [size, *sizes(size, layers, lambda s: -(-s // 2))],
        lambda size, layers: sizes(size, layers, lambda s: -(-s // 2))[::-1],
        lambda size, layers: [-(-size // 2)] * layers,
        lambda size, layers: [round(size / 2**i) for i in range(1, layers + 1)],
        lambda size, layers: sizes(size, layers, lambda s: s - 2),
    ],
    "probability": [
        lambda x: 1 / (1 + np.exp(np.clip(x, -700, 700))),
        lambda x: np.exp(x) / np.exp(x).sum(),
        lambda x: (np.tanh(x) + 1) / 2,
        lambda x: np.tanh(x),
        lambda x: np.clip(x / 8 + 0.5, 0, 1),
        unstable_sigmoid,
    ],
    "discriminator_loss": [
        lambda real, fake: softplus(-real).mean(),
        lambda real, fake: softplus(fake).mean(),
        lambda real, fake: (softplus(-real).mean() + softplus(fake).mean()) / 2,
        lambda real, fake: softplus(real).mean() + softplus(-fake).mean(),
        lambda real, fake: softplus(-real).mean() + softplus(-fake).mean(),
        lambda real, fake: softplus(-real).sum() + softplus(fake).sum(),
        lambda real, fake: np.append(softplus(-real), softplus(fake)).mean(),
        lambda real, fake: fake.mean() - real.mean(),
        unstable_loss,
    ],
    "strided_convolution": [
        lambda image, window, stride: slide(image, window, 1),
        lambda image, window, stride: slide(image, window[::-1, ::-1], stride),
        lambda image, window, stride: slide(image, window, stride, end=np.mean),
        lambda image, window, stride: slide(
            image, window, stride, place=lambda x, w: x, end=np.max
        ),
        lambda image, window, stride: slide(image, window, 2),
        lambda image, window, stride: slide(np.pad(image, 1), window, stride),
    ],
}
