"""The whole of adversarial training: read `train_step` first, one screen.

Two networks play against each other. The **discriminator** D (the police
officer) looks at an image and answers with one logit: high for "real", low
for "fake". The **generator** G (the counterfeiter) turns a latent vector z
into an image. D learns to tell them apart; G learns to fool D. G never sees a
real image: all it learns from is the gradient that flows back through D into
every pixel of its fakes.

Source: Goodfellow et al., 2014, arXiv:1406.2661.
"""

import random
import typing

import keras
import tensorflow as tf

from gan_keras import checks
from gan_keras import dropout
from gan_keras import ema
from gan_keras import noise
from gan_keras import ordering
from gan_keras import replicas
from gan_keras.epoch_means import EpochMeans
from gan_keras.explanation import Explaining
from gan_keras.sampling import Sampling
from gan_keras.saving import Saving
from gan_keras.training import Training
from gan_keras.validation import Validating


class Batch(typing.NamedTuple):
    """What lies on the table in one turn of the game."""

    real_images: tf.Tensor  # [B, H, W, C]
    fake_images: tf.Tensor  # [B, H, W, C]
    inputs: typing.Any  # what G made the fakes from: latents, and classes
    labels: typing.Any  # of the real images, and asked of the fakes, or None
    dice: typing.Any = None  # which of D's units drop out, see `dropout`


@keras.saving.register_keras_serializable("gan_keras")
class GAN(Sampling, Saving, Explaining, Training, Validating, keras.Model):
    """A generative adversarial network that trains with `fit()`.

    Example:

    ```python
    images, _ = gk.datasets.load("digits")
    gan = gk.GAN(
        generator=gk.networks.dcgan_generator((28, 28, 1), latent_dim=64),
        discriminator=gk.networks.dcgan_discriminator((28, 28, 1)),
    )
    gan.compile()
    gan.fit(gk.datasets.pipeline(images, batch_size=64), epochs=20)
    images = gan.generate(16)  # float32 [16, 28, 28, 1] in [-1, 1]
    ```

    Args:
        generator: `keras.Model`, latent vectors `[batch, latent_dim]` to
            images `[batch, height, width, channels]` in [-1, 1] (or to points
            `[batch, dimensions]`). Load weights into it before: the averaged
            generator is a copy of it.
        discriminator: `keras.Model`, such images to logits `[batch, 1]`.
        ema_decay: Float in [0, 1), per step: how long the averaged generator,
            `gan.ema_generator`, remembers. See `gan_keras.ema`.
        seed: Int, 0 to 2**32 - 1. The noise of training step t is a pure
            function of `(seed, t)`. Drawn from Python's `random` if not
            given, so that `keras.utils.set_random_seed` governs it.
        name: String, the model's name.

    Raises:
        ValueError: If the networks do not fit together.
    """

    def __init__(
        self, generator, discriminator, ema_decay=0.995, seed=None, name="gan"
    ):
        super().__init__(name=name)
        checks.networks(generator, discriminator)
        self.check_inputs(generator, discriminator)
        checks.decay(ema_decay)
        checks.seed(seed)
        self.generator = generator
        self.discriminator = discriminator
        checks.statistics(self)
        self.ema_generator = ema.clone_network(generator, "ema_generator")
        self.ema_decay = ema_decay
        self.seed = random.randrange(2**31) if seed is None else int(seed)
        self.steps = self.add_weight(
            shape=(), dtype="int64", initializer="zeros", name="steps",
            trainable=False,
        )  # fmt: skip
        self.example_batch = None  # the first that `fit` was given
        self.augmentation = None
        self.critic_steps = 1
        self._looks = replicas.OwnCount()  # of D at images, in this step
        self._means = EpochMeans()
        self.built = True  # both networks are; nothing is left to build

    #: Whether training data must come with labels.
    needs_labels = False
    check_inputs = staticmethod(checks.no_classes)

    # ------------------------------------------------------------ the lesson

    def train_step(self, data):
        """One step of the game: D learns, then G learns from D.

        Args:
            data: Real images `[batch, ...]` in [-1, 1], or a tuple
                `(real_images, labels)`.

        Returns:
            Dict of the means over the epoch so far, by metric name.
        """
        # Usually one turn; `critic_steps` of them with D ahead of G.
        for turn, (real_images, labels) in enumerate(self.turns(data)):
            # 1. G makes images from noise. The tape remembers how.
            batch, tape = self.make_fakes(real_images, labels, turn)

            # 2.-3. D scores real and fake images, and improves.
            gradients, d_logs = self.discriminator_gradients(batch)
            weights = self.discriminator.trainable_variables
            # Not before everybody has read the old weights.
            with ordering.after(gradients, d_logs):
                self.d_optimizer.apply(gradients, weights)
            self._means.update(d_logs)

        # 4.-6. The better D tells every pixel how it should change, and the
        # chain rule carries that on into G's weights.
        gradients, g_logs = self.generator_gradients(batch, tape)
        weights = self.generator.trainable_variables
        with ordering.after(gradients, g_logs):
            self.g_optimizer.apply(gradients, weights)
            ema.update(
                self.ema_generator, self.generator, self.ema_decay, self.steps
            )
            self.steps.assign_add(1)
        self._means.update(g_logs)
        return replicas.loggable(self, self._means.results(d_logs | g_logs))

    def turns(self, data):
        """Deals the batch out: each of D's turns gets its own real images.

        Args:
            data: Real images `[critic_steps * batch, ...]`, or a tuple with
                their labels.

        Returns:
            List of `critic_steps` tuples `(real_images, labels)`; the labels
            are None if there are none.
        """
        real_images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        self._looks.restart()
        k = self.critic_steps
        if k == 1:
            return [(real_images, labels)]
        checks.deal(real_images.shape[0], k)
        # Like cards, one to each in turn: replicas that hold a part of the
        # batch each then deal the same turns as one device with all of it.
        return [
            (real_images[turn::k], None if labels is None else labels[turn::k])
            for turn in range(k)
        ]

    def make_fakes(self, real_images, labels=None, turn=0):
        """Puts as many fakes on the table as there are real images.

        Args:
            real_images: Float tensor `[batch, ...]` in [-1, 1].
            labels: Of the real images, or None.
            turn: Int, as of `generator_inputs`.

        Returns:
            Tuple of a `Batch`, whose images are float32, and the
            `tf.GradientTape` that saw G at work.
        """
        real_images = self.as_samples(real_images)
        # Not before there are real images, see `ordering`.
        with tf.control_dependencies([real_images]):
            inputs = self.generator_inputs(
                tf.shape(real_images)[0], labels, turn
            )
            with tf.GradientTape() as tape:
                fake_images = self.generator(inputs, training=True)
        dice = dropout.dice(self.seed, self.turn_number(turn))
        return Batch(real_images, fake_images, inputs, labels, dice), tape

    def discriminator_gradients(self, batch):
        """How D's weights should change: d d_loss / d weights.

        D's loss = (real scores against 1) + (fake scores against 0), plus the
        penalties and auxiliary objectives.

        Args:
            batch: A `Batch`. No gradient flows from its fakes into G: the
                tape below never saw G at work.

        Returns:
            Tuple of the gradients, a list like D's `trainable_variables`, and
            a dict of per-sample values `[batch]` for the logs.
        """
        real_images, fake_images, _, labels, dice = batch

        def discriminate(images):
            return self.discriminate(images, labels)

        with tf.GradientTape() as tape:
            real = self.look(real_images, labels, dice=dice)
            fake = self.look(fake_images, labels, dice=dice)
            d_losses = self.loss.discriminator(real["logits"], fake["logits"])
            fines = {
                penalty.name: penalty(discriminate, real_images, fake_images)
                for penalty in self.penalties
            }
            extras = {
                auxiliary.name: auxiliary.discriminator(real, fake, batch)
                for auxiliary in self.auxiliaries
            }
            d_loss = replicas.mean(
                d_losses + sum(fines.values()) + sum(extras.values())
            )
        weights = self.discriminator.trainable_variables
        gradients = tape.gradient(d_loss, weights)
        logs = {
            "d_loss": d_losses,
            "d_real": self.loss.score(real["logits"]),
            "d_fake": self.loss.score(fake["logits"]),
            **fines,
            **extras,
        }
        if self.augmentation is not None:
            logs |= self.augmentation.logs(tf.shape(real_images)[0])
            self.augmentation.update(real["logits"], self.loss.boundary)
        return gradients, logs

    def pixel_gradients(self, batch):
        """What D tells every pixel of the fakes: d g_loss / d fake_images.

        Args:
            batch: A `Batch`.

        Returns:
            Tuple of the gradients, of the shape of the fakes, and a dict of
            per-sample values `[batch]` for the logs.
        """
        real_images, fake_images, _, labels, dice = batch
        # Only a relativistic loss looks at these; for all others the compiler
        # drops the computation (but not what a layer of D keeps count of).
        real = self.look(real_images, labels, dice=dice)
        with tf.GradientTape() as tape:
            tape.watch(fake_images)
            fake = self.look(fake_images, labels, dice=dice)
            g_losses = self.loss.generator(real["logits"], fake["logits"])
            extras = {
                f"g_{auxiliary.name}": auxiliary.generator(real, fake, batch)
                for auxiliary in self.auxiliaries
            }
            g_loss = replicas.mean(g_losses + sum(extras.values()))
        logs = {"g_loss": g_losses, **extras}
        return tape.gradient(g_loss, fake_images), logs

    def generator_gradients(self, batch, tape):
        """How G's weights should change: d g_loss / d weights.

        Args:
            batch: A `Batch`.
            tape: The tape that saw G make the batch's fakes.

        Returns:
            Tuple of the gradients, a list like G's `trainable_variables`, and
            a dict of per-sample values `[batch]` for the logs.
        """
        # 4.-5. What should become of every pixel?
        pixel_gradients, logs = self.pixel_gradients(batch)
        # 6. And so, of every weight?
        weights = self.generator.trainable_variables
        gradients = tape.gradient(
            batch.fake_images, weights, output_gradients=pixel_gradients
        )
        return gradients, logs

    def generator_inputs(self, batch_size, labels=None, turn=0):
        """What G makes the fakes of this training step from: noise.

        Args:
            batch_size: Int tensor.
            labels: Ignored here; a conditional GAN adds them.
            turn: Int, which of the step's `critic_steps` turns it is.

        Returns:
            Float32 latent vectors `[batch_size, latent_dim]` ~ N(0, 1).
        """
        seed = tf.stack(
            [tf.constant(self.seed, tf.int64), self.turn_number(turn)]
        )
        return replicas.own_rows(
            lambda n: noise.normal([n, self.latent_dim], seed), batch_size
        )

    def as_samples(self, images):
        """Real images as float32, of a shape that is known while tracing."""
        images = tf.cast(images, tf.float32)
        return tf.ensure_shape(images, [None, *self.sample_shape])

    def turn_number(self, turn):
        """The number of a turn of this step since the very beginning."""
        return self.steps.value * self.critic_steps + turn

    def discriminator_inputs(self, images, labels=None):
        """What D looks at: the images. A conditional GAN adds the classes."""
        return images

    def look(self, images, labels=None, training=True, dice=None):
        """Everything that D says about images: the only door to D.

        Args:
            images: Float tensor `[batch, ...]` in [-1, 1].
            labels: Ignored here; a conditional GAN shows them to D.
            training: Boolean, for augmentation and layers such as dropout.
            dice: Which units drop out, see `gan_keras.dropout`; None to leave
                it to the layers.

        Returns:
            Dict of float32 tensors: `"logits"` `[batch]`, high for "real",
            and D's other heads by their names.
        """
        if training and self.augmentation is not None:
            images = self.augmentation(
                images, self.steps.value, self._looks.next()
            )
        inputs = self.discriminator_inputs(images, labels)
        said = dropout.call(self.discriminator, inputs, training, dice)
        if not isinstance(said, dict):
            said = {"logits": said}
        said = {name: tf.cast(head, tf.float32) for name, head in said.items()}
        return {**said, "logits": said["logits"][:, 0]}

    def discriminate(self, images, labels=None, training=True):
        """D's logits, float32 `[batch]`; arguments as of `look`."""
        return self.look(images, labels, training)["logits"]
