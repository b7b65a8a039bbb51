"""A moving average of the generator: what it has been lately, on average.

G and D circle around the optimum rather than sit on it. The average of G's
recent weights lies nearer to the middle of the circle, and draws better and
steadier images than G itself (Yazici et al., 2018, arXiv:1806.04498).
"""

import types

import keras
import tensorflow as tf

from gan_keras.registry import own_classes


def clone_network(network, name):
    """A network of the same architecture and weights, sharing nothing.

    Args:
        network: `keras.Model`. Its layers may be one's own, and need not be
            registered; functions in them must be.
        name: String, the copy's name.

    Returns:
        A `keras.Model` that is not trainable.

    Raises:
        ValueError: If it cannot be copied by its config.
    """
    config = network.get_config()
    config["name"] = name
    layers = network._flatten_layers
    try:
        with keras.saving.custom_object_scope(own_classes(layers())):
            clone = type(network).from_config(config)
        if not clone.built:
            clone.build(network.input_shape)
        clone.set_weights(network.get_weights())
        for layer, copy in zip(layers(), clone._flatten_layers()):
            # Keras would take one of its own that has the same name.
            function = getattr(layer, "activation", None)
            if (
                isinstance(function, types.FunctionType)
                and copy.activation is not function
            ):
                raise ValueError(
                    f"{layer.name!r} has an activation of your own, but the "
                    f"copy has Keras' {function.__name__!r}"
                )
    except (TypeError, ValueError) as error:
        raise ValueError(
            "`generator` must be a network that can be copied, since the "
            "average of it is a network, too. Register functions of your own "
            "with `@keras.saving.register_keras_serializable('mine')`, and "
            "write a layer instead of a `Lambda`. Received: "
            f"{network.name!r}, of which is said: {error}"
        ) from error
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
        if "float" in old.dtype and decay != 0:
            old.assign_add(tf.cast(rate, old.dtype) * (new - old))
        else:
            old.assign(new)
