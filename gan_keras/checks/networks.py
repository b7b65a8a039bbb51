"""Are the two networks fit to play?"""

import keras

from gan_keras import replicas
from gan_keras.checks.numbers import count
from gan_keras.layers import MinibatchStdDev


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
        if not (network.built and hasattr(network, "output_shape")):
            # A subclassed model never knows what it returns.
            raise ValueError(
                f"`{name}` must know its shapes: make it a "
                "`keras.Sequential` that begins with `keras.Input(shape)`, or "
                "a functional model, `keras.Model(inputs, outputs)`. "
                f"Received: {name}={network.name!r}, a "
                f"{type(network).__name__} without them"
            )
        precision(network)
        regularizers(network, name)
        normalisation(network, name)
    if generator is discriminator:
        raise ValueError(
            "`generator` and `discriminator` must be two networks. "
            f"Received: {generator.name!r} for both"
        )
    if generator.outputs[0].dtype in ("bfloat16", "float16"):
        raise ValueError(
            "`generator` must draw in float32, since 16 bits hold three digits "
            "of a pixel only: end it in a layer made with `dtype='float32'`. "
            f"Received: {generator.name!r}, which draws in "
            f"{generator.outputs[0].dtype}"
        )
    vectors = input_shapes(generator)[0]
    if len(vectors) != 2:
        raise ValueError(
            "`generator` must take latent vectors, `[batch, latent_dim]`: "
            "begin it with `keras.Input((latent_dim,))` and a `Reshape` to "
            f"what its next layer wants. Received: input shape {vectors}"
        )
    drawn = tuple(generator.output_shape[1:])
    judged = tuple(input_shapes(discriminator)[0][1:])
    if drawn != judged:
        raise ValueError(
            "`generator` must draw what `discriminator` judges: give both the "
            f"same `image_shape`. Received: generator output {drawn}, "
            f"discriminator input {judged}"
        )
    said = heads(discriminator)
    if "logits" not in said:
        raise ValueError(
            "`discriminator` returns a dict, and needs an entry 'logits' in "
            f"it. Received: {sorted(said)}"
        )
    if tuple(said["logits"][1:]) != (1,):
        raise ValueError(
            "`discriminator` must end in one logit an image, e.g. "
            f"`Dense(1)`. Received: output shape {said['logits']}"
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


def input_shapes(network):
    """The shapes of a network's inputs, always as a list."""
    shape = network.input_shape
    return shape if isinstance(shape, list) else [shape]


def heads(discriminator):
    """The shapes of all that D returns, a dict by name."""
    said = discriminator.compute_output_shape(discriminator.input_shape)
    return said if isinstance(said, dict) else {"logits": said}


def no_classes(generator, discriminator):
    """Do both play without classes?"""
    for name, network in [
        ("generator", generator),
        ("discriminator", discriminator),
    ]:
        shapes = input_shapes(network)
        if len(shapes) > 1:
            raise ValueError(
                f"`{name}` has {len(shapes)} inputs, but in a `GAN` there are "
                "no classes. Use `ConditionalGAN`, or make the network "
                f"without `num_classes`. Received: input shapes {shapes}"
            )


def classes(generator, discriminator):
    """Are both told the same classes?"""
    drawn = input_shapes(generator)
    if len(drawn) != 2:
        raise ValueError(
            "`generator` must take latents and classes: make it with "
            f"`num_classes=`. Received: input shapes {drawn}"
        )
    judged = input_shapes(discriminator)
    if len(judged) == 2 and drawn[1][-1] != judged[1][-1]:
        raise ValueError(
            "`generator` and `discriminator` must know the same classes: give "
            "both the same `num_classes`. Received: "
            f"{drawn[1][-1]} and {judged[1][-1]}"
        )
    if len(judged) == 1 and list(heads(discriminator)) == ["logits"]:
        raise ValueError(
            "`discriminator` must have to do with classes, or G would learn to "
            "ignore them: make it with `num_classes=`, or give it a head that "
            "names the class, `heads={'class': ...}`. Received: images as its "
            "only input, logits as its only output"
        )


def codes(gan, categories, continuous):
    """Do an InfoGAN's codes fit into its latent vectors?"""
    count(least=2, categories=categories)
    count(least=0, continuous=continuous)
    said = heads(gan.discriminator)
    if "category" not in said:
        wanted = {"category": categories}
        if continuous:
            wanted["continuous"] = continuous
        raise ValueError(
            "`discriminator` must have heads that read the codes: make it with "
            f"`heads={wanted}`. Received: a discriminator that returns "
            f"{sorted(said)}"
        )
    if categories + continuous > gan.latent_dim:
        raise ValueError(
            "`generator` must have a latent vector at least as long as the "
            f"codes, {categories} + {continuous}. "
            f"Received: latent_dim={gan.latent_dim}"
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
        if layer.variable_dtype == "bfloat16":
            raise ValueError(
                "Weights must be float32: bfloat16 rounds small steps away, "
                "and the averaged generator would stand still. Use the policy "
                "'mixed_bfloat16', which computes in bfloat16 only. "
                f"Received: layer {layer.name!r} of {network.name!r} with "
                f"dtype policy {layer.dtype_policy.name!r}"
            )


def regularizers(network, name):
    """Does a layer ask for something that the step does not add?"""
    asked = [
        (f"weight {variable.path!r}", variable.regularizer)
        for variable in network.weights
        if getattr(variable, "regularizer", None)
    ] + [
        (f"layer {layer.name!r}", layer.activity_regularizer)
        for layer in network._flatten_layers()
        if getattr(layer, "activity_regularizer", None)
    ]
    for owner, regularizer in asked:
        raise ValueError(
            f"`{name}` must have no regularizers: a GAN's losses are those "
            "of the game. Use an optimizer with `weight_decay=` to keep "
            "weights small, or write a penalty, see `gan_keras.penalties`. "
            f"Received: {owner} with {type(regularizer).__name__}"
        )


def normalisation(network, name):
    """Would a layer change its own weights when it only looks?"""
    for layer in network._flatten_layers():
        if isinstance(layer, keras.layers.SpectralNormalization):
            raise ValueError(
                f"`{name}`: `keras.layers.SpectralNormalization` writes its "
                "result into the kernel, so that D would change in G's "
                "half-step. Use `gk.layers.SpectralNormalization`, which "
                f"leaves the kernel alone. Received: layer {layer.name!r}"
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
        for layer in network._flatten_layers():
            if isinstance(layer, MinibatchStdDev):
                raise ValueError(
                    "Under a `tf.distribute` strategy `MinibatchStdDev` would "
                    "see one replica's part of the batch only. Leave it out. "
                    f"Received: layer {layer.name!r} of {network.name!r}"
                )
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
