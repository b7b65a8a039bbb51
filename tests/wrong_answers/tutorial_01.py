"""Plausible wrong answers to the exercises of tutorial 1."""

import numpy as np


def near(points, centres, radius):
    steps = points[:, None] - centres
    return np.linalg.norm(steps, axis=-1) < radius


WRONG = {
    "mistakes": [
        lambda real, fake: np.sum(real < 0.5) + np.sum(fake > 0.5),
        lambda real, fake: (np.mean(real < 0.5) + np.mean(fake > 0.5)) / 2,
        lambda real, fake: np.mean(fake > 0.5),
        lambda real, fake: np.mean(real < 0.5),
        lambda real, fake: np.mean(np.concatenate([real > 0.5, fake < 0.5])),
        lambda real, fake: np.mean(np.concatenate([1 - real, fake])),
    ],
    "push": [
        lambda points, gradients, step: points + step * gradients,
        lambda points, gradients, step: -step * gradients,
        lambda points, gradients, step: points - gradients,
        lambda points, gradients, step: points - step * np.sign(gradients),
        lambda points, gradients, step: points - step * points * gradients,
    ],
    "heaps_found": [
        lambda p, c, radius: int(near(p, c, radius).sum()),
        lambda p, c, radius: len(set(near(p, c, 99).argmax(axis=1))) + 3,
        lambda p, c, radius: int(near(p, c, radius).all(axis=0).sum()),
        lambda p, c, radius: len(
            set(np.linalg.norm(p[:, None] - c, axis=-1).argmin(axis=1))
        ),
        lambda p, c, radius: int(
            (np.abs(p[:, None] - c) < radius).all(-1).any(0).sum()
        ),
        lambda p, c, radius: int(
            (np.abs(p[:, None] - c).sum(-1) < radius).any(0).sum()
        ),
    ],
    "what_reaches_g": [
        {"a", "b", "c", "d"},
        {"a", "d"},
        {"c", "d"},
        {"a", "c", "d", "e"},
        {"a", "c"},
    ],
}
