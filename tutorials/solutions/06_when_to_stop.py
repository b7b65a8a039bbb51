"""Solutions of tutorial 6."""

import numpy as np


def best_discriminator(p_data, p_g):
    total = p_data + p_g
    share = p_data / np.where(total > 0, total, 1)
    return np.where(total > 0, share, 0.5)


def divergence_from_loss(d_loss):
    return np.log(2) - d_loss / 2


def epoch_to_keep(distances, patience):
    best = 0
    for epoch, distance in enumerate(distances):
        if distance < distances[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best


what_shows_quality = {"d"}
