"""BatchNorm that stays one batch's, on however many devices."""

import tensorflow as tf
from keras import layers


def batch_normalization(name=None):
    """A `keras.layers.BatchNormalization` for the strategy in scope.

    Every replica of a distributed run sees its part of the batch only. Its
    BatchNorm must take the mean over all parts, or k replicas would train
    another network than one device does, each with its own statistics. On one
    device there is nothing to wait for.

    Args:
        name: String, the layer's name.

    Returns:
        The layer.
    """
    return layers.BatchNormalization(
        synchronized=tf.distribute.has_strategy(), name=name
    )
