"""A published tutorial's training loop, to race against.

The loop that many people learn GANs from is the DCGAN tutorial of the
TensorFlow documentation: a custom `tf.function` with two gradient tapes.
What is re-implemented here is its published settings, in our own code, with
nothing around it: no metrics, no callbacks, no average of the generator.

Source: https://www.tensorflow.org/tutorials/generative/dcgan
"""

import keras
import tensorflow as tf
from keras import layers

LATENT_DIM = 100
BATCH_SIZE = 256
LEARNING_RATE = 1e-4


def tutorial_generator():
    """The tutorial's generator: `[B, 100]` to `[B, 28, 28, 1]`."""

    def up(filters, strides):
        return layers.Conv2DTranspose(
            filters, 5, strides, padding="same", use_bias=False
        )

    return keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            layers.Dense(7 * 7 * 256, use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Reshape((7, 7, 256)),
            up(128, strides=1),  # [B, 7, 7, 128]
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            up(64, strides=2),  # [B, 14, 14, 64]
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            up(1, strides=2),  # [B, 28, 28, 1]
            layers.Activation("tanh"),
        ],
        name="tutorial_generator",
    )


def tutorial_discriminator():
    """The tutorial's discriminator: `[B, 28, 28, 1]` to logits `[B, 1]`."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(64, 5, 2, padding="same"),  # [B, 14, 14, 64]
            layers.LeakyReLU(),
            layers.Dropout(0.3),
            layers.Conv2D(128, 5, 2, padding="same"),  # [B, 7, 7, 128]
            layers.LeakyReLU(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(1),
        ],
        name="tutorial_discriminator",
    )


class TutorialLoop:
    """The tutorial's training step.

    Both players learn from the same two forward passes of the
    discriminator: the generator's gradient comes from the discriminator as
    it was before this step.

    Args:
        generator: Keras model, `[B, latent_dim]` to images.
        discriminator: Keras model, images to logits `[B, 1]`.
    """

    def __init__(self, generator, discriminator):
        self.generator = generator
        self.discriminator = discriminator
        self.g_optimizer = keras.optimizers.Adam(LEARNING_RATE)
        self.d_optimizer = keras.optimizers.Adam(LEARNING_RATE)
        self.cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
        # One function an object: a second loop must not find variables of
        # the first one in its graph.
        self.step = tf.function(self._step)

    def _step(self, images):
        """One step on float32 images `[B, 28, 28, 1]` in [-1, 1]."""
        noise = tf.random.normal([tf.shape(images)[0], LATENT_DIM])
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fakes = self.generator(noise, training=True)
            real_logits = self.discriminator(images, training=True)
            fake_logits = self.discriminator(fakes, training=True)
            g_loss = self.cross_entropy(tf.ones_like(fake_logits), fake_logits)
            d_loss = self.cross_entropy(
                tf.ones_like(real_logits), real_logits
            ) + self.cross_entropy(tf.zeros_like(fake_logits), fake_logits)
        for tape, loss, network, optimizer in [
            (g_tape, g_loss, self.generator, self.g_optimizer),
            (d_tape, d_loss, self.discriminator, self.d_optimizer),
        ]:
            variables = network.trainable_variables
            optimizer.apply(tape.gradient(loss, variables), variables)

    def fit(self, dataset, epochs=1):
        """The tutorial's outer loop: a step for every batch."""
        for _ in range(epochs):
            for images in dataset:
                self.step(images)


def tutorial_dataset(images):
    """The tutorial's pipeline: all floats in memory, shuffled, in batches.

    The tutorial keeps the short last batch, which makes TensorFlow trace
    the step again; here it is dropped, so that both sides of the race do
    the same number of equal steps.

    Args:
        images: float32 array `[N, 28, 28, 1]` in [-1, 1].
    """
    return (
        tf.data.Dataset.from_tensor_slices(images)
        .shuffle(len(images))
        .batch(BATCH_SIZE, drop_remainder=True)
    )
