"""Distances between sets of samples, apart from what extracts features."""

from gan_keras.metrics.classes import class_divergence
from gan_keras.metrics.classes import classifier_score
from gan_keras.metrics.classes import modes_covered
from gan_keras.metrics.distances import density_coverage
from gan_keras.metrics.distances import frechet_distance
from gan_keras.metrics.distances import precision_recall
from gan_keras.metrics.kernel import kernel_distance
from gan_keras.metrics.sliced import sliced_wasserstein

__all__ = [
    "class_divergence",
    "classifier_score",
    "density_coverage",
    "frechet_distance",
    "kernel_distance",
    "modes_covered",
    "precision_recall",
    "sliced_wasserstein",
]
