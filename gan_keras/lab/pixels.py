"""What D tells every pixel: the only thing that G ever learns from."""

import numpy as np
import tensorflow as tf

from gan_keras import checks
from gan_keras import state
from gan_keras.auxiliaries import ClassLoss
from gan_keras.auxiliaries import MutualInformation
from gan_keras.gan import Batch


def pixel_gradients(gan, latents, real_images=None):
    """The gradient of G's loss at every pixel (or coordinate) of its fakes.

    Formula: `d g_loss / d fake_images`, where g_loss is the mean over the
    batch, as in training: among n images, each one's share is an n-th.

    It is the array that the training step hands on to G. Where it is
    negative, D would like the pixel lighter; where positive, darker.

    Args:
        gan: A compiled `GAN`.
        latents: Float array `[n, latent_dim]`; for a conditional model a
            tuple `(latents, labels)`.
        real_images: Float array `[n, ...]` in [-1, 1], or for a conditional
            model with labels like those of the latents: only for a loss that
            compares fakes with real images, or an auxiliary objective of
            one's own.

    Returns:
        Tuple of the fakes, float32 `[n, ...]` (the raw generator's, in
        training mode), and the gradients, of the same shape.

    Raises:
        ValueError: If the latents do not suit the generator, or real images
            are needed and missing.
    """
    gan._assert_compile_called("pixel_gradients")
    inputs, labels = _inputs(gan, latents)
    with state.kept(gan):
        gan.turns(tf.zeros([gan.critic_steps, *gan.sample_shape]))  # the count
        fakes = gan.generator(inputs, training=True)
        if real_images is None:
            _no_reals_needed(gan)
            real_images = fakes
        else:
            real_images = np.asarray(real_images, "float32")
            checks.images(gan, real_images, "real_images")
            if len(real_images) != len(fakes):
                raise ValueError(
                    "`real_images` must be as many as the latents. Received: "
                    f"{len(real_images)} real images for {len(fakes)} latents"
                )
            real_images = tf.constant(real_images)
        batch = Batch(real_images, fakes, inputs, labels)
        gradients, _ = gan.pixel_gradients(batch)
    return fakes.numpy(), gradients.numpy()


def _inputs(gan, latents):
    """What G takes, and the labels of it."""
    if not gan.needs_labels:
        checks.latents(gan, latents)
        return tf.constant(np.asarray(latents, "float32")), None
    latents, labels = checks.conditional_inputs(gan, latents)
    classes = gan.class_weights(labels)
    return [tf.constant(np.asarray(latents, "float32")), classes], labels


def _no_reals_needed(gan):
    """Does G's loss leave the real images alone?"""
    loss = gan.loss
    for auxiliary in gan.auxiliaries:
        if not isinstance(auxiliary, (ClassLoss, MutualInformation)):
            raise ValueError(
                "`real_images` must be given, as many as there are latents: "
                "an auxiliary objective of one's own may look at them. "
                f"Received: {auxiliary.name!r} and no real images"
            )
    real, fake = tf.constant([0.0, 1.0]), tf.constant([1.0, 0.0])
    with tf.GradientTape() as tape:
        tape.watch(real)
        g_losses = loss.generator(real, fake)
    if tape.gradient(g_losses, real) is not None:
        raise ValueError(
            "`real_images` must be given, as many as there are latents: the "
            "loss compares each fake with a real image. Received: loss="
            f"{type(loss).__name__} and no real images"
        )
