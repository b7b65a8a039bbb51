"""A laboratory: data of which everything is known, and instruments.

Reading order:

1. `distributions.py`: points on a line and in the plane, with their densities
2. `optimal.py`: the best discriminator there can be, and how far from rest
3. `players.py`: two small networks that learn such points in half a minute
4. `fields.py`: what D thinks of the plane, and where it pushes the fakes
5. `pixels.py`: the same push for the pixels of an image
6. `pictures.py`: any of these as the frames of a GIF
"""

from gan_keras.lab.distributions import Curve
from gan_keras.lab.distributions import Distribution
from gan_keras.lab.distributions import Mixture
from gan_keras.lab.distributions import Points
from gan_keras.lab.distributions import drawn
from gan_keras.lab.distributions import gaussian
from gan_keras.lab.distributions import grid
from gan_keras.lab.distributions import mixture
from gan_keras.lab.distributions import pipeline
from gan_keras.lab.distributions import ring
from gan_keras.lab.distributions import spiral
from gan_keras.lab.distributions import two_moons
from gan_keras.lab.fields import Fields
from gan_keras.lab.optimal import ChangeOfVariables
from gan_keras.lab.optimal import Comparison
from gan_keras.lab.optimal import Grid
from gan_keras.lab.optimal import KernelEstimate
from gan_keras.lab.optimal import generator_density
from gan_keras.lab.optimal import js_divergence
from gan_keras.lab.optimal import kl_divergence
from gan_keras.lab.optimal import optimal_discriminator
from gan_keras.lab.optimal import value
from gan_keras.lab.pictures import DensityPicture
from gan_keras.lab.pictures import FieldPicture
from gan_keras.lab.pixels import pixel_gradients
from gan_keras.lab.players import Quantiles
from gan_keras.lab.players import gan
from gan_keras.lab.players import held_generator

__all__ = [
    "ChangeOfVariables",
    "Comparison",
    "Curve",
    "DensityPicture",
    "Distribution",
    "FieldPicture",
    "Fields",
    "Grid",
    "KernelEstimate",
    "Mixture",
    "Points",
    "Quantiles",
    "drawn",
    "gan",
    "gaussian",
    "generator_density",
    "grid",
    "held_generator",
    "js_divergence",
    "kl_divergence",
    "mixture",
    "optimal_discriminator",
    "pipeline",
    "pixel_gradients",
    "ring",
    "spiral",
    "two_moons",
    "value",
]
