"""InfoGAN: a part of z is a code, and D must be able to read it.

Source: Chen et al., 2016, arXiv:1606.03657.
"""

import keras
import numpy as np
import tensorflow as tf

from gan_keras import checks
from gan_keras import latent
from gan_keras.gan import GAN


@keras.saving.register_keras_serializable("gan_keras")
class InfoGAN(GAN):
    """A GAN whose latent vectors begin with codes.

    `z = [category, one-hot | continuous codes in (-1, 1) | noise]`. What
    makes the codes mean something is the auxiliary objective
    `gan_keras.auxiliaries.MutualInformation` and the heads that it reads.

    Example:

    ```python
    gan = gk.InfoGAN(
        gk.networks.dcgan_generator((28, 28, 1), latent_dim=32),
        gk.networks.dcgan_discriminator(
            (28, 28, 1), heads={"category": 10, "continuous": 2}
        ),
        categories=10,
        continuous=2,
    )
    gan.compile(auxiliaries=[gk.auxiliaries.MutualInformation(10, 2)])
    gan.fit(gk.datasets.pipeline(images), epochs=20)  # no labels
    gan.generate_from(gan.grid_inputs(rows=10, columns=8))  # a category a row
    ```

    Args:
        generator: As of `GAN`.
        discriminator: As of `GAN`, with the heads of `MutualInformation`.
        categories: Int, values of the categorical code.
        continuous: Int, number of continuous codes.
        **kwargs: As of `GAN`.
    """

    def __init__(
        self, generator, discriminator, categories=10, continuous=2, **kwargs
    ):
        super().__init__(generator, discriminator, **kwargs)
        checks.codes(self, categories, continuous)
        self.categories = categories
        self.continuous = continuous

    #: Codes have places of their own.
    on_sphere = False

    def generator_inputs(self, batch_size, labels=None, turn=0):
        return self.encode(super().generator_inputs(batch_size, turn=turn))

    def draw_latents(self, n, seed=None, truncation=None):
        return self.encode(super().draw_latents(n, seed, truncation)).numpy()

    def encode(self, z):
        """Turns the first entries of normal noise into codes.

        The largest of `categories` normal numbers is each of them equally
        often; and a normal number's rank among all is uniform.

        Args:
            z: Float tensor `[n, latent_dim]` ~ N(0, 1).

        Returns:
            Float tensor of the same shape.
        """
        a, b = self.categories, self.categories + self.continuous
        category = tf.one_hot(tf.argmax(z[:, :a], axis=1), a, dtype=z.dtype)
        codes = tf.math.erf(z[:, a:b] / np.sqrt(2).astype("float32"))
        return tf.concat([category, codes, z[:, b:]], axis=1)

    def with_codes(self, latents, category=None, continuous=None):
        """The same latent vectors with other codes.

        Args:
            latents: Float array `[n, latent_dim]`.
            category: Int, or ints `[n]`; unchanged if not given.
            continuous: Floats `[n, continuous]`; unchanged if not given.

        Returns:
            Float32 array `[n, latent_dim]`.
        """
        checks.latents(self, latents)
        latents = np.array(latents, dtype="float32")
        if category is not None:
            known = np.isin(category, np.arange(self.categories))
            if not known.all():
                raise ValueError(
                    "`category` must lie in 0 to "
                    f"{self.categories - 1}. Received: category={category!r}"
                )
            latents[:, : self.categories] = np.eye(self.categories)[category]
        if continuous is not None:
            end = self.categories + self.continuous
            latents[:, self.categories : end] = continuous
        return latents

    def grid_inputs(self, rows=None, columns=8, seed=None):
        """One category a row, all of them; in each column the same noise."""
        rows = rows or self.categories
        latents = np.tile(self.draw_latents(columns, seed), (rows, 1))
        category = np.repeat(np.arange(rows) % self.categories, columns)
        return self.with_codes(latents, category)

    def walk_inputs(self, stops, frames, seed=None):
        """From code to code in a straight line, and around with the noise."""
        latents = self.draw_latents(stops, seed)
        end = self.categories + self.continuous
        codes = latent.straight_walk(latents[:, :end], frames)
        if end == self.latent_dim:
            return codes
        noise = latent.walk(latents[:, end:], frames)
        return np.concatenate([codes, noise], axis=1)

    def get_config(self):
        return {
            **super().get_config(),
            "categories": self.categories,
            "continuous": self.continuous,
        }
