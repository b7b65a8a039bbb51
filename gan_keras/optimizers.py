"""Adam that never leaps: a few odd batches must not undo what D has learnt."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("gan_keras")
class StableAdam(keras.optimizers.Adam):
    """Adam whose step cannot be much longer than its usual one.

    Adam divides every gradient by its usual size `sqrt(v)`, so that a weight
    moves about `learning_rate` a step. But `v` needs some `1 / (1 - beta_2)`
    steps to learn of a change. A gradient that is all at once a hundred times
    as large moves its weight `1 / sqrt(1 - beta_2)` times as far as usual,
    with `beta_2=0.99` ten times. In a GAN that can feed itself: after the leap
    D's slopes are steeper, R1's gradient is larger still, and the next leap
    follows before `v` has caught up. Within ten steps D knows nothing any
    more, and G follows it.

    Here a layer's whole step is shortened where it is too long:

        rms = sqrt(mean(gradient**2 / v))
        learning_rate = learning_rate / max(1, rms / clip_threshold)

    The direction stays as it is. (Clipping gradients, Keras' `clipnorm`, needs
    to know how long they usually are, which is different in every layer, and
    changes while one trains.)

    Source: Wortsman et al., 2023 (StableAdamW), arXiv:2304.13013; the idea of
    update clipping is from Shazeer and Stern, 2018 (Adafactor),
    arXiv:1804.04235.

    Args:
        learning_rate: Float, or a
            `keras.optimizers.schedules.LearningRateSchedule`.
        beta_1: Float in [0, 1): the memory of the momentum. GANs like none.
        beta_2: Float in [0, 1): the memory of the gradients' usual size.
        clip_threshold: Float > 0, how much longer than usual a step may be.
        name: String.
        **kwargs: What `keras.optimizers.Adam` takes.

    Raises:
        ValueError: If `clip_threshold` is not above 0.
    """

    def __init__(
        self,
        learning_rate=2e-3,
        beta_1=0.0,
        beta_2=0.99,
        clip_threshold=1.0,
        name="stable_adam",
        **kwargs,
    ):
        super().__init__(learning_rate, beta_1, beta_2, name=name, **kwargs)
        if not clip_threshold > 0:
            raise ValueError(
                "`clip_threshold` must be above 0; 1 allows no step longer "
                f"than usual. Received: clip_threshold={clip_threshold!r}"
            )
        self.clip_threshold = float(clip_threshold)

    def update_step(self, gradient, variable, learning_rate):
        squares = ops.square(ops.cast(gradient, variable.dtype))
        v = self._velocities[self._get_variable_index(variable)]
        v = v + (1 - self.beta_2) * (squares - v)  # as Adam is about to
        mean = ops.mean(squares / ops.maximum(v, self.epsilon**2))
        # v began at zero: in the first steps it is too small by this.
        step = ops.cast(self.iterations + 1, variable.dtype)
        rms = ops.sqrt(mean * (1 - ops.power(self.beta_2, step)))
        shorter = ops.maximum(1.0, rms / self.clip_threshold)
        super().update_step(gradient, variable, learning_rate / shorter)

    def get_config(self):
        return {**super().get_config(), "clip_threshold": self.clip_threshold}
