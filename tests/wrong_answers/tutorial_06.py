"""Plausible wrong answers to the exercises of tutorial 6."""

import numpy as np


def quietly(function):
    def answer(p_data, p_g):
        with np.errstate(all="ignore"):
            return function(p_data, p_g)

    return answer


def until_worse(distances, patience):
    """Counts epochs worse than the one *before*, not than the best."""
    bad = 0
    for epoch in range(1, len(distances)):
        bad = bad + 1 if distances[epoch] >= distances[epoch - 1] else 0
        if bad >= patience:
            return int(np.argmin(distances[: epoch + 1]))
    return int(np.argmin(distances))


def never_reset(distances, patience):
    """Goes on counting where a new best should begin the count again."""
    best = bad = 0
    for epoch in range(1, len(distances)):
        if distances[epoch] < distances[best]:
            best = epoch
            continue
        bad += 1
        if bad >= patience:
            break
    return best


def stop(distances, patience, better=np.less):
    best = 0
    for epoch in range(1, len(distances)):
        if better(distances[epoch], distances[best]):
            best = epoch
        elif epoch - best >= patience:
            return best, epoch
    return best, len(distances) - 1


WRONG = {
    "best_discriminator": [
        quietly(lambda p, q: p / q),
        quietly(lambda p, q: q / (p + q)),
        quietly(lambda p, q: (p > q).astype(float)),
        quietly(lambda p, q: p / (p + q)),
        quietly(lambda p, q: p / (p + q).sum()),
        quietly(lambda p, q: p),
    ],
    "divergence_from_loss": [
        lambda d_loss: 2 * np.log(2) - d_loss,
        lambda d_loss: d_loss / 2 - np.log(2),
        lambda d_loss: d_loss / 2,
        lambda d_loss: 1 - d_loss / 2,
        lambda d_loss: np.log(2) - d_loss,
    ],
    "epoch_to_keep": [
        lambda distances, patience: int(np.argmin(distances)),
        lambda distances, patience: stop(distances, patience)[1],
        lambda distances, patience: stop(distances, patience)[0] + 1,
        lambda distances, patience: distances[stop(distances, patience)[0]],
        lambda distances, patience: stop(distances, 3)[0],
        lambda distances, patience: stop(distances, patience - 1)[0],
        lambda distances, patience: stop(distances, patience, np.less_equal)[0],
        until_worse,
        never_reset,
    ],
    "what_shows_quality": [{"b", "c", "d"}, {"a", "d"}, {"e"}, {"c"}],
}
