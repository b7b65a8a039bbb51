"""Exercises of tutorial 10: reading what TensorBoard reads."""

import tempfile

import numpy as np

from gan_keras.exercises.core import Hint
from gan_keras.exercises.core import close
from gan_keras.exercises.core import exercise
from gan_keras.exercises.core import expect
from gan_keras.exercises.core import numbers


@exercise(
    "read_scalars",
    "The same numbers that the browser shows, ready for a report.",
)
def read_scalars(answer):
    import tensorflow as tf

    # Every other epoch, and more values than TensorBoard keeps unasked (10).
    epochs = np.arange(2, 26, 2)
    d_loss, g_loss = 1.5 - epochs / 32, 0.5 + epochs / 32
    with tempfile.TemporaryDirectory() as directory:
        writer = tf.summary.create_file_writer(directory)
        with writer.as_default():
            for step, d, g in zip(epochs, d_loss, g_loss):
                tf.summary.scalar("epoch_d_loss", d, step)
                tf.summary.scalar("epoch_g_loss", g, step)
        writer.close()
        found = answer(directory, "epoch_g_loss")
    if found is None or not isinstance(found, (list, tuple)) or len(found) != 2:
        raise Hint(
            "Return two lists, `return steps, values`. "
            f"Received: {type(found).__name__}"
        )
    steps, values = (numbers(part) for part in found)
    if close(values, d_loss):
        raise Hint("That is another curve of the file. Mind the tag.")
    if values.shape == (10,):
        raise Hint(
            "Of twelve values you return ten: TensorBoard draws some of them "
            "unless its `size_guidance` says that all are wanted."
        )
    if values.shape != epochs.shape:
        raise Hint(
            "Twelve values were written to that curve. You return "
            f"{values.size}."
        )
    if close(steps, g_loss) and close(values, epochs):
        raise Hint("The other way round: steps first, then values.")
    if close(values, g_loss[::-1]):
        raise Hint("Your values run backwards: the first step comes first.")
    expect(values, g_loss, "The values are not those that were written.")
    expect(
        steps,
        epochs,
        "The values are right. Each event knows its own `step`; only every "
        f"other epoch was written here. Received: {steps.tolist()}",
    )


@exercise(
    "smoothed_curve",
    "The slider does no more than that; and at 0.9 a curve lags about ten "
    "values behind the truth.",
)
def smoothed_curve(answer):
    values = [4.0, 2.0, 6.0, 6.0]
    found = numbers(answer(list(values), 0.5), shape=(4,))
    total, wanted, plain, own_start = 0.0, [], [], [values[0]]
    for n, value in enumerate(values, start=1):
        total = 0.5 * total + 0.5 * value
        plain.append(total)
        wanted.append(total / (1 - 0.5**n))
        if n > 1:
            own_start.append(0.5 * own_start[-1] + 0.5 * value)
    if close(found, plain):
        raise Hint(
            "The running sum is right. It begins near zero: divide the n-th "
            "by 1 - w ** n, where n is 1 for the first."
        )
    if close(found, own_start):
        raise Hint(
            "You begin with the first value instead of with 0, which gives it "
            "more weight than TensorBoard does."
        )
    if close(found, np.cumsum(values) / np.arange(1, 5)):
        raise Hint("That is the mean of all values so far; old ones fade here.")
    expect(found, wanted, f"For {values} and w = 0.5 it is {wanted}.")
    found = numbers(answer([1.0, 0.0, 0.0], 0.9), shape=(3,))
    wanted = [1.0, 0.09 / 0.19, 0.081 / 0.271]
    expect(
        found,
        wanted,
        "Right for w = 0.5, where both weights are the same. For 0.9 the "
        "*past* has 0.9 and the new value 0.1.",
    )
    expect(
        numbers(answer([3.0, 5.0], 0.0), shape=(2,)),
        [3.0, 5.0],
        "With w = 0 the curve stays as it is.",
    )


@exercise(
    "best_checkpoint",
    "A run's last epoch is not always its best; that is why people save on "
    "the way.",
)
def best_checkpoint(answer):
    def ask(runs):
        found = answer({name: list(values) for name, values in runs.items()})
        if not isinstance(found, (tuple, list)) or len(found) != 2:
            raise Hint(
                "Return a name and an epoch, `return name, epoch`. Received: "
                f"{type(found).__name__}"
            )
        return found[0], int(found[1])

    nan = float("nan")
    runs = {"a": [8.5, 5.0, 7.0], "b": [9.0, 6.0, 5.5, 5.25]}
    name, epoch = ask(runs)
    if (name, epoch) == ("a", 1):
        raise Hint("Epochs count from 1: the second value is that of epoch 2.")
    if (name, epoch) == ("b", 4):
        raise Hint(
            "That is the run which *ends* best. The best value of all was "
            "reached earlier, in another run."
        )
    if name == "b" and epoch in (0, 1):
        raise Hint("That is the largest value. Of a distance, less is better.")
    if (name, epoch) != ("a", 2):
        raise Hint(f"Of {runs} it is ('a', 2). Received: {(name, epoch)}")
    name, epoch = ask({"short": [4.0], "long": [nan, 3.0, nan]})
    if (name, epoch) != ("long", 2):
        raise Hint(
            "Right without NaN. A comparison with NaN is never true, and "
            "min() may return it: leave those values out, but keep their "
            f"places. Received: {(name, epoch)} instead of ('long', 2)"
        )
