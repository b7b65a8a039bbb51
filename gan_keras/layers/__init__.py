"""Layers that GANs use and Keras lacks (or does otherwise)."""

from gan_keras.layers.attention import SelfAttention
from gan_keras.layers.conditional import ConditionalBatchNorm
from gan_keras.layers.leaky import LeakyReLU
from gan_keras.layers.learned_map import LearnedMap
from gan_keras.layers.learned_map import LearnedPooling
from gan_keras.layers.minibatch import MinibatchStdDev
from gan_keras.layers.projection import ClassProjection
from gan_keras.layers.spectral import SpectralNormalization

__all__ = [
    "ClassProjection",
    "ConditionalBatchNorm",
    "LeakyReLU",
    "LearnedMap",
    "LearnedPooling",
    "MinibatchStdDev",
    "SelfAttention",
    "SpectralNormalization",
]
