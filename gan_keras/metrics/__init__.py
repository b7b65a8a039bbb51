"""Distances between sets of samples, apart from what extracts features."""

from gan_keras.metrics.classes import class_divergence
from gan_keras.metrics.classes import classifier_score
from gan_keras.metrics.classes import modes_covered
from gan_keras.metrics.copies import memorisation
from gan_keras.metrics.copies import nearest
from gan_keras.metrics.copies import support_size
from gan_keras.metrics.distances import density_coverage
from gan_keras.metrics.distances import frechet_distance
from gan_keras.metrics.distances import neighbourhoods
from gan_keras.metrics.distances import precision_recall
from gan_keras.metrics.evaluator import Evaluator
from gan_keras.metrics.intervals import half_sample_interval
from gan_keras.metrics.kernel import kernel_distance
from gan_keras.metrics.sliced import sliced_wasserstein
from gan_keras.metrics.streaming import ClassifierScore
from gan_keras.metrics.streaming import FrechetDistance
from gan_keras.metrics.streaming import get_all

__all__ = [
    "ClassifierScore",
    "Evaluator",
    "FrechetDistance",
    "class_divergence",
    "classifier_score",
    "density_coverage",
    "frechet_distance",
    "get_all",
    "half_sample_interval",
    "kernel_distance",
    "memorisation",
    "modes_covered",
    "nearest",
    "neighbourhoods",
    "precision_recall",
    "sliced_wasserstein",
    "support_size",
]
