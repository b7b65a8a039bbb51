"""When XLA is worth it."""

import tensorflow as tf

from gan_keras import replicas

SMALL = 500_000


def pays(gan):
    """Whether to compile a GAN's training step with XLA.

    On a CPU, XLA melts the many small operations of small networks into few:
    1.2 to 1.4 times as fast. But its convolutions are slower than
    TensorFlow's own, and in large networks the convolutions are all that
    counts: half as fast. `benchmarks/README.md` has the table; the two meet
    at about half a million parameters.

    Args:
        gan: A `GAN`.

    Returns:
        Boolean. False under a `tf.distribute` strategy, where compiling with
        XLA fails.
    """
    if replicas.distributed(gan):
        return False
    if tf.config.list_physical_devices("GPU"):
        return True
    parameters = gan.generator.count_params()
    parameters += gan.discriminator.count_params()
    return parameters < SMALL
