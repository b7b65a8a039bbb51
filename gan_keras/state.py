"""Everything that training changes, as a list of arrays."""

import contextlib
import math

import keras
import numpy as np


def variables(gan):
    """Both networks, the averaged generator, both optimizers, all counters.

    (Keras' own `gan.variables` also has those of penalties that the model was
    compiled with before.)
    """
    owners = [
        gan.generator,
        gan.discriminator,
        gan.ema_generator,
        *gan.penalties,
        gan.augmentation,
        gan.optimizer,
    ]
    owned = [v for owner in owners for v in getattr(owner, "variables", ())]
    return [gan.steps, *gan.own_variables(), *owned]


def read(gan):
    """Copies of the values, as NumPy arrays."""
    values = map(keras.ops.convert_to_numpy, variables(gan))
    # NumPy's files do not know bfloat16; every one of its numbers is a float32.
    return [v.astype("float32") if v.dtype.kind == "V" else v for v in values]


def is_finite(value):
    """Whether an array is one of numbers: no NaN, nothing infinite."""
    return value.dtype.kind != "f" or bool(np.isfinite(value).all())


def write(gan, values, source):
    """Gives a model the values of another one, or of its own past.

    Args:
        gan: A compiled `GAN`.
        values: List of arrays, from `read`.
        source: String, where they come from.

    Raises:
        ValueError: If the model is built in another way.
    """
    targets = variables(gan)
    expected = [tuple(v.shape) for v in targets]
    received = [v.shape for v in values]
    if expected != received:
        raise ValueError(
            f"{source} belongs to a model that is built or compiled in "
            "another way. Make the model as it was made then, or choose "
            "another directory. Received: "
            f"{len(received)} arrays of {sum(map(math.prod, received)):,} "
            f"numbers, for {len(expected)} of "
            f"{sum(map(math.prod, expected)):,}"
        )
    for variable, value in zip(targets, values):
        variable.assign(value)


@contextlib.contextmanager
def kept(gan):
    """Within it both networks may be asked in training mode, without a trace.

    (BatchNorm, dropout, lazy penalties and augmentations keep count of how
    often they are used.)

    Args:
        gan: A `GAN`. Only what is *not* trained is put back.
    """
    before = [(v, v.numpy()) for v in gan.non_trainable_variables]
    try:
        yield
    finally:
        for variable, value in before:
            variable.assign(value)
