"""The whole of adversarial training, on one screen: read `train_step` first.

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

from gan_keras import augment
from gan_keras import auxiliaries as auxiliaries_module
from gan_keras import checks
from gan_keras import ema
from gan_keras import losses
from gan_keras import metrics as metrics_module
from gan_keras import noise
from gan_keras import penalties as penalties_module
from gan_keras import replicas
from gan_keras import xla
from gan_keras.epoch_means import EpochMeans
from gan_keras.explanation import Explaining
from gan_keras.optimizers import OptimizerPair
from gan_keras.optimizers import get_pair
from gan_keras.sampling import Sampling
from gan_keras.saving import Saving


class Batch(typing.NamedTuple):
    """What lies on the table in one turn of the game."""

    real_images: tf.Tensor  # [B, H, W, C]
    fake_images: tf.Tensor  # [B, H, W, C]
    inputs: typing.Any  # what G made the fakes from: latents, and classes
    labels: typing.Any  # of the real images, and asked of the fakes, or None


@keras.saving.register_keras_serializable("gan_keras")
class GAN(Sampling, Saving, Explaining, keras.Model):
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
            `[batch, dimensions]`).
        discriminator: `keras.Model`, such images to logits `[batch, 1]`.
        ema_decay: Float in [0, 1), per step: how long the averaged generator,
            `gan.ema_generator`, remembers. See `gan_keras.ema`.
        seed: Int. The noise of training step t is a pure function of
            `(seed, t)`. Drawn from Python's `random` if not given, so that
            `keras.utils.set_random_seed` governs it.
        name: String, the model's name.

    Raises:
        ValueError: If the networks do not fit together.
    """

    def __init__(
        self,
        generator,
        discriminator,
        ema_decay=0.995,
        seed=None,
        name="gan",
    ):
        super().__init__(name=name)
        checks.networks(generator, discriminator)
        self.check_inputs(generator, discriminator)
        checks.decay(ema_decay)
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
            self.d_optimizer.apply(
                gradients, self.discriminator.trainable_variables
            )
            self._means.update(d_logs)

        # 4.-6. The better D tells every pixel how it should change, and the
        # chain rule carries that on into G's weights.
        gradients, g_logs = self.generator_gradients(batch, tape)
        self.g_optimizer.apply(gradients, self.generator.trainable_variables)

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
            Tuple of a `Batch` and the `tf.GradientTape` that saw G at work.
        """
        inputs = self.generator_inputs(tf.shape(real_images)[0], labels, turn)
        with tf.GradientTape() as tape:
            fake_images = self.generator(inputs, training=True)
        return Batch(real_images, fake_images, inputs, labels), tape

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
        real_images, fake_images, _, labels = batch

        def discriminate(images):
            return self.discriminate(images, labels)

        with tf.GradientTape() as tape:
            real = self.look(real_images, labels)
            fake = self.look(fake_images, labels)
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
        gradients = tape.gradient(
            d_loss, self.discriminator.trainable_variables
        )
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
        real_images, fake_images, _, labels = batch
        # Only a relativistic loss looks at these; for all others the compiler
        # drops the computation (but not what a layer of D keeps count of).
        real = self.look(real_images, labels)
        with tf.GradientTape() as tape:
            tape.watch(fake_images)
            fake = self.look(fake_images, labels)
            g_losses = self.loss.generator(real["logits"], fake["logits"])
            extras = {
                f"g_{auxiliary.name}": auxiliary.generator(real, fake, batch)
                for auxiliary in self.auxiliaries
            }
            g_loss = replicas.mean(g_losses + sum(extras.values()))
        return tape.gradient(g_loss, fake_images), {
            "g_loss": g_losses,
            **extras,
        }

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
        gradients = tape.gradient(
            batch.fake_images,
            self.generator.trainable_variables,
            output_gradients=pixel_gradients,
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
        draw = self.steps.value * self.critic_steps + turn
        seed = tf.stack([tf.constant(self.seed, tf.int64), draw])
        return replicas.own_rows(
            lambda n: noise.normal([n, self.latent_dim], seed), batch_size
        )

    def discriminator_inputs(self, images, labels=None):
        """What D looks at: the images. A conditional GAN adds the classes."""
        return images

    def look(self, images, labels=None, training=True):
        """Everything that D says about images: the only door to D.

        Args:
            images: Float tensor `[batch, ...]` in [-1, 1].
            labels: Ignored here; a conditional GAN shows them to D.
            training: Boolean, for augmentation and layers such as dropout.

        Returns:
            Dict of float32 tensors: `"logits"` `[batch]`, high for "real",
            and D's other heads by their names.
        """
        if training and self.augmentation is not None:
            images = self.augmentation(
                images, self.steps.value, self._looks.next()
            )
        said = self.discriminator(
            self.discriminator_inputs(images, labels), training=training
        )
        if not isinstance(said, dict):
            said = {"logits": said}
        said = {name: tf.cast(head, tf.float32) for name, head in said.items()}
        return {**said, "logits": said["logits"][:, 0]}

    def discriminate(self, images, labels=None, training=True):
        """D's logits, float32 `[batch]`; arguments as of `look`."""
        return self.look(images, labels, training)["logits"]

    def test_step(self, data):
        """The same numbers on images that D has not trained on.

        A `val_d_real` far below `d_real` shows a D that learns the training
        images by heart.
        """
        real_images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        # Other noise for every batch: how many images there were before it.
        inputs = self.generator_inputs(
            tf.shape(real_images)[0], labels, self._means.seen
        )
        fake_images = self.generator(inputs, training=False)
        real_logits = self.discriminate(real_images, labels, training=False)
        fake_logits = self.discriminate(fake_images, labels, training=False)
        logs = {
            "d_loss": self.loss.discriminator(real_logits, fake_logits),
            "g_loss": self.loss.generator(real_logits, fake_logits),
            "d_real": self.loss.score(real_logits),
            "d_fake": self.loss.score(fake_logits),
        }
        self._means.update(logs)
        found = self._means.results(logs)
        if self._means.images:
            fake_images = self.ema_generator(inputs, training=False)
            found |= self._means.compare(real_images, fake_images)
        return replicas.loggable(self, found)

    # ------------------------------------------------- what people call

    def compile(
        self,
        d_optimizer=None,
        g_optimizer=None,
        loss="non_saturating",
        penalties=("r1",),
        auxiliaries=(),
        augmentation=None,
        critic_steps=1,
        metrics=(),
        jit_compile="auto",
        run_eagerly=False,
        steps_per_execution=1,
    ):
        """Chooses the rules of the game; `gan.compile()` alone works.

        Args:
            d_optimizer: D's `keras.optimizers.Optimizer`, or its name.
                Defaults to `Adam(2e-3, beta_1=0.0, beta_2=0.99)`.
            g_optimizer: G's, another object. Same default.
            loss: A `gan_keras.losses.Loss` or its name.
            penalties: List of penalties (`gan_keras.penalties`) or names that
                are added to D's loss. `[]` for none.
            auxiliaries: List of auxiliary objectives
                (`gan_keras.auxiliaries`) or names, which read further heads
                of D.
            augmentation: A `gan_keras.augment.Augmentation` or its name: what
                is done to every image, real or fake, before D sees it.
            critic_steps: Int, D's turns for each one of G's. A batch then
                holds `critic_steps` times as many images, and every turn gets
                its own.
            metrics: List of metrics (`gan_keras.metrics`) or names, that
                `evaluate` and `validation_data` measure on the averaged
                generator.
            jit_compile: Boolean or `"auto"`: XLA where it pays, see
                `gan_keras.xla`. (Keras' own "auto" is always off on a CPU.)
            run_eagerly: Boolean; `True` for debugging with breakpoints.
            steps_per_execution: Int, training steps in one compiled call.

        Raises:
            ValueError: If an argument is not what it should be.
        """
        loss = losses.get(loss)
        with self.distribute_strategy.scope():
            penalties = penalties_module.get_all(penalties)
            auxiliaries = auxiliaries_module.get_all(auxiliaries)
            if augmentation is not None:
                augmentation = augment.get(augmentation)
            optimizers = get_pair(d_optimizer, g_optimizer)
            metrics = metrics_module.get_all(metrics)
        checks.penalties(self, penalties)
        checks.auxiliaries(self, auxiliaries)
        checks.augmentation(self, augmentation, loss, penalties)
        checks.scope(self, *optimizers, penalties, augmentation)
        checks.count(
            steps_per_execution=steps_per_execution, critic_steps=critic_steps
        )
        if jit_compile == "auto":
            jit_compile = not run_eagerly and xla.pays(self)
        checks.compilation(self, jit_compile, run_eagerly)
        # `optimizer=None`, or Keras attaches an unused RMSprop that its
        # learning-rate callbacks would then steer.
        super().compile(
            optimizer=None,
            jit_compile=jit_compile,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
        )
        self.loss = loss
        self.penalties = penalties
        self.auxiliaries = auxiliaries
        self.augmentation = augmentation
        self.critic_steps = critic_steps
        self.d_optimizer, self.g_optimizer = optimizers
        # Built now: a checkpoint must find Adam's moments to load into.
        with self.distribute_strategy.scope():
            self.d_optimizer.build(self.discriminator.trainable_variables)
            self.g_optimizer.build(self.generator.trainable_variables)
        self.optimizer = OptimizerPair(*optimizers)
        self._means.track(
            ["d_loss", "g_loss", "d_real", "d_fake"]
            + [penalty.name for penalty in penalties]
            + [f"{p}{a.name}" for a in auxiliaries for p in ("", "g_")]
            + ([*augmentation.logs(1)] if augmentation else []),
            metrics,
        )

    def fit(self, x=None, y=None, batch_size=None, epochs=1, **kwargs):
        """Trains as `keras.Model.fit` does, on real images.

        Args:
            x: Real images in [-1, 1]: a NumPy array `[N, H, W, C]`, a
                `tf.data.Dataset` (best: `gk.datasets.pipeline`) or a
                `keras.utils.PyDataset` of batches, with or without labels.
            y: Labels, int `[N]`, if `x` is an array and they are needed.
            batch_size: Int, for arrays; 64 for each of the critic steps if
                not given.
            epochs: Int.
            **kwargs: Everything else that `keras.Model.fit` takes.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            ValueError: If the data does not suit the networks.
        """
        self._assert_compile_called("fit")
        checks.fit_arguments(self, epochs=epochs, **kwargs)
        data, self.example_batch = checks.training_data(self, x, y, batch_size)
        if isinstance(data, tf.data.Dataset):
            kwargs.setdefault("shuffle", False)  # it shuffles itself
        if hasattr(data, "set_epoch"):
            # The order of epoch e is a pure function of (seed, e): a run
            # that is resumed at e sees what it would have seen.
            order = keras.callbacks.LambdaCallback(
                on_epoch_begin=lambda epoch, logs: data.set_epoch(epoch)
            )
            kwargs["callbacks"] = checks.prepend_callback(
                order, kwargs.get("callbacks")
            )
        kwargs["callbacks"] = replicas.own_callbacks(
            self, kwargs.get("callbacks")
        )
        return super().fit(data, epochs=epochs, **kwargs)

    def _maybe_symbolic_build(self, *args, **kwargs):
        """Nothing to do: all is built.

        (Under a strategy Keras averages a batch over the replicas to find
        its shape, which fails if their parts are not equally large.)
        """

    @property
    def metrics(self):
        return self._means.metrics
