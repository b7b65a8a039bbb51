"""Multi-layer perceptrons: the networks of the first GAN (2014).

Also the right size for points on a line or in the plane.
"""

import math

from keras import layers

from gan_keras.networks.assembly import as_it_is
from gan_keras.networks.assembly import discriminator
from gan_keras.networks.assembly import generator
from gan_keras.networks.assembly import hidden_layers
from gan_keras.networks.shapes import check_sample_shape


def mlp_generator(
    image_shape,
    latent_dim=64,
    hidden=(256, 512),
    num_classes=None,
    activation="leaky_relu",
):
    """A generator of fully connected layers.

    Args:
        image_shape: Tuple of ints, one sample's shape: `(H, W, C)` for images,
            which come out in [-1, 1] (tanh), or `(D,)` for points in D
            dimensions, which are not bounded.
        latent_dim: Int, length of the latent vector z.
        hidden: Tuple of ints, widths of the hidden layers.
        num_classes: As of `dcgan_generator`.
        activation: String or callable, what follows each hidden layer (of
            slope 0.2 below 0 as it is). A smooth one, "silu", makes a smooth
            density.

    Returns:
        A `keras.Model`: float32 `[batch, latent_dim]`, or a list of them and
        classes `[batch, num_classes]`, to `[batch, *image_shape]`.

    Source: Goodfellow et al., 2014, arXiv:1406.2661.
    """
    image_shape = check_sample_shape(image_shape)
    # Points in the plane have no natural bounds; pixels do.
    squash = "tanh" if len(image_shape) == 3 else "linear"

    def draw(x, classes):
        if classes is not None:
            x = layers.Concatenate(name="with_class")([x, classes])
        for i, units in hidden_layers(hidden):
            x = layers.Dense(units, name=f"hidden{i}")(x)
            x = layers.Activation(activation)(x)
        # Points in 16 bits would lie on a lattice; pixels do, of 8 bits.
        wide = {"dtype": "float32"} if len(image_shape) == 1 else {}
        x = layers.Dense(math.prod(image_shape), name="pixels", **wide)(x)
        x = layers.Reshape(image_shape, **wide)(x)
        return layers.Activation(squash, dtype="float32")(x)

    return generator(latent_dim, draw, num_classes)


def mlp_discriminator(
    image_shape,
    hidden=(512, 256),
    num_classes=None,
    condition=None,
    heads=None,
    wrap=as_it_is,
    activation="leaky_relu",
):
    """A discriminator of fully connected layers.

    Args:
        image_shape: Tuple of ints, one sample's shape: `(H, W, C)` or `(D,)`.
        hidden: Tuple of ints, widths of the hidden layers.
        num_classes: This and all others as of `dcgan_discriminator`.
        condition: See there.
        heads: See there.
        wrap: See there.
        activation: As of `mlp_generator`.

    Returns:
        A `keras.Model`: float32 `[batch, *image_shape]`, or a list of them
        and classes `[batch, num_classes]`, to logits `[batch, 1]`, or to a
        dict of them and the heads.

    Source: Goodfellow et al., 2014, arXiv:1406.2661.
    """
    image_shape = check_sample_shape(image_shape)

    def look(x):
        x = layers.Flatten()(x)
        for i, units in hidden_layers(hidden):
            x = wrap(layers.Dense(units, name=f"hidden{i}"))(x)
            x = layers.Activation(activation)(x)
        return x

    return discriminator(image_shape, look, num_classes, condition, heads, wrap)
