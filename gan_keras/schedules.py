"""Learning rates that come to rest: the game settles as the steps shrink."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_keras")
class HoldThenDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Holds the learning rate, then lowers it linearly to zero.

    With constant steps G and D circle around the optimum for ever and the
    quality of the samples wobbles from epoch to epoch; the falling learning
    rate draws the circle in.

    Formula: `learning_rate * min(1, (1 - step / steps) / (1 - hold))`, and 0
    from `steps` on.

    Args:
        learning_rate: Float > 0.
        steps: Int >= 1, optimizer steps until zero.
        hold: Float in [0, 1), the share of the steps at the full rate.
    """

    def __init__(self, learning_rate, steps, hold=0.5):
        super().__init__()
        if not learning_rate > 0:
            raise ValueError(
                "`learning_rate` must be above 0. "
                f"Received: learning_rate={learning_rate!r}"
            )
        if not steps >= 1:
            raise ValueError(
                f"`steps` must be 1 or more. Received: steps={steps!r}"
            )
        if not 0 <= hold < 1:
            raise ValueError(
                f"`hold` must lie in [0, 1). Received: hold={hold!r}"
            )
        self.learning_rate = float(learning_rate)
        self.hold = float(hold)
        # A variable, so that it can be set after the training step has been
        # compiled: `--minutes` knows the number only once it has timed some.
        self._steps = tf.Variable(float(steps), trainable=False)

    @property
    def steps(self):
        return int(self._steps.numpy())

    @steps.setter
    def steps(self, value):
        self._steps.assign(value)

    def __call__(self, step):
        left = 1 - tf.cast(step, tf.float32) / self._steps
        return self.learning_rate * tf.clip_by_value(
            left / (1 - self.hold), 0.0, 1.0
        )

    def get_config(self):
        return {
            "learning_rate": self.learning_rate,
            "steps": self.steps,
            "hold": self.hold,
        }


def set_steps(gan, steps):
    """Changes the number of training steps that a model's rates count on.

    Args:
        gan: A compiled `GAN`. An optimizer of it whose learning rate is not a
            `HoldThenDecay` is left as it is.
        steps: Int, the new number; the learning rates reach zero there.
    """
    for optimizer, turns in [
        (gan.d_optimizer, gan.critic_steps),
        (gan.g_optimizer, 1),
    ]:
        # Keras shows a schedule's current value as `learning_rate` and has no
        # public name for the schedule itself.
        schedule = optimizer._learning_rate
        if isinstance(schedule, HoldThenDecay):
            schedule.steps = steps * turns
