import numpy as np
import tensorflow as tf

import gan_keras as gk

softplus = tf.nn.softplus


def loss(d, g):
    class Wrong(gk.losses.Loss):
        def discriminator(self, real_logits, fake_logits):
            return d(real_logits, fake_logits)

        def generator(self, real_logits, fake_logits):
            return g(real_logits, fake_logits)

    return Wrong


def below(real, fake):
    return softplus(fake - real)


def above(real, fake):
    return softplus(real - fake)


def slope_at(images, discriminate):
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = discriminate(images)
    slope = tape.gradient(logits, images)
    return slope, list(range(1, len(images.shape)))


def squared(discriminate, images):
    slope, axes = slope_at(images, discriminate)
    return tf.reduce_sum(slope**2, axis=axes)


def averaged(d, real, fake, gamma=1.0):
    slope, axes = slope_at(real, d)
    return gamma / 2 * tf.reduce_mean(slope**2, axis=axes)


WRONG = {
    "ranking_loss": [
        loss(above, below),
        loss(below, below),
        loss(below, lambda real, fake: -below(real, fake)),
        loss(lambda real, fake: softplus(-real) + softplus(fake), above),
        loss(
            lambda real, fake: tf.reduce_mean(below(real, fake)),
            lambda real, fake: tf.reduce_mean(above(real, fake)),
        ),
        loss(
            lambda real, fake: tf.math.log(1 + tf.exp(fake - real)),
            lambda real, fake: tf.math.log(1 + tf.exp(real - fake)),
        ),
        loss(below, lambda real, fake: tf.math.log(1 + tf.exp(real - fake))),
    ],
    "flat_at_reals": [
        lambda d, real, fake, gamma=1.0: gamma / 2 * squared(d, fake),
        lambda d, real, fake, gamma=1.0: gamma * squared(d, real),
        lambda d, real, fake, gamma=1.0: squared(d, real),
        lambda d, real, fake, gamma=1.0: gamma / 2 * tf.sqrt(squared(d, real)),
        averaged,
        lambda d, real, fake, gamma=1.0: gamma / 2 * squared(d, real).numpy(),
        lambda d, real, fake, gamma=1.0: tf.reduce_mean(squared(d, real)),
    ],
    "ready_for_training": [
        lambda x: x[..., None].astype("float32") / 255,
        lambda x: x[..., None].astype("float32") / 128 - 1,
        lambda x: x.astype("float32") / 127.5 - 1,
        lambda x: x[..., None] / 127.5 - 1,
        lambda x: (2 * x[..., None]).astype("float32") / 255 - 1,
        lambda x: 1 - x[..., None].astype("float32") / np.float32(127.5),
        # The brightest pixel of a dark photograph becomes white.
        lambda x: x[..., None].astype("float32") / x.max() * 2 - 1,
    ],
}
