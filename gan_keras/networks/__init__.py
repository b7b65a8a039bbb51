"""Generators and discriminators, one family a file.

A generator maps latent vectors `[batch, latent_dim]` to images in [-1, 1];
a discriminator maps images to one logit each, `[batch, 1]`. Any Keras model
that does so can take their place.
"""

from gan_keras.networks.assembly import Concatenation
from gan_keras.networks.assembly import Projection
from gan_keras.networks.dcgan import dcgan_discriminator
from gan_keras.networks.dcgan import dcgan_generator
from gan_keras.networks.mlp import mlp_discriminator
from gan_keras.networks.mlp import mlp_generator
from gan_keras.networks.r3gan import r3gan_discriminator
from gan_keras.networks.r3gan import r3gan_generator
from gan_keras.networks.resnet import resnet_discriminator
from gan_keras.networks.resnet import resnet_generator

__all__ = [
    "Concatenation",
    "Projection",
    "dcgan_discriminator",
    "dcgan_generator",
    "mlp_discriminator",
    "mlp_generator",
    "r3gan_discriminator",
    "r3gan_generator",
    "resnet_discriminator",
    "resnet_generator",
]
