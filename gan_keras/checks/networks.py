"""Are the two networks fit to play?"""

import keras

from gan_keras import replicas


def networks(generator, discriminator):
    """Do the two networks fit together?"""
    for name, network in [
        ("generator", generator),
        ("discriminator", discriminator),
    ]:
        if not isinstance(network, keras.Model):
            raise ValueError(
                f"`{name}` must be a `keras.Model`. "
                f"Received: {name}={network!r}"
            )
        if not network.built:
            raise ValueError(
                f"`{name}` is not built, so its shapes are not known. Begin "
                "it with a `keras.Input(shape)`, or call it on a batch once. "
                f"Received: {name}={network.name!r}"
            )
        precision(network)
    if generator is discriminator:
        raise ValueError(
            "`generator` and `discriminator` must be two networks. "
            f"Received: {generator.name!r} for both"
        )
    drawn = tuple(generator.output_shape[1:])
    judged = tuple(discriminator.input_shape[1:])
    if drawn != judged:
        raise ValueError(
            "`generator` must draw what `discriminator` judges: give both the "
            f"same `image_shape`. Received: generator output {drawn}, "
            f"discriminator input {judged}"
        )
    if tuple(discriminator.output_shape[1:]) != (1,):
        raise ValueError(
            "`discriminator` must end in one logit an image, e.g. "
            "`Dense(1)`. Received: output shape "
            f"{discriminator.output_shape}"
        )
    if last_activation(discriminator) == "sigmoid":
        raise ValueError(
            "`discriminator` must return logits, but ends in a sigmoid. Take "
            "it off: the losses apply it, in a way that does not overflow. "
            f"Received: {discriminator.layers[-1].name!r} as the last layer"
        )
    if len(drawn) == 3 and last_activation(generator) in ("sigmoid", "relu"):
        raise ValueError(
            "`generator` must draw images in [-1, 1]: end it in a tanh. "
            f"Received: {last_activation(generator)!r} at its end"
        )


def precision(network):
    """Is the arithmetic wide enough?"""
    for layer in network._flatten_layers():
        if layer.compute_dtype == "float16":
            raise ValueError(
                "float16 is not supported: the gradients that a GAN's two "
                "players send each other fall below its smallest number. Use "
                "`keras.mixed_precision.set_global_policy('mixed_bfloat16')`, "
                "which has float32's range, before the networks are made. "
                f"Received: layer {layer.name!r} of {network.name!r} with "
                f"dtype policy {layer.dtype_policy.name!r}"
            )


def last_activation(network):
    """Name of the function that makes the network's output, or None."""
    if not network.layers:
        return None
    last = network.layers[-1]
    if isinstance(last, keras.layers.ReLU):
        return "relu"
    return getattr(getattr(last, "activation", None), "__name__", None)


def statistics(gan):
    """Do the networks' statistics hold for the whole batch?"""
    if not replicas.distributed(gan):
        return
    for network in (gan.generator, gan.discriminator):
        for layer in batch_norms(network):
            if not layer.synchronized:
                raise ValueError(
                    "Under a `tf.distribute` strategy every replica sees its "
                    "part of the batch only; its statistics would drift away "
                    "from the others'. Make the layer with "
                    "`BatchNormalization(synchronized=True)`. "
                    f"Received: layer {layer.name!r} of {network.name!r}"
                )


def batch_norms(network):
    """The BatchNormalization layers of a network, nested ones too."""
    return [
        layer
        for layer in network._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
