"""Two small networks for points, ready to play."""

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_keras import networks
from gan_keras.gan import GAN
from gan_keras.lab.optimal import Grid
from gan_keras.networks import assembly
from gan_keras.schedules import HoldThenDecay


def gan(distribution, steps=8_000, generator=None, seed=None, penalties=()):
    """A GAN for points, compiled to come to rest after so many steps.

    The bare game by default, the non-saturating loss and no penalty: one on
    D's slope keeps it away from D*, which is what the lab wants to show.

    Example:

    ```python
    data = gk.lab.mixture()
    gan = gk.lab.gan(data, steps=8_000)
    gan.fit(gk.lab.pipeline(data, steps=1_000), epochs=8)
    gk.plots.densities(gk.lab.Comparison(gan, data))
    ```

    Args:
        distribution: The `Distribution` to learn; its dimensions are those of
            the latent vectors, too, so that G is a map of the line (the
            plane) to itself and can be drawn as one.
        steps: Int, training steps until the learning rates are zero.
        generator: `keras.Model`, another generator; see `held_generator`.
        seed: Int, as of `GAN`.
        penalties: As of `GAN.compile`. With `R1(gamma=0.1)` all modes of a
            ring get their fair share of the fakes; in the bare game some get
            a tenth of it, since G stops to carry points from mode to mode.

    Returns:
        A compiled `GAN`.
    """
    dimensions = distribution.dimensions
    if generator is None:
        generator = (line_generator if dimensions == 1 else plane_generator)()
    model = GAN(
        generator,
        networks.mlp_discriminator((dimensions,), HIDDEN),
        seed=seed,
    )
    model.compile(
        # Without a penalty the two would chase each other in circles. But if
        # D is so much faster than G that it is at its best at all times, G
        # goes straight down the divergence (two time scales; Heusel et al.,
        # 2017, arXiv:1706.08500). At 1e-4 for G one seed in five went
        # astray.
        d_optimizer=_adam(4e-3, steps),
        g_optimizer=_adam(5e-5, steps),
        loss="non_saturating",
        penalties=penalties,
        # Such small steps are over sooner than they are called.
        steps_per_execution=50,
    )
    return model


HIDDEN = (64, 64, 64)


def line_generator():
    """A generator that stretches the line, and then bends it.

    Formula: `x = a z + b + mlp(z)`, where a begins at 1 and the multi-layer
    perceptron has tanh for its activation.

    Its density is smooth, so that D can follow it: it has no kinks, where p_g
    would jump. Nor does it flatten out where all tanh have come to their end,
    far from the middle; there p_g would pile up and stop all of a sudden. The
    straight part goes on.

    Returns:
        A `keras.Model`, latents `[batch, 1]` to points `[batch, 1]`.
    """

    def draw(z, classes):
        x = z
        for i, units in enumerate(HIDDEN, start=1):
            x = layers.Dense(units, activation="tanh", name=f"hidden{i}")(x)
        # In 32 bits whatever the policy, or points would lie on a lattice.
        bend = layers.Dense(1, name="bend", dtype="float32")(x)
        stretch = layers.Dense(
            1, kernel_initializer="ones", name="stretch", dtype="float32"
        )(z)
        return layers.Add(dtype="float32", name="points")([stretch, bend])

    return assembly.generator(1, draw)


def plane_generator():
    """A generator that bends the plane.

    Smooth, too. To end in the open does not matter here, where nobody divides
    one density by the other.

    Returns:
        A `keras.Model`, latents `[batch, 2]` to points `[batch, 2]`.
    """
    return networks.mlp_generator((2,), 2, HIDDEN, activation="tanh")


def _adam(learning_rate, steps):
    return keras.optimizers.Adam(
        HoldThenDecay(learning_rate, steps), beta_1=0.5, beta_2=0.99
    )


@keras.saving.register_keras_serializable("gan_keras")
class Quantiles(keras.layers.Layer):
    """Turns a normal number into one of another distribution.

    A table of the map that leaves the ranks as they are: the median becomes
    the median, and so on. Between its entries the map is straight.

    Args:
        values: Floats `[n]`, ascending: where the normal numbers on an even
            grid go to.
        reach: Float; the grid runs from -reach to reach.
    """

    def __init__(self, values, reach=6.0, **kwargs):
        super().__init__(**kwargs)
        self.values = [float(value) for value in values]
        self.reach = float(reach)

    def call(self, z):
        last = len(self.values) - 1
        table = tf.constant(self.values, tf.float32)
        at = (z + self.reach) / (2 * self.reach) * last
        at = tf.clip_by_value(at, 0.0, float(last))
        low = tf.minimum(tf.cast(at, tf.int32), last - 1)
        left, right = tf.gather(table, low), tf.gather(table, low + 1)
        return left + (at - tf.cast(low, tf.float32)) * (right - left)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"values": self.values, "reach": self.reach}
        return {**super().get_config(), **config}


def held_generator(distribution, size=4_001):
    """A generator that is what it is: nothing in it can be trained.

    For looking at D alone: with p_g held still, D has one best answer, D*,
    and all the time to find it.

    Args:
        distribution: A `Distribution` on the line, with a density: p_g.
        size: Int, entries of the table that the generator looks up.

    Returns:
        A `keras.Model`, latents `[batch, 1]` ~ N(0, 1) to points `[batch, 1]`
        of the distribution.
    """
    if distribution.dimensions != 1:
        raise ValueError(
            "`distribution` must be one on the line, such as "
            "`lab.gaussian()`: in the plane there is no order to map by. "
            f"Received: {distribution.dimensions} dimensions"
        )
    ((low, high),) = distribution.bounds()
    room = high - low
    grid = Grid([(low - room / 2, high + room / 2)], 100_001)
    density = distribution.density(grid.points)
    x = grid.axes[0]
    cumulative = np.concatenate(
        [[0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(x))]
    )
    reach = 6.0
    z = np.linspace(-reach, reach, size)
    ranks = np.array([math.erfc(-v / math.sqrt(2)) for v in z]) / 2
    # Far out the ranks hardly grow any more; an even slope keeps them apart.
    values = np.interp(ranks, cumulative / cumulative[-1], x)
    latents = keras.Input((1,), name="latents")
    # float32, whatever the policy: half precision cannot count to 4,000.
    quantiles = Quantiles(values, reach, dtype="float32", name="quantiles")
    points = quantiles(latents)
    return keras.Model(latents, points, name="generator")
