"""The same figures as Keras metrics: `gan.compile(metrics=[...])`.

They see the images batch by batch, keep sums only, and so take the same
memory for a thousand images as for a million.
"""

import warnings

import keras
import tensorflow as tf

from gan_keras import extractors
from gan_keras.registry import Registry
from gan_keras.registry import get_all_of

metrics = Registry("metrics", ("extractor", "update_state"))


class ImageMetric(keras.metrics.Metric):
    """Base of the metrics that compare generated with real images.

    `gan.evaluate(real_images)` and `fit(validation_data=...)` draw as many
    samples from the averaged generator as there are real images, of the same
    classes, and show both to `update_state`.

    Args:
        extractor: An `Extractor` or its name (`gan_keras.extractors`).
        name: String; by default the figure's name and the extractor's.
    """

    figure = ""

    def __init__(self, extractor="digits", name=None):
        extractor = extractors.get(extractor)
        super().__init__(name=name or extractor.label(self.figure))
        # A list would be tracked, and the network saved with every model.
        self._look = extractor.look
        self.fits = extractor.fits
        self.extractor = extractor.name
        self.standard = extractor.standard
        self.features = extractor.network.outputs[0].shape[-1]

    def update_state(self, real_images, fake_images):
        """Takes a batch of each in.

        Args:
            real_images: Float tensor `[batch, H, W, C]` in [-1, 1].
            fake_images: Float tensor of the same shape.
        """
        raise TypeError(f"{type(self).__name__} must define `update_state`.")

    def get_config(self):
        return {"extractor": self.extractor, "name": self.name}


@metrics.register
class FrechetDistance(ImageMetric):
    """The Fréchet distance, from sums: as `metrics.frechet_distance`.

    Formula: see there; means and covariances come from the sums of the
    features and of their products, in float64.

    Example:

    ```python
    gan.compile(metrics=[gk.metrics.FrechetDistance("digits")])
    held_out = gk.datasets.pipeline(
        held_out, shuffle=False, drop_remainder=False
    )
    gan.fit(data, validation_data=held_out)
    ```

    Args:
        extractor: As of `ImageMetric`.
        name: String; `fd_digits` for the extractor `"digits"`.
    """

    figure = "fd"

    def __init__(self, extractor="digits", name=None):
        super().__init__(extractor, name)

        def sums(shape, what):
            return self.add_variable(shape, "zeros", "float64", name=what)

        # In the order of `_sums`: how many, their sum, that of the products.
        shapes = [("count", ()), ("sum", (self.features,))]
        shapes += [("products", (self.features, self.features))]
        self._real = [sums(shape, f"real_{what}") for what, shape in shapes]
        self._fake = [sums(shape, f"fake_{what}") for what, shape in shapes]

    def update_state(self, real_images, fake_images):
        for state, images in [
            (self._real, real_images),
            (self._fake, fake_images),
        ]:
            x = tf.cast(self._look(images)[0], tf.float64)  # [B, d]
            count = tf.cast(tf.shape(x)[0], tf.float64)
            batch = [count, tf.reduce_sum(x, axis=0)]
            batch += [tf.matmul(x, x, transpose_a=True)]
            for variable, value in zip(state, batch):
                variable.assign_add(value)

    def result(self):
        if tf.executing_eagerly():
            count = int(tf.convert_to_tensor(self._real[0]))
            if 0 < count <= self.features:
                warnings.warn(
                    f"{count} images of {self.features} features have a "
                    f"singular covariance: {self.name} is strongly biased. "
                    "Use more images than features.",
                    stacklevel=2,
                )
        (real_mean, real), (fake_mean, fake) = map(
            _moments, (self._real, self._fake)
        )
        values, vectors = tf.linalg.eigh(real)
        root = vectors * tf.sqrt(tf.maximum(values, 0))  # root root' = real
        # The trace of sqrt(real fake): these have the same eigenvalues.
        between = tf.linalg.eigvalsh(
            tf.matmul(root, tf.matmul(fake, root), transpose_a=True)
        )
        distance = (
            tf.reduce_sum(tf.square(real_mean - fake_mean))
            + tf.linalg.trace(real)
            + tf.linalg.trace(fake)
            - 2 * tf.reduce_sum(tf.sqrt(tf.maximum(between, 0)))
        )
        return tf.cast(tf.maximum(distance, 0), tf.float32)


def _moments(state):
    """Mean `[d]` and unbiased covariance `[d, d]` from the sums."""
    count, total, products = (tf.convert_to_tensor(v) for v in state)
    mean = tf.math.divide_no_nan(total, count)
    scatter = products - count * mean[:, None] * mean[None, :]
    return mean, tf.math.divide_no_nan(scatter, count - 1)


@metrics.register
class ClassifierScore(ImageMetric):
    """The Inception score's formula, from sums, on the generated images.

    Formula: as `metrics.classifier_score`. The real images are not used.

    Args:
        extractor: As of `ImageMetric`; it must tell class probabilities.
        name: String; `score_digits` for the extractor `"digits"`.
    """

    figure = "score"

    def __init__(self, extractor="digits", name=None):
        super().__init__(extractor, name)
        network = extractors.get(extractor).network
        if len(network.outputs) < 2:
            raise ValueError(
                "`extractor` must tell class probabilities. "
                f"Received: extractor={self.extractor!r}"
            )
        classes = network.outputs[1].shape[-1]
        self._count = self.add_variable((), "zeros", "float64", name="count")
        self._sum = self.add_variable(
            (classes,), "zeros", "float64", name="sum"
        )
        self._p_log_p = self.add_variable((), "zeros", "float64", name="p")

    def update_state(self, real_images, fake_images):
        p = tf.cast(self._look(fake_images)[1], tf.float64)  # [B, classes]
        self._count.assign_add(tf.cast(tf.shape(p)[0], tf.float64))
        self._sum.assign_add(tf.reduce_sum(p, axis=0))
        self._p_log_p.assign_add(tf.reduce_sum(tf.math.xlogy(p, p)))

    def result(self):
        # Mean of KL(p(c|x) || p(c)) = mean of sum p log p - sum m log m.
        mean = tf.math.divide_no_nan(
            tf.convert_to_tensor(self._sum), self._count.value
        )
        inner = tf.math.divide_no_nan(self._p_log_p.value, self._count.value)
        score = tf.exp(inner - tf.reduce_sum(tf.math.xlogy(mean, mean)))
        return tf.cast(score, tf.float32)


def get_all(identifiers):
    """A list of metrics from names, configs and objects."""
    return get_all_of(
        "metrics", metrics.get, identifiers, '["frechet_distance"]'
    )
