"""Weights change when nobody has to read their old values any more."""

import tensorflow as tf


def after(gradients, logs):
    """A context in which nothing happens before all of these are computed.

    Inside a `tf.function` every operation runs as soon as its inputs are
    there, so that one bias may be updated while another gradient is still
    being computed. TensorFlow holds the update back until the bias has been
    read, but its graph optimizer can lose that: it takes a gradient that
    needs no more than the *shape* of the bias for one that has read it. So
    it was with R1, whose gradient does not depend on D's biases and still
    has to read them: once in some thousand steps it read the new ones. (A
    step compiled with XLA is not concerned.)

    Nor is anything counted for a batch that never came: at the end of a data
    set of unknown length the step is begun once more, without images, and
    what does not depend on them would be done. (G's BatchNorm does not, where
    the size of a batch is known beforehand. So G waits for the images, too.)

    Args:
        gradients: List of tensors, `tf.IndexedSlices` or None.
        logs: Dict of tensors.

    Returns:
        A context manager.
    """
    awaited = [g for g in gradients if g is not None]
    awaited = [getattr(g, "values", g) for g in awaited]
    return tf.control_dependencies([*awaited, *logs.values()])
