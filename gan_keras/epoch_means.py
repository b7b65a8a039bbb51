"""The numbers in the progress bar: true means over the epoch so far."""

import keras
import tensorflow as tf

from gan_keras import replicas


class EpochMeans:
    """Keeps one `keras.metrics.Mean` for every logged name.

    The means are over samples, not over batches, so that a short last batch
    does not count for more than its share. They live in an object of our own
    because Keras would otherwise save them with the model and collect them
    twice when it is compiled again.
    """

    def __init__(self):
        self._means = {}
        self.images = []  # metrics that look at images, in `test_step`

    def track(self, names, images=()):
        """Makes (or keeps) one mean for each of the names, and no others."""
        self.images = list(images)
        self._means = {
            name: self._means.get(name) or keras.metrics.Mean(name)
            for name in names
        }

    @property
    def metrics(self):
        return [*self._means.values(), *self.images]

    @property
    def seen(self):
        """Int64 scalar tensor: the samples so far, those of all replicas."""
        count = replicas.total(self._means["d_loss"].count.value)
        return tf.cast(count, tf.int64)

    def update(self, values):
        """Adds a batch: a dict of per-sample float tensors `[batch]`.

        Raises:
            ValueError: If a value has another shape. (Of `[batch, 1]`, added
                to a loss `[batch]`, would come `[batch, batch]`.)
        """
        for name, samples in values.items():
            if tf.TensorShape(samples.shape).rank != 1:
                raise ValueError(
                    f"{name!r}, of `penalties` or `auxiliaries`, must be one "
                    "number an image, `[batch]`: the mean over all axes but "
                    "the first, or of a head with one unit `head[:, 0]`. "
                    f"Received: shape {samples.shape}"
                )
            self._means[name].update_state(samples)

    def results(self, names=None):
        """The means so far, a dict by the given names or by all."""
        return {
            name: self._means[name].result() for name in names or self._means
        }

    def compare(self, real_images, fake_images):
        """Shows a batch to the metrics of images."""
        for metric in self.images:
            metric.update_state(real_images, fake_images)
