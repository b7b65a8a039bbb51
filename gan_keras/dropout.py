"""The dice that D's dropout throws, and how to throw the same again.

Dropout blindfolds D a little: it sees each image with some of its units only.
In one turn D looks at real image i, at fake image i, and, wiser, at fake i
again in order to teach G; all three with the same units:

- It compares. What sets a real score apart from a fake one is then the image,
  not the luck of the draw. (The mean of the gradient is what it was for all
  losses that judge every image by itself; its spread is smaller.)
- It teaches with the units with which it has learnt: otherwise G would be told
  to please a part of D that had not seen these fakes.
- Random numbers are a tenth of what a look costs, and are drawn once.
"""

import keras
import tensorflow as tf


def dice(seed, turn):
    """The dice of a turn, a pure function of the model's seed and the turn.

    Args:
        seed: Int, the model's seed.
        turn: Int64 scalar tensor, the number of the turn since the beginning.

    Returns:
        Int64 tensor `[2]`. Every replica has its own.
    """
    context = tf.distribute.get_replica_context()
    if context is not None and context.num_replicas_in_sync > 1:
        own = tf.cast(context.replica_id_in_sync_group, tf.int64)
        turn = turn * context.num_replicas_in_sync + own
    return tf.stack([tf.constant(seed, tf.int64), turn])


def call(network, inputs, training, dice=None):
    """Calls a network, with given dice for its random layers.

    Args:
        network: A `keras.Model`.
        inputs: What it is called with.
        training: Boolean.
        dice: Int64 tensor `[2]`. Equal dice drop equal units. None: every
            layer asks its own generator.

    Returns:
        The network's outputs. All else that a call in training does, such as
        BatchNorm's moving statistics, it does as ever; the layers' own random
        generators stay as they were.
    """
    variables = network.non_trainable_variables
    states = [v for v in variables if v.name == "seed_generator_state"]
    if dice is None or not (training and states):
        return network(inputs, training=training)
    # Each layer its own dice: two that are equally large drop other units. Far
    # apart, so that a model with the next seed does not throw them, either.
    seeds = [dice + [i * 1_000_003, 0] for i in range(1, len(states) + 1)]
    # Keras' way to call a network with other values for some variables. It
    # also keeps back what the network wants to write into any of them.
    mapping = list(zip(states, seeds))
    with keras.StatelessScope(mapping, initialize_variables=False) as scope:
        outputs = network(inputs, training=True)
    # Not before there is a batch: see `gan_keras.ordering`.
    with tf.control_dependencies(tf.nest.flatten(outputs)):
        for variable in variables:
            if not any(variable is state for state in states):
                value = scope.get_current_value(variable)
                if value is not None:
                    variable.assign(value)
    return outputs
