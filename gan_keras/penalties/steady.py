"""WGAN-GP and DRAGAN: D's slope must be one, in random places."""

import random

import tensorflow as tf

from gan_keras import checks
from gan_keras import noise
from gan_keras import replicas
from gan_keras.penalties.base import Penalty
from gan_keras.penalties.base import register


class UnitSlope(Penalty):
    """What `GradientPenalty` and `Dragan` have in common.

    Formula: `weight * (|d logit / d image| - 1)^2`, at random images.

    Args:
        weight: Float >= 0, the papers' lambda.
        one_sided: Boolean; `True` punishes slopes above 1 only.
        seed: Int, of the random places; drawn from Python's `random` if not
            given. The places of the t-th call are a pure function of
            `(seed, t)`.
        every: Int, steps between payments; see `Penalty`.
        share: Float, the part of the batch that pays; see `Penalty`.
        name: String, the metric's name.
    """

    def __init__(
        self,
        weight=10.0,
        one_sided=False,
        seed=None,
        every=1,
        share=1.0,
        name=None,
    ):
        super().__init__(every=every, share=share, name=name)
        if not weight >= 0:
            raise ValueError(
                "`weight` weighs the penalty and must be 0 or more. "
                f"Received: weight={weight!r}"
            )
        checks.seed(seed)
        self.weight = float(weight)
        self.one_sided = bool(one_sided)
        self.seed = random.randrange(2**31) if seed is None else int(seed)

    counts = True  # other places in every call

    def price(self, squared_slope):
        # The root of 0 has no gradient: it would be NaN where D is flat.
        excess = tf.sqrt(squared_slope + 1e-12) - 1
        if self.one_sided:
            excess = tf.nn.relu(excess)
        return self.weight * tf.square(excess)

    def uniform(self, images, per_pixel=False):
        """Uniform noise in (0, 1], one number an image or one a pixel."""
        shape = tf.shape(images)
        if not per_pixel:
            shape = tf.concat([shape[:1], tf.ones_like(shape[1:])], axis=0)
        # Below 0, so that no model of the same seed draws the same.
        key = tf.constant(-1 - self.seed, tf.int64)
        seed = tf.stack([key, self.calls.value])
        drawn = replicas.own_rows(
            lambda n: noise.uniform(tf.concat([[n], shape[1:]], axis=0), seed),
            shape[0],
        )
        return tf.cast(drawn, images.dtype)

    def get_config(self):
        return {
            "weight": self.weight,
            "one_sided": self.one_sided,
            "seed": self.seed,
            **super().get_config(),
        }


@register
class GradientPenalty(UnitSlope):
    """WGAN-GP: slope 1 on the way from real images to fake ones.

    Formula: `weight * (|d logit / d x| - 1)^2` at
    `x = eps * real_image + (1 - eps) * fake_image`, with one
    `eps ~ U(0, 1)` for every image.

    The critic that measures the distance between p_data and p_g has slope 1
    almost everywhere on straight lines between them.

    Source: Gulrajani et al., 2017, arXiv:1704.00028.

    Args: as of `UnitSlope`: `weight`, `one_sided`, `seed`, `every`, `share`,
        `name`.
    """

    def places(self, real_images, fake_images):
        eps = self.uniform(real_images)
        return eps * real_images + (1 - eps) * fake_images


@register
class Dragan(UnitSlope):
    """DRAGAN: slope 1 around the real images.

    Formula: `weight * (|d logit / d x| - 1)^2` at
    `x = real_image + 0.5 * std * u`, with `u ~ U(0, 1)` for every pixel and
    the standard deviation of all pixels of the batch (with `share`, of its
    paying images). The noise is that of
    the authors' program; the paper's own is Gaussian. The program then draws
    x at random on the way from the real image to the noisy one, with one more
    number from U(0, 1) for every image; here x is the noisy image itself.

    Sharp slopes of D around single real images are what G's modes collapse
    on; here they are smoothed without looking at the fakes at all.

    Source: Kodali et al., 2017, arXiv:1705.07215.

    Args: as of `UnitSlope`: `weight`, `one_sided`, `seed`, `every`, `share`,
        `name`.
    """

    def places(self, real_images, fake_images):
        count = tf.cast(tf.size(real_images), real_images.dtype)
        count = replicas.total(count)
        mean = replicas.total(tf.reduce_sum(real_images)) / count
        # Of the differences: those of large squares may be below 0.
        squares = tf.reduce_sum(tf.square(real_images - mean))
        spread = tf.sqrt(replicas.total(squares) / count)
        u = self.uniform(real_images, per_pixel=True)
        return real_images + 0.5 * spread * u
