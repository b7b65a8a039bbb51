"""Two players, two optimizers, and Keras' callbacks which expect one."""

import re

import keras
import tensorflow as tf

from gan_keras import checks


class OptimizerPair:
    """Shows D's and G's optimizers to code that asks for `model.optimizer`.

    `LearningRateScheduler` and `ReduceLROnPlateau` loop over `.optimizers`;
    `TensorBoard` reads `.iterations`; `BackupAndRestore` asks whether it is
    `.built`. It holds no state of its own: the model saves its two
    optimizers as `d_optimizer` and `g_optimizer`.

    Args:
        d_optimizer: The discriminator's built `keras.optimizers.Optimizer`.
        g_optimizer: The generator's.
    """

    def __init__(self, d_optimizer, g_optimizer):
        self.optimizers = [d_optimizer, g_optimizer]

    @property
    def built(self):
        return all(optimizer.built for optimizer in self.optimizers)

    @property
    def iterations(self):
        # G steps once a training step; D may step more often.
        return self.optimizers[1].iterations

    # Older versions of Keras' callbacks do not know `.optimizers`, and read
    # and set this instead.
    @property
    def learning_rate(self):
        d_rate, g_rate = map(learning_rate, self.optimizers)
        if d_rate != g_rate:
            raise ValueError(
                "This version of Keras can steer one learning rate only, and "
                "the two optimizers have different ones. Give both the same, "
                "use a `keras.optimizers.schedules` object in each, or a "
                f"newer Keras. Received: d_optimizer {d_rate:g}, g_optimizer "
                f"{g_rate:g}"
            )
        return g_rate

    @learning_rate.setter
    def learning_rate(self, value):
        for optimizer in self.optimizers:
            optimizer.learning_rate = value

    @property
    def variables(self):
        return [v for opt in self.optimizers for v in opt.variables]


def learning_rate(optimizer):
    """The current learning rate as a float, schedule or not."""
    # Under a strategy it is a variable with a copy on every device.
    return float(tf.convert_to_tensor(optimizer.learning_rate))


def get_pair(d_optimizer, g_optimizer):
    """The two optimizers as objects; `None` is the package's default.

    The default is Adam(2e-3, beta_1=0.0): a momentum term keeps pushing in
    last step's direction while the opponent has already moved, so GANs like
    none (Karras et al., 2018; Gulrajani et al., 2017).
    """
    pair = []
    for name, optimizer in [
        ("d_optimizer", d_optimizer),
        ("g_optimizer", g_optimizer),
    ]:
        restored = isinstance(optimizer, dict)  # from a file
        if optimizer is None:
            optimizer = keras.optimizers.Adam(2e-3, beta_1=0.0, beta_2=0.99)
        if isinstance(optimizer, type):
            raise ValueError(
                f"`{name}` must be an optimizer object, not a class: write "
                f"{optimizer.__name__}(). Received: {optimizer}"
            )
        try:
            optimizer = keras.optimizers.get(optimizer)
        except ValueError as error:
            raise ValueError(
                f"`{name}` must be a `keras.optimizers.Optimizer` or the name "
                "of one, such as 'adam'. "
                f"Received: {name}={optimizer!r}"
            ) from error
        if optimizer.built:
            raise ValueError(
                f"`{name}` has already been used by a model, and holds that "
                "model's state. Make a new optimizer for every network. "
                f"Received: {name}={optimizer.name!r}"
            )
        checks.optimizer(name, optimizer, may_rest=restored)
        # Keras' callbacks log learning rates by the optimizers' names.
        if re.fullmatch(
            type(optimizer).__name__ + r"\d*",
            optimizer.name.replace("_", ""),
            re.I,
        ):
            optimizer.name = name
        pair.append(optimizer)
    if pair[0] is pair[1]:
        raise ValueError(
            "`d_optimizer` and `g_optimizer` are the same object, but every "
            "optimizer keeps the state of one network. Make two. "
            f"Received: {pair[0].name!r} twice"
        )
    return pair
