"""Distances between sets of features, apart from what extracts them."""

from gan_keras.metrics.distances import density_coverage
from gan_keras.metrics.distances import frechet_distance
from gan_keras.metrics.distances import precision_recall

__all__ = ["density_coverage", "frechet_distance", "precision_recall"]
