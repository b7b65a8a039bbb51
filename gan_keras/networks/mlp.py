"""Multi-layer perceptrons: the networks of the first GAN (2014).

Also the right size for points on a line or in the plane.
"""

import math

import keras
from keras import layers

from gan_keras.networks.shapes import check_positive
from gan_keras.networks.shapes import check_sample_shape


def mlp_generator(image_shape, latent_dim=64, hidden=(256, 512)):
    """A generator of fully connected layers.

    Args:
        image_shape: Tuple of ints, one sample's shape: `(H, W, C)` for images,
            which come out in [-1, 1] (tanh), or `(D,)` for points in D
            dimensions, which are not bounded.
        latent_dim: Int, length of the latent vector z.
        hidden: Tuple of ints, widths of the hidden layers.

    Returns:
        A `keras.Sequential`: float32 `[batch, latent_dim]` to
        `[batch, *image_shape]`.

    Source: Goodfellow et al., 2014, arXiv:1406.2661.
    """
    image_shape = check_sample_shape(image_shape)
    check_positive(latent_dim=latent_dim)
    # Points in the plane have no natural bounds; pixels do.
    squash = "tanh" if len(image_shape) == 3 else "linear"
    network = keras.Sequential(name="generator")
    network.add(keras.Input((latent_dim,)))
    for i, units in enumerate(hidden, start=1):
        network.add(layers.Dense(units, name=f"hidden{i}"))
        network.add(layers.LeakyReLU(negative_slope=0.2))
    network.add(layers.Dense(math.prod(image_shape), name="pixels"))
    network.add(layers.Reshape(image_shape))
    network.add(layers.Activation(squash, dtype="float32"))
    return network


def mlp_discriminator(image_shape, hidden=(512, 256)):
    """A discriminator of fully connected layers.

    Args:
        image_shape: Tuple of ints, one sample's shape: `(H, W, C)` or `(D,)`.
        hidden: Tuple of ints, widths of the hidden layers.

    Returns:
        A `keras.Sequential`: float32 `[batch, *image_shape]` to logits
        `[batch, 1]`.

    Source: Goodfellow et al., 2014, arXiv:1406.2661.
    """
    image_shape = check_sample_shape(image_shape)
    network = keras.Sequential(name="discriminator")
    network.add(keras.Input(image_shape))
    network.add(layers.Flatten())
    for i, units in enumerate(hidden, start=1):
        network.add(layers.Dense(units, name=f"hidden{i}"))
        network.add(layers.LeakyReLU(negative_slope=0.2))
    network.add(layers.Dense(1, dtype="float32", name="logits"))
    return network
