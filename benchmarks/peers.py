"""Published training loops, to race against.

What is re-implemented here is the published settings, in our own code, with
nothing around them: no metrics, no callbacks, no average of the generator.

- The DCGAN tutorial of the TensorFlow documentation, from which many people
  learn GANs: a custom `tf.function` with two gradient tapes.
  Source: https://www.tensorflow.org/tutorials/generative/dcgan
- The guide of the Keras documentation to a `train_step` of one's own, whose
  example is a GAN.
  Source: https://keras.io/guides/custom_train_step_in_tensorflow/
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


# ------------------------------------------------------------ the Keras guide

GUIDE_LATENT_DIM = 128
GUIDE_BATCH_SIZE = 64
GUIDE_LEARNING_RATE = 3e-4


def guide_generator(activation="sigmoid"):
    """The guide's generator: `[B, 128]` to `[B, 28, 28, 1]` in [0, 1]."""

    def up():
        return layers.Conv2DTranspose(128, 4, 2, padding="same")

    return keras.Sequential(
        [
            keras.Input((GUIDE_LATENT_DIM,)),
            layers.Dense(7 * 7 * 128),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Reshape((7, 7, 128)),
            up(),  # [B, 14, 14, 128]
            layers.LeakyReLU(negative_slope=0.2),
            up(),  # [B, 28, 28, 128]
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(1, 7, padding="same", activation=activation),
        ],
        name="guide_generator",
    )


def guide_discriminator():
    """The guide's discriminator, whose logit is high for a *fake*."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(64, 3, 2, padding="same"),  # [B, 14, 14, 64]
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(128, 3, 2, padding="same"),  # [B, 7, 7, 128]
            layers.LeakyReLU(negative_slope=0.2),
            layers.GlobalMaxPooling2D(),
            layers.Dense(1),
        ],
        name="guide_discriminator",
    )


class GuideLoop:
    """The guide's training step: noisy labels, and fakes made twice.

    D learns from 64 fakes and 64 real images at once, whose labels (1 for a
    fake, 0 for a real one) have a little noise added; then G learns from
    other fakes, through the updated D.

    Args:
        generator: Keras model, `[B, 128]` to images in [0, 1].
        discriminator: Keras model, images to logits `[B, 1]`.
    """

    def __init__(self, generator, discriminator):
        self.generator = generator
        self.discriminator = discriminator
        self.g_optimizer = keras.optimizers.Adam(GUIDE_LEARNING_RATE)
        self.d_optimizer = keras.optimizers.Adam(GUIDE_LEARNING_RATE)
        self.cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
        self.step = tf.function(self._step)

    def _step(self, images):
        """One step on float32 images `[B, 28, 28, 1]` in [0, 1]."""
        n = tf.shape(images)[0]
        fakes = self.generator(tf.random.normal([n, GUIDE_LATENT_DIM]))
        both = tf.concat([fakes, images], axis=0)
        labels = tf.concat([tf.ones([n, 1]), tf.zeros([n, 1])], axis=0)
        labels += 0.05 * tf.random.uniform(tf.shape(labels))
        with tf.GradientTape() as tape:
            logits = self.discriminator(both)
            d_loss = self.cross_entropy(labels, logits)
        variables = self.discriminator.trainable_variables
        self.d_optimizer.apply(tape.gradient(d_loss, variables), variables)
        noise = tf.random.normal([n, GUIDE_LATENT_DIM])
        with tf.GradientTape() as tape:
            logits = self.discriminator(self.generator(noise))
            g_loss = self.cross_entropy(tf.zeros_like(logits), logits)
        variables = self.generator.trainable_variables
        self.g_optimizer.apply(tape.gradient(g_loss, variables), variables)


def guide_dataset(images):
    """The guide's pipeline: shuffled in a window of 1,024, batches of 64.

    Args:
        images: float32 array `[N, 28, 28, 1]` in [0, 1].
    """
    return (
        tf.data.Dataset.from_tensor_slices(images)
        .shuffle(1024)
        .batch(GUIDE_BATCH_SIZE, drop_remainder=True)
    )
