"""How an exercise looks at an answer, and how a tutorial is run in short.

An exercise is a function that calls the reader's function on cases that the
reader has not seen, and raises a `Hint` as soon as it knows what is wrong:

```python
@exercise("pair_loss", "Real against 1, fake against 0, pair by pair.")
def pair_loss(answer):
    real, fake = np.float32([2.0, -1.0]), np.float32([0.5, 3.0])
    found = numbers(answer(real.copy(), fake.copy()), shape=(2,))
    if close(found, softplus(-real)):
        raise Hint("That is the half about real images. What about fakes?")
    expect(found, softplus(-real) + softplus(fake), "Real goes against 1, ...")
```
"""

import difflib
import importlib
import os
import pkgutil

import numpy as np

EXERCISES = {}

# What Keras' optimizers say if all gradients are None tells nobody the cause.
UNSEEN = (
    "All gradients are None: the tape has seen no way from the weights to the "
    "loss. Call the networks *inside* `with tf.GradientTape() as tape:`, and "
    "compute the loss there, too, with TensorFlow and not with NumPy."
)


class Hint(Exception):
    """What is wrong with an answer, said so that it helps to find it."""


class Result:
    """What a check found.

    Attributes:
        passed: Boolean.
        message: String, what it means, or a hint.
    """

    def __init__(self, name, passed, message):
        self.name, self.passed, self.message = name, passed, message

    def __bool__(self):
        return self.passed

    def __repr__(self):
        return f"{self.name}: {'yes!' if self.passed else 'not yet.'} " + (
            self.message
        )


def exercise(name, means):
    """Decorator: makes a check known by its name.

    Args:
        name: String, by which the reader calls it.
        means: String, what the reader has shown by a right answer.
    """

    def register(function):
        if name in EXERCISES:
            raise ValueError(f"There are two exercises of the name {name!r}")
        EXERCISES[name] = (function, means)
        return function

    return register


def load():
    """Imports all exercises: the modules `tutorial_NN` beside this one."""
    package = importlib.import_module("gan_keras.exercises")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("tutorial_"):
            importlib.import_module(f"gan_keras.exercises.{module.name}")
    return EXERCISES


def names():
    """The names of all exercises, in the tutorials' order."""
    return list(load())


def check(name, answer):
    """Looks at an answer to an exercise.

    Args:
        name: String, the exercise, as the tutorial names it.
        answer: Callable or value, what the reader has made.

    Returns:
        A `Result`: true where the answer is right; shown in a notebook as a
        sentence, which is a hint where it is not.

    Raises:
        ValueError: If there is no exercise of that name.
    """
    if name not in load():
        near = difflib.get_close_matches(str(name), EXERCISES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"Unknown exercise.{hint} Known: {names()}. Received: {name!r}"
        )
    function, means = EXERCISES[name]
    try:
        function(answer)
    except Hint as hint:
        return Result(name, False, str(hint))
    except Exception as error:  # the reader's own
        if "No gradients provided" in str(error):
            return Result(name, False, UNSEEN)
        return Result(
            name,
            False,
            "Your answer stopped with an error of its own: "
            f"{type(error).__name__}: {error}",
        )
    return Result(name, True, means)


def numbers(found, shape=None):
    """The answer's output as a NumPy array, or a hint about its form.

    Args:
        found: What the reader's function returned.
        shape: Tuple, the shape that it should have; None for any.

    Returns:
        A float64 array.
    """
    if found is None or found is Ellipsis:
        raise Hint("Your function returns nothing. Is there a `return`?")
    try:
        found = np.asarray(found, dtype="float64")
    except (TypeError, ValueError) as error:
        raise Hint(
            f"Numbers are expected. Received: a {type(found).__name__}"
        ) from error
    if shape is not None and found.shape != tuple(shape):
        raise Hint(
            f"The shape should be {tuple(shape)}. Received: {found.shape}"
        )
    if not np.isfinite(found).all():
        raise Hint("Some of your numbers are infinite or no numbers at all.")
    return found


def close(found, wanted, tolerance=1e-4):
    """Whether two arrays of one shape are equal but for rounding."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    return found.shape == wanted.shape and bool(
        np.allclose(found, wanted, rtol=tolerance, atol=tolerance)
    )


def expect(found, wanted, hint, tolerance=1e-4):
    """Raises the hint unless both are equal but for rounding."""
    if not close(found, wanted, tolerance):
        raise Hint(hint)


def tried_out():
    """Whether the tutorials are only tried out (`GAN_KERAS_SMOKE=1`)."""
    return os.environ.get("GAN_KERAS_SMOKE", "") not in ("", "0")


def setting(full, smoke):
    """A tutorial's number of epochs, steps or samples.

    Args:
        full: What a reader gets.
        smoke: A small stand-in, for trying out whether every cell runs: used
            where the environment variable `GAN_KERAS_SMOKE` is 1.
    """
    return smoke if tried_out() else full


def claim(value, at_least=None, at_most=None):
    """Sees whether a number that a tutorial's text states is true here.

    A reader whose number is another one is told so, and reads on. Tried-out
    tutorials (see `setting`) are trained for too short a time for their text
    to be true; there nothing is looked at.

    Args:
        value: Number, as it came out.
        at_least: Number or None, the lower limit.
        at_most: Number or None, the upper limit.

    Raises:
        AssertionError: If it is outside the limits, and the environment
            variable `GAN_KERAS_CLAIMS` is `strict`, as before a release.
    """
    value = float(value)
    low = -np.inf if at_least is None else at_least
    high = np.inf if at_most is None else at_most
    if tried_out() or low <= value <= high:
        return
    limits = []
    if at_least is not None:
        limits.append(f"at least {at_least:g}")
    if at_most is not None:
        limits.append(f"at most {at_most:g}")
    message = (
        f"Where the text was written, this number was {' and '.join(limits)}; "
        f"here it is {value:.4g}. Another version or machine may differ, and "
        "so may a cell that is run twice."
    )
    if os.environ.get("GAN_KERAS_CLAIMS") == "strict":
        raise AssertionError(message)
    print(message)
