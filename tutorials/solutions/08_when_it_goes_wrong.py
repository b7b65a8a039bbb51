"""Solutions of tutorial 8."""

import numpy as np
import tensorflow as tf


def smoothed_d_loss(real_logits, fake_logits, real_label=0.9):
    softplus = tf.nn.softplus
    real = real_label * softplus(-real_logits)
    real += (1 - real_label) * softplus(real_logits)
    return real + softplus(fake_logits)


def modes_found(points, centres, radius, least):
    steps = np.asarray(points)[:, None] - np.asarray(centres)
    near = np.linalg.norm(steps, axis=-1) <= radius  # [n, modes]
    return int(np.sum(near.sum(axis=0) >= least))


def diagnosis(d_real, d_fake, val_d_real, modes_covered, modes):
    if d_real - d_fake > 0.6:
        return "d too strong"
    if d_fake > d_real:
        return "d too weak"
    if d_real - val_d_real > 0.2:
        return "learned by heart"
    if modes_covered < modes / 2:
        return "mode collapse"
    return "healthy"
