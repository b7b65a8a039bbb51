"""Bad input, found before any training time is spent.

Every message names the argument, says what was received and what to do.
"""

from gan_keras.checks.data import conditional_inputs
from gan_keras.checks.data import deal
from gan_keras.checks.data import different_images
from gan_keras.checks.data import held_out_data
from gan_keras.checks.data import images
from gan_keras.checks.data import labels
from gan_keras.checks.data import latents
from gan_keras.checks.data import training_data
from gan_keras.checks.fitting import add_callbacks
from gan_keras.checks.fitting import fit_arguments
from gan_keras.checks.fitting import weights
from gan_keras.checks.networks import classes
from gan_keras.checks.networks import codes
from gan_keras.checks.networks import networks
from gan_keras.checks.networks import no_classes
from gan_keras.checks.networks import statistics
from gan_keras.checks.numbers import count
from gan_keras.checks.numbers import decay
from gan_keras.checks.numbers import seed
from gan_keras.checks.numbers import share
from gan_keras.checks.rules import augmentation
from gan_keras.checks.rules import auxiliaries
from gan_keras.checks.rules import compilation
from gan_keras.checks.rules import loss_per_image
from gan_keras.checks.rules import metrics
from gan_keras.checks.rules import names
from gan_keras.checks.rules import optimizer
from gan_keras.checks.rules import penalties
from gan_keras.checks.rules import scope

__all__ = [
    "add_callbacks",
    "augmentation",
    "auxiliaries",
    "classes",
    "codes",
    "conditional_inputs",
    "different_images",
    "labels",
    "no_classes",
    "compilation",
    "count",
    "deal",
    "decay",
    "fit_arguments",
    "held_out_data",
    "images",
    "latents",
    "loss_per_image",
    "metrics",
    "names",
    "networks",
    "optimizer",
    "penalties",
    "scope",
    "seed",
    "share",
    "statistics",
    "training_data",
    "weights",
]
