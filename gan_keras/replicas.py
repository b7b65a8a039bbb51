"""One model on several devices: what a replica must know of the others.

Under a `tf.distribute` strategy every replica takes its part of the batch
through the whole training step, and the optimizers *add up* the gradients of
all replicas. With the functions below, k replicas then do what one would have
done with the whole batch: the losses are divided by the size of the whole
batch, and the noise is drawn for the whole batch. On a single device they do
nothing.
"""

import itertools
import json
import os
import threading

import tensorflow as tf


def mean(values):
    """The mean of per-sample values over the global batch.

    Args:
        values: Float tensor `[batch]`, this replica's.

    Returns:
        Float scalar: this replica's share of the mean. The shares of all
        replicas add up to it, and so do their gradients.
    """
    count = tf.cast(tf.shape(values)[0], values.dtype)
    return tf.reduce_sum(values) / total(count)


def total(value):
    """The sum over all replicas of a value that each of them has."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce("sum", value)


def own_rows(draw, batch_size):
    """Random numbers for the global batch, of which a replica takes its own.

    With a draw of its own for `batch_size` rows, every replica would get the
    same numbers (or others than a single device would have got).

    Args:
        draw: Callable, `n` to a tensor `[n, ...]`; the same on all replicas.
        batch_size: Int tensor, the size of this replica's part of the batch.

    Returns:
        Tensor `[batch_size, ...]`.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return draw(batch_size)
    mine = tf.one_hot(
        context.replica_id_in_sync_group,
        context.num_replicas_in_sync,
        on_value=batch_size,
        off_value=0,
        dtype=tf.int32,
    )
    sizes = context.all_reduce("sum", mine)  # [replicas]
    end = tf.cumsum(sizes)[context.replica_id_in_sync_group]
    return draw(tf.reduce_sum(sizes))[end - batch_size : end]


class OwnCount(threading.local):
    """Counts 0, 1, 2, ... while a step is traced, on every replica alike.

    (Replicas are traced in threads of their own, one waiting for the other at
    every exchange; a common counter would give each of them other numbers.)
    """

    def __init__(self):
        self.restart()

    def restart(self):
        self._numbers = itertools.count()

    def next(self):
        return next(self._numbers)


def strategy():
    """The strategy that the environment asks for.

    Returns:
        A `tf.distribute.MultiWorkerMirroredStrategy` if the variable
        `TF_CONFIG` names several workers, the strategy in scope otherwise.
        It must be made before TensorFlow has computed anything.
    """
    cluster = json.loads(os.environ.get("TF_CONFIG") or "{}").get("cluster", {})
    workers = cluster.get("worker", []) + cluster.get("chief", [])
    if len(workers) > 1:
        return tf.distribute.MultiWorkerMirroredStrategy()
    return tf.distribute.get_strategy()


def wait_for_all(strategy):
    """Returns when every worker has called it."""
    ones = strategy.run(lambda: tf.constant(1.0))
    strategy.reduce("sum", ones, axis=None)


def distributed(model):
    """Whether a model was made under a strategy."""
    with model.distribute_strategy.scope():
        return tf.distribute.has_strategy()


def is_chief(model):
    """Whether this process is the one which writes files."""
    return model.distribute_strategy.extended.should_checkpoint


def own_callbacks(model, callbacks):
    """The callbacks that this process runs.

    Args:
        model: The `keras.Model` that they watch.
        callbacks: A callback, a list of them, a `CallbackList` or None.

    Returns:
        The same; on a worker which is not the chief, without those that
        only write files, as told by an attribute `writes_files`.
    """
    if is_chief(model) or not isinstance(callbacks, (list, tuple)):
        return callbacks
    return [c for c in callbacks if not getattr(c, "writes_files", False)]


def loggable(model, values):
    """The logged values in the shape that `fit` can reduce.

    Args:
        model: The `keras.Model` whose step logs them.
        values: Dict of scalar tensors.

    Returns:
        The same dict; under several workers, with tensors of shape `[1]`,
        as Keras concatenates the workers' values along the first axis.
    """
    if isinstance(
        model.distribute_strategy, tf.distribute.MultiWorkerMirroredStrategy
    ):
        return {name: tf.reshape(v, [1]) for name, v in values.items()}
    return values
