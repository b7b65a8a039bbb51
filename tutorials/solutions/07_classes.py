"""Solutions of tutorial 7."""

import numpy as np


def price_labels(price):
    return [int(character) for character in price if character.isdigit()]


def mixed_classes(first, second, t, num_classes):
    classes = np.eye(num_classes)
    t = np.asarray(t)[:, None]
    return (1 - t) * classes[first] + t * classes[second]


def share_as_asked(asked, probabilities):
    right = probabilities.argmax(axis=1) == asked
    shares = np.zeros(probabilities.shape[1])
    for c in np.unique(asked):
        shares[c] = right[asked == c].mean()
    return shares
