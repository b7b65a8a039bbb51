"""When XLA is worth it."""

import functools
import math

import tensorflow as tf

from gan_keras import replicas

SMALL = 8_000_000
WIDE = 256  # features of an extractor


def pays(gan, metrics=()):
    """Whether to compile a GAN's training step with XLA.

    On a CPU, XLA melts the many small operations of small networks into few:
    1.2 to 1.4 times as fast. But its convolutions are slower than
    TensorFlow's own, and in large networks the convolutions are all that
    counts: half as fast. `benchmarks/README.md` has the table; the two meet
    at about eight million multiplications an image. With bfloat16 TensorFlow's
    convolutions are ahead in small networks, too.

    Args:
        gan: A `GAN`.
        metrics: The metrics of images that `evaluate` measures. For those of
            hundreds of features and more XLA takes minutes to compile.

    Returns:
        Boolean. False under a `tf.distribute` strategy, where compiling with
        XLA fails.
    """
    if replicas.distributed(gan):
        return False
    if any(getattr(metric, "features", 0) > WIDE for metric in metrics):
        return False
    if tf.config.list_physical_devices("GPU"):
        return works()
    layers = gan.discriminator.layers
    if any(layer.compute_dtype == "bfloat16" for layer in layers):
        return False
    return work(gan.generator) + work(gan.discriminator) < SMALL


@functools.cache
def works():
    """Whether XLA can be used at all; Apple's tensorflow-metal has none."""
    try:
        tf.function(lambda: tf.constant(0), jit_compile=True)()
    except tf.errors.OpError:
        return False
    return True


def work(network):
    """Multiplications of weights that one image (or latent vector) costs.

    Formula: the sum over layers of `size of the kernel * places`, where the
    places are those of the smaller map, a convolution's input or output.

    Args:
        network: A built `keras.Model`.

    Returns:
        Int.
    """
    return sum(_work(layer, 1) for layer in network.layers)


def _work(layer, outer):
    """That of a layer, and of those in it; `outer` places by default."""
    places = min(
        (
            math.prod(tensor.shape[1:-1])
            for node in layer._inbound_nodes
            for tensor in [*node.input_tensors, *node.outputs]
        ),
        default=outer,
    )
    kernels = [w for w in layer._trainable_variables if w.ndim > 1]
    inner = layer._flatten_layers(include_self=False, recursive=False)
    return places * sum(math.prod(w.shape) for w in kernels) + sum(
        _work(one, places) for one in inner
    )
