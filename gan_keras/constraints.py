"""Weight clipping: how the first WGAN kept its critic from being steep."""

import random

import keras

from gan_keras.registry import own_classes


@keras.saving.register_keras_serializable("gan_keras")
class ClipWeights(keras.constraints.Constraint):
    """Keeps every single weight within a range.

    Formula: `min(max(w, -limit), limit)`, after every update.

    Args:
        limit: Float > 0, the paper's c.
    """

    def __init__(self, limit=0.01):
        if not limit > 0:
            raise ValueError(
                f"`limit` must be above 0. Received: limit={limit!r}"
            )
        self.limit = float(limit)

    def __call__(self, w):
        return keras.ops.clip(w, -self.limit, self.limit)

    def get_config(self):
        return {"limit": self.limit}


def clip_weights(network, limit=0.01):
    """Clips all trainable weights of a network, biases included.

    A function of bounded weights has a bounded slope, so the critic of a
    Wasserstein GAN can be one without a penalty: crudely, as the paper says
    itself; `gan_keras.penalties.GradientPenalty` came after it.

    Source: Arjovsky et al., 2017, arXiv:1701.07875.

    Args:
        network: A built `keras.Model` of Keras layers, or those of a
            discriminator of this package. Its weights are clipped at once,
            and after every update of an optimizer.
        limit: Float > 0.

    Returns:
        The same network.

    Raises:
        ValueError: If a layer has a weight that cannot be constrained, or
            whose constraint a file would not keep; no weight is changed then.
    """
    constraint = ClipWeights(limit)
    found = []
    for layer in network._flatten_layers(include_self=False):
        for variable in layer._trainable_variables:
            # In the layer for its config, so that a file keeps it; in the
            # variable for the optimizer.
            attribute = f"{variable.name}_constraint"
            if not hasattr(layer, attribute):
                raise ValueError(
                    f"`network` has a layer {layer.name!r} whose weight "
                    f"{variable.name!r} cannot be constrained: it has no "
                    f"`{attribute}`. Use another layer, or one of your own "
                    "with such an argument, which `get_config` must return."
                )
            found.append((layer, attribute, variable))
    before = [(getattr(f[0], f[1]), f[2].constraint) for f in found]
    for layer, attribute, variable in found:
        setattr(layer, attribute, constraint)
        variable.constraint = constraint
    forgotten = _forgotten(network)
    if forgotten:
        for (layer, attribute, variable), old in zip(found, before):
            setattr(layer, attribute, old[0])
            variable.constraint = old[1]
        raise ValueError(
            f"`network` has a weight {forgotten[0]!r} in a layer within a "
            "layer, and the outer one's `get_config` does not tell of its "
            "constraint: the network of a file would not be clipped. Use "
            "another layer, or `gan_keras.penalties.GradientPenalty`."
        )
    for _, _, variable in found:
        variable.assign(constraint(variable.value))
    return network


def _forgotten(network):
    """Paths of the weights that a copy by the config would not clip."""
    dice = random.getstate()  # new layers draw their first weights with it
    try:
        with keras.saving.custom_object_scope(
            own_classes(network._flatten_layers())
        ):
            copy = type(network).from_config(network.get_config())
    except (NotImplementedError, TypeError):
        return []  # it has no copy by its config, and no file of its own
    finally:
        random.setstate(dice)
    if not copy.built:
        copy.build(network.input_shape)
    return [
        variable.path
        for variable, other in zip(
            network.trainable_variables, copy.trainable_variables, strict=True
        )
        if other.constraint is None
    ]
