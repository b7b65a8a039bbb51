"""Asking a trained GAN: new images from G, opinions from D."""

import functools
import random

import numpy as np
import tensorflow as tf

from gan_keras import checks
from gan_keras import latent
from gan_keras.batching import in_batches


class Sampling:
    """The part of `GAN` that people call after training (and during it)."""

    def generate(self, n=16, seed=None, use_ema=True, truncation=None):
        """Draws new images.

        Args:
            n: Int, how many.
            seed: Int; the same seed gives the same latent vectors.
            use_ema: Boolean; `False` asks the raw generator instead of its
                moving average.
            truncation: Float > 0: how far out a latent number may lie, see
                `gan_keras.latent.truncate`. Less makes images that are more
                alike, and often better: with 1, faces are whole where some
                were smeared. All of N(0, 1) if not given.

        Returns:
            Float32 NumPy array `[n, height, width, channels]` in [-1, 1].
        """
        latents = self.draw_latents(n, seed, truncation)
        return self.generate_from(latents, use_ema)

    def draw_latents(self, n, seed=None, truncation=None):
        """Latent vectors for `generate_from`.

        Args:
            n: Int, how many.
            seed: Int, as in `generate`.
            truncation: Float > 0, as in `generate`.

        Returns:
            Float32 NumPy array `[n, latent_dim]`, of N(0, 1) if not truncated.
        """
        checks.count(n=n)
        if seed is None:  # `keras.utils.set_random_seed` governs it
            seed = random.randrange(2**31)
        rng = np.random.default_rng(seed)
        latents = rng.standard_normal((n, self.latent_dim), dtype="float32")
        if truncation is not None:
            again = int(rng.integers(2**31))
            latents = latent.truncate(latents, truncation, seed=again)
        return latents

    def generate_from(self, latents, use_ema=True):
        """Turns given latent vectors into images.

        Args:
            latents: Float array `[n, latent_dim]`.
            use_ema: Boolean, as in `generate`.

        Returns:
            Float32 NumPy array `[n, height, width, channels]` in [-1, 1].
        """
        checks.latents(self, latents)
        if not self.needs_labels:  # else a list, of latents and classes
            latents = np.asarray(latents, "float32")
        return in_batches(self._compiled[bool(use_ema)], latents)

    def grid_inputs(self, rows=None, columns=8, seed=None):
        """What `generate_from` makes a grid of samples from.

        Args:
            rows: Int; 8 if not given.
            columns: Int.
            seed: Int, as in `generate`.

        Returns:
            Latent vectors, float32 `[rows * columns, latent_dim]`.
        """
        return self.draw_latents((rows or 8) * columns, seed)

    def walk_inputs(self, stops, frames, seed=None):
        """What `generate_from` makes a walk through latent space from.

        Args:
            stops: Int, images to visit.
            frames: Int, steps from one to the next.
            seed: Int, as in `generate`.

        Returns:
            Latent vectors, float32 `[stops * frames, latent_dim]`.
        """
        return latent.walk(self.draw_latents(stops, seed), frames)

    @functools.cached_property
    def _compiled(self):
        """Both generators as compiled functions: five times as fast.

        (Keras' own, `predict_on_batch`, waits for all workers of a
        distributed run, of which only the chief draws.)
        """
        return {
            # Any number of images, without a new graph for each number.
            use_ema: tf.function(
                functools.partial(network, training=False),
                reduce_retracing=True,
            )
            for use_ema, network in [
                (True, self.ema_generator),
                (False, self.generator),
            ]
        }

    def judge(self, images):
        """What D thinks of images.

        Args:
            images: Float array `[n, height, width, channels]` in [-1, 1].

        Returns:
            Float32 NumPy array `[n]`: the probability of being real, or D's
            score if the compiled loss has no probability.
        """
        self._assert_compile_called("judge")
        checks.images(self, images)
        return in_batches(
            lambda batch: self.loss.score(
                self.discriminate(batch, training=False)
            ),
            images,
        )

    def call(self, inputs, training=False):
        """Generates, with the averaged generator: `gan(latents)`."""
        return self.ema_generator(inputs, training=training)

    @property
    def latent_dim(self):
        """Int, the length of a latent vector."""
        shape = self.generator.input_shape
        return (shape[0] if isinstance(shape, list) else shape)[-1]

    @property
    def on_sphere(self):
        """Whether all latent vectors are about equally long.

        In many dimensions they are; in few, lengths differ much.
        """
        return self.latent_dim >= 8

    @property
    def sample_shape(self):
        """Tuple, the shape of one image (or point)."""
        return tuple(self.generator.output_shape[1:])

    def summary(self, *args, **kwargs):
        """Prints both networks, layer by layer, as Keras does for one."""
        self.discriminator.summary(*args, **kwargs)
        self.generator.summary(*args, **kwargs)
