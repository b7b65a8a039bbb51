"""Random numbers that are pure functions of a seed, compiled or not.

`tf.random.stateless_normal` gives other numbers inside XLA than outside,
although both begin with the same random bits: they turn them into floats in
different ways. Here that is done by hand, so that a training run draws the
same noise with `jit_compile` on and off, and on one device and on several.
"""

import math

import tensorflow as tf


def uniform(shape, seed):
    """Uniform noise.

    Args:
        shape: Int tensor or list.
        seed: Int64 tensor `[2]`.

    Returns:
        Float32 tensor, uniform in (0, 1].
    """
    bits = tf.random.stateless_uniform(
        shape, seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
    )
    # A float32 holds 24 bits; the half keeps them away from 0.
    bits = tf.cast(
        tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32)), tf.float32
    )
    return (bits + 0.5) / 2**24


def normal(shape, seed):
    """Standard normal noise, by the method of Box and Muller (1958).

    Formula: `sqrt(-2 log(u)) * cos(2 pi v)` of two uniform numbers u and v:
    the direction and the length of a normally distributed point.

    Args:
        shape: Int tensor or list.
        seed: Int64 tensor `[2]`.

    Returns:
        Float32 tensor ~ N(0, 1).
    """
    u, v = tf.unstack(uniform(tf.concat([[2], shape], axis=0), seed))
    return tf.sqrt(-2 * tf.math.log(u)) * tf.cos(2 * math.pi * v)
