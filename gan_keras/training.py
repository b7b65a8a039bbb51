"""The rules of the game, and how it is begun: `compile` and `fit`."""

import weakref

import keras
import tensorflow as tf

from gan_keras import augment
from gan_keras import auxiliaries as auxiliaries_module
from gan_keras import checks
from gan_keras import execution
from gan_keras import losses
from gan_keras import metrics as metrics_module
from gan_keras import penalties as penalties_module
from gan_keras import progress_bar
from gan_keras import replicas
from gan_keras import xla
from gan_keras.optimizer_pair import OptimizerPair
from gan_keras.optimizer_pair import get_pair


class Training:
    """The part of `GAN` that people call to train it; the step is elsewhere."""

    _steps_asked = None  # see `execution.asked`

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
            steps_per_execution: Int, training steps in one compiled call,
                and callbacks' `on_train_batch_end` after the last of them.
                Fewer where `fit` is given a `steps_per_epoch` that this does
                not divide; 1 under a `tf.distribute` strategy, where Keras
                cannot make more.

        Raises:
            ValueError: If an argument is not what it should be.
        """
        loss = losses.get(loss)
        checks.loss_per_image(loss)
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
        checks.metrics(self, metrics)
        checks.scope(self, *optimizers, penalties, augmentation)
        logged = ["d_loss", "g_loss", "d_real", "d_fake"]
        logged += [penalty.name for penalty in penalties]
        logged += [f"{p}{a.name}" for a in auxiliaries for p in ("", "g_")]
        logged += [*augmentation.logs(1)] if augmentation else []
        checks.names(logged)
        checks.count(
            steps_per_execution=steps_per_execution, critic_steps=critic_steps
        )
        asked = jit_compile
        if jit_compile == "auto":
            jit_compile = not run_eagerly and xla.pays(self, metrics)
        checks.compilation(self, jit_compile, run_eagerly)
        self._steps_asked = None
        if replicas.distributed(self):
            # Keras' loop over more of them fails.
            self._steps_asked = steps_per_execution
            steps_per_execution = 1
        # `optimizer=None`, or Keras attaches an unused RMSprop that its
        # learning-rate callbacks would then steer.
        super().compile(
            optimizer=None,
            jit_compile=jit_compile,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
        )
        self._jit_compile_asked = asked  # saved: other machines differ
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
            self._means.track(logged, metrics)
        self.optimizer = OptimizerPair(*optimizers)
        if augmentation is not None:
            augmentation.owner = weakref.ref(self)
        for penalty in penalties:
            if hasattr(penalty, "owner"):
                penalty.owner = weakref.ref(self)

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
            **kwargs: Everything else that `keras.Model.fit` takes. An array is
                shuffled anew in every epoch, unless `shuffle=False`.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            ValueError: If the data does not suit the networks.
        """
        self._assert_compile_called("fit")
        self._initial_epoch = None  # where `Resume` let an earlier fit begin
        checks.fit_arguments(self, epochs=epochs, **kwargs)
        data, self.example_batch = checks.training_data(
            self, x, y, batch_size, kwargs.get("shuffle", True)
        )
        if self.augmentation is not None:
            self.augmentation.begin(
                checks.different_images(data, self.example_batch)
            )
        if data is not x:
            kwargs["shuffle"] = False  # of an array: done, if it was wanted
        elif isinstance(data, tf.data.Dataset):
            kwargs.setdefault("shuffle", False)  # it shuffles itself
        first, last = [], []
        if hasattr(data, "set_epoch"):
            # The order of epoch e is a pure function of (seed, e): a run
            # that is resumed at e sees what it would have seen. So does one
            # that goes on in a second `fit`, where Keras counts from 0 again.
            def set_epoch(epoch, logs):
                lived = int(self.steps.numpy()) // len(data)
                data.set_epoch(max(epoch, lived))

            first = [keras.callbacks.LambdaCallback(on_epoch_begin=set_epoch)]
        if progress_bar.wanted(**kwargs):
            last = [progress_bar.ProgressBar()]
        kwargs["callbacks"] = checks.add_callbacks(
            kwargs.get("callbacks"), first, last
        )
        kwargs["callbacks"] = replicas.own_callbacks(
            self, kwargs.get("callbacks")
        )
        lengths = map(kwargs.get, ["steps_per_epoch", "validation_steps"])
        with execution.whole_calls(self, *lengths):
            return super().fit(data, epochs=epochs, **kwargs)

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose="auto",
        sample_weight=None,
        steps=None,
        callbacks=None,
        return_dict=False,
        **kwargs,
    ):
        """Measures as `keras.Model.evaluate` does, on real images held out.

        Args:
            x: Real images in [-1, 1], as of `fit`.
            y: Labels, as of `fit`.
            batch_size: Int, for arrays.
            verbose: As of Keras.
            sample_weight: None: it would have no effect.
            steps: Int, batches to measure; all if not given.
            callbacks: List of callbacks.
            return_dict: Boolean; `True` for a dict by name.

        Returns:
            List of floats, or a dict: `d_loss`, `g_loss`, `d_real`, `d_fake`
            and the compiled metrics.

        Raises:
            ValueError: If the data does not suit the networks.
        """
        self._assert_compile_called("evaluate")
        # `fit` calls it after every epoch, on what it checked once.
        if not kwargs.get("_use_cached_eval_dataset"):
            checks.weights(sample_weight=sample_weight)
            if isinstance(x, tuple) and len(x) == 2 and y is None:
                x, y = x
            data = x if y is None else (x, y)
            checks.held_out_data(self, data, "x")
        with execution.whole_calls(self, steps):
            found = super().evaluate(
                x,
                y,
                batch_size,
                verbose=verbose,
                steps=steps,
                callbacks=callbacks,
                return_dict=True,
                **kwargs,
            )
        asked = self._means.images
        if replicas.distributed(self):
            # Each replica told the figures of its own part of the samples.
            asked = [m for m in self.metrics if m in asked or m.name in found]
        for metric in asked:
            found[metric.name] = float(metric.result())
        return found if return_dict else self._flatten_metrics_in_order(found)

    def _maybe_symbolic_build(self, *args, **kwargs):
        """Nothing to do: all is built.

        (Under a strategy Keras averages a batch over the replicas to find
        its shape, which fails if their parts are not equally large.)
        """

    @property
    def metrics(self):
        return self._means.metrics

    def get_metrics_result(self):
        """The means so far. What looks at images is asked by `evaluate`.

        (Once, at the end: a Fréchet distance is two eigendecompositions, and
        Keras asks after every epoch of `fit`.)
        """
        return self._means.results()
