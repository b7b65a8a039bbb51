"""Noise z and a class y go in, an image of that class comes out.

Both networks are told the class: G draws what was asked for, and D judges
whether an image is a real one *of its class*. The game, and the training
step, are those of `gan_keras.gan`.

Source: Mirza and Osindero, 2014, arXiv:1411.1784.
"""

import keras
import numpy as np
import tensorflow as tf

from gan_keras import checks
from gan_keras import latent
from gan_keras.batching import in_batches
from gan_keras.gan import GAN

MOST_ROWS = 32  # of a grid, if their number is not given


@keras.saving.register_keras_serializable("gan_keras")
class ConditionalGAN(GAN):
    """A GAN that draws what it is asked for.

    Example:

    ```python
    images, labels = gk.datasets.load("digits")
    gan = gk.ConditionalGAN(
        gk.networks.dcgan_generator((28, 28, 1), num_classes=10),
        gk.networks.dcgan_discriminator((28, 28, 1), num_classes=10),
    )
    gan.compile()
    gan.fit(gk.datasets.pipeline(images, labels), epochs=20)
    sevens = gan.generate(labels=[7, 7, 7, 7])
    ```

    Args: as of `GAN`. The generator takes `[latents, classes]`, with latents
        `[batch, latent_dim]` and classes `[batch, num_classes]`, whose rows
        are 1 for the class and 0 elsewhere (or mixtures). The discriminator
        takes `[images, classes]`, or images alone if it is to *name* the
        class (see `gan_keras.auxiliaries.ClassLoss`).
    """

    needs_labels = True
    check_inputs = staticmethod(checks.classes)

    def generator_inputs(self, batch_size, labels=None, turn=0):
        """Noise and classes: the fakes are asked for with the reals' labels.

        Args:
            batch_size: Int tensor.
            labels: Int tensor `[batch_size]`, or class weights
                `[batch_size, num_classes]`.
            turn: Int, as of `GAN.generator_inputs`.

        Returns:
            List of latents `[batch_size, latent_dim]` and classes
            `[batch_size, num_classes]`, float32.
        """
        latents = super().generator_inputs(batch_size, turn=turn)
        return [latents, self.class_weights(labels)]

    def discriminator_inputs(self, images, labels=None):
        """Images and their classes, if D wants to be told them."""
        if len(self.discriminator.inputs) == 1:
            return images
        # A penalty may look at the first images of the batch only.
        classes = self.class_weights(labels)[: tf.shape(images)[0]]
        return [tf.convert_to_tensor(images), classes]

    def class_weights(self, labels):
        """Labels as G and D take them.

        Args:
            labels: Int `[n]`, each in `[0, num_classes)`, or floats
                `[n, num_classes]` for mixtures, such as half a 3 and half
                an 8.

        Returns:
            Float32 tensor `[n, num_classes]`.
        """
        if labels is None:
            raise ValueError(
                "`x` must come with labels, since the model is conditional. "
                "Received: images only"
            )
        labels = tf.convert_to_tensor(labels)
        if labels.dtype.is_floating:
            return tf.cast(labels, tf.float32)
        return tf.one_hot(tf.cast(labels, tf.int32), self.num_classes)

    @property
    def num_classes(self):
        """Int, how many classes there are."""
        return self.generator.input_shape[1][-1]

    # ------------------------------------------------------------- sampling

    def generate(
        self, n=None, seed=None, use_ema=True, labels=None, truncation=None
    ):
        """Draws new images of given classes.

        Args:
            n: Int, how many; as many as there are labels, or 16, if not
                given.
            seed: Int; the same seed gives the same latent vectors.
            use_ema: Boolean; `False` asks the raw generator instead of its
                moving average.
            labels: Int, one class for all; or ints `[n]`; or floats
                `[n, num_classes]` for mixtures of classes. The classes in
                turn (0, 1, 2, ...) if not given.
            truncation: Float > 0, as in `GAN.generate`.

        Returns:
            Float32 NumPy array `[n, height, width, channels]` in [-1, 1].
        """
        if n is None:
            n = 16 if np.ndim(labels) == 0 else len(labels)
        checks.count(n=n)
        if labels is None:
            labels = np.arange(n) % self.num_classes
        elif np.ndim(labels) == 0:
            labels = np.full(n, labels)
        inputs = (self.draw_latents(n, seed, truncation), labels)
        return self.generate_from(inputs, use_ema)

    def generate_from(self, inputs, use_ema=True):
        """Turns given latent vectors and classes into images.

        Args:
            inputs: Tuple of latents, float `[n, latent_dim]`, and labels, as
                in `generate`.
            use_ema: Boolean, as in `generate`.

        Returns:
            Float32 NumPy array `[n, height, width, channels]` in [-1, 1].
        """
        latents, labels = checks.conditional_inputs(self, inputs)
        classes = self.class_weights(labels).numpy()
        return super().generate_from([latents, classes], use_ema)

    def grid_inputs(self, rows=None, columns=8, seed=None):
        """One class a row; in each column the same noise.

        Args:
            rows: Int, the classes; all of them if not given, but at most the
                first 32: more are no picture to look at.
            columns: Int, latent vectors for each class.
            seed: Int, or None for others each time.

        Returns:
            Tuple of latents, float32 `[rows * columns, latent_dim]`, and
            labels, ints `[rows * columns]`.
        """
        rows = rows or min(self.num_classes, MOST_ROWS)
        latents = np.tile(self.draw_latents(columns, seed), (rows, 1))
        labels = np.repeat(np.arange(rows) % self.num_classes, columns)
        return latents, labels

    def walk_inputs(self, stops, frames, seed=None):
        """From class to class, with one latent vector all the way."""
        latents = self.draw_latents(1, seed)
        corners = np.eye(self.num_classes)[np.arange(stops) % self.num_classes]
        classes = latent.straight_walk(corners, frames)
        return np.tile(latents, (len(classes), 1)), classes

    def judge(self, images, labels):
        """What D thinks of images as members of their classes.

        Args:
            images: Float array `[n, height, width, channels]` in [-1, 1].
            labels: Ints `[n]`, or floats `[n, num_classes]`.

        Returns:
            Float32 NumPy array `[n]`, as of `GAN.judge`.
        """
        self._assert_compile_called("judge")
        checks.images(self, images)
        checks.labels(self, labels, len(images))
        classes = self.class_weights(labels).numpy()
        return in_batches(
            lambda batch: self.loss.score(
                self.discriminate(*batch, training=False)
            ),
            [np.asarray(images), classes],
        )
