"""Weight clipping: how the first WGAN kept its critic from being steep."""

import keras


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
        ValueError: If a layer has a weight that cannot be constrained; no
            weight is changed then.
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
    for layer, attribute, variable in found:
        setattr(layer, attribute, constraint)
        variable.constraint = constraint
        variable.assign(constraint(variable.value))
    return network
