"""A moving average of the generator: what it has been lately, on average.

G and D circle around the optimum rather than sit on it. The average of G's
recent weights lies nearer to the middle of the circle, and draws better and
steadier images than G itself (Yazici et al., 2018, arXiv:1806.04498).
"""

import tensorflow as tf


def clone_network(network, name):
    """A network of the same architecture and weights, sharing nothing."""
    config = network.get_config()
    config["name"] = name
    clone = type(network).from_config(config)
    if not clone.built:
        clone.build(network.input_shape)
    clone.set_weights(network.get_weights())
    clone.trainable = False  # it follows; no optimizer may touch it
    return clone


def update(average, source, decay, step):
    """Moves the weights of `average` one step towards those of `source`.

    Formula: `average <- decay_t * average + (1 - decay_t) * value`, with
    `decay_t = min(decay, (1 + t) / (10 + t))` at step t. The warm-up keeps
    the untrained network of step 0 from haunting the average for long.

    Every floating-point weight is averaged, BatchNorm's moving statistics
    among them; anything else is copied.

    Args:
        average: The `keras.Model` to move, a clone of `source`.
        source: The `keras.Model` that is being trained.
        decay: Float in [0, 1), the memory: its half-life is
            `log(0.5) / log(decay)` steps. 0 follows the source exactly.
        step: Int tensor, the number of updates made before this one.
    """
    step = tf.cast(step, tf.float32)
    rate = 1 - tf.minimum(decay, (1 + step) / (10 + step))
    for old, new in zip(average.weights, source.weights):
        if "float" in old.dtype:
            old.assign_add(tf.cast(rate, old.dtype) * (new - old))
        else:
            old.assign(new)
