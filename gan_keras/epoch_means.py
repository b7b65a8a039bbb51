"""The numbers in the progress bar: true means over the epoch so far."""

import keras


class EpochMeans:
    """Keeps one `keras.metrics.Mean` for every logged name.

    The means are over samples, not over batches, so that a short last batch
    does not count for more than its share. They live in an object of our own
    because Keras would otherwise save them with the model and collect them
    twice when it is compiled again.
    """

    def __init__(self):
        self._means = {}

    def track(self, names):
        """Makes (or keeps) one mean for each of the names, and no others."""
        self._means = {
            name: self._means.get(name) or keras.metrics.Mean(name)
            for name in names
        }

    @property
    def metrics(self):
        return list(self._means.values())

    def update(self, values):
        """Adds a batch: a dict of per-sample float tensors `[batch]`."""
        for name, samples in values.items():
            self._means[name].update_state(samples)

    def results(self, names):
        """The means so far, a dict by the given names."""
        return {name: self._means[name].result() for name in names}
