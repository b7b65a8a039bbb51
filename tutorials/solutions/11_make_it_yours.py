"""Solutions of tutorial 11."""

import numpy as np
import tensorflow as tf

import gan_keras as gk


class Ranking(gk.losses.Loss):
    def discriminator(self, real_logits, fake_logits):
        return tf.nn.softplus(fake_logits - real_logits)

    def generator(self, real_logits, fake_logits):
        return tf.nn.softplus(real_logits - fake_logits)


ranking_loss = Ranking


def flat_at_reals(discriminate, real_images, fake_images, gamma=1.0):
    with tf.GradientTape() as tape:
        tape.watch(real_images)
        logits = discriminate(real_images)
    slope = tape.gradient(logits, real_images)
    every_pixel = list(range(1, len(real_images.shape)))
    return gamma / 2 * tf.reduce_sum(slope**2, axis=every_pixel)


def ready_for_training(photographs):
    images = photographs[..., None].astype(np.float32)
    return images / 127.5 - 1
