"""Large arrays in small helpings: what a network sees must fit in memory."""

import numpy as np
import tensorflow as tf


def in_batches(function, arrays, batch_size=256):
    """Applies a function to a few rows at a time.

    Args:
        function: Callable, of a slice of `arrays`.
        arrays: A NumPy array, or a list of arrays with equally many rows.
        batch_size: Int, rows of a slice.

    Returns:
        One NumPy array, or a tuple of them if the function returns one.

    Raises:
        ValueError: If there are no rows.
    """

    def rows(start):
        return tf.nest.map_structure(
            lambda array: tf.constant(array[start : start + batch_size]),
            arrays,
        )

    n = len(tf.nest.flatten(arrays)[0])
    if not n:
        raise ValueError(
            "There must be one image, or one latent vector, at the least. "
            "Received: none"
        )
    parts = [function(rows(start)) for start in range(0, n, batch_size)]
    return tf.nest.map_structure(lambda *part: np.concatenate(part), *parts)
