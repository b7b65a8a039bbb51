"""Exercises of tutorial 3: the generator."""

import numpy as np

from gan_keras.exercises.core import Hint
from gan_keras.exercises.core import close
from gan_keras.exercises.core import exercise
from gan_keras.exercises.core import expect
from gan_keras.exercises.core import numbers


def _stamped(values, window, stride):
    total = np.zeros((len(values) - 1) * stride + len(window))
    for i, value in enumerate(values):
        total[i * stride : i * stride + len(window)] += value * window
    return total


@exercise(
    "transposed_convolution",
    "Stamps that add up: this is how every image of a DCGAN is made.",
)
def transposed_convolution(answer):
    values = np.array([1.0, -2.0, 0.5])
    window = np.array([1.0, 3.0, 2.0, -1.0])
    found = numbers(answer(values.copy(), window.copy(), 2), (8,))
    overwritten = np.zeros(8)
    for i, value in enumerate(values):
        overwritten[2 * i : 2 * i + 4] = value * window
    if close(found, overwritten):
        raise Hint(
            "Where two stamps overlap, the later one has wiped out the "
            "earlier one. They add up: += instead of =."
        )
    if close(found, _stamped(values, window[::-1], 2)):
        raise Hint("The window is the wrong way round: stamp it as it is.")
    if close(found, _stamped(values[::-1], window, 2)):
        raise Hint("The numbers come in the wrong order.")
    if close(found, _stamped(np.ones(3), window, 2)):
        raise Hint("You stamped bare windows. Multiply each by its number.")
    if close(found[:6], _stamped(values, window, 1)):
        raise Hint(
            "Your stamps begin one place apart. The next one begins `stride` "
            "places further on."
        )
    counts = _stamped(np.ones(3), np.ones(4), 2)
    if close(found, _stamped(values, window, 2) / counts):
        raise Hint("You took the mean of overlapping stamps. They add up.")
    expect(
        found,
        _stamped(values, window, 2),
        "Begin with zeros; then for each number i add number * window to the "
        "places i * stride to i * stride + k - 1.",
    )
    expect(
        numbers(answer(values.copy(), window[:2].copy(), 3), (8,)),
        _stamped(values, window[:2], 3),
        "Right for stride 2, and wrong for stride 3 with a window of 2: there "
        "is a gap between the stamps, which stays 0.",
    )


@exercise(
    "stamp_counts",
    "Equal counts inside mean no checkerboard, and that is so if k is a "
    "multiple of the stride.",
)
def stamp_counts(answer):
    found = numbers(answer(4, 3, 2), (9,))
    wanted = np.array([1, 1, 2, 1, 2, 1, 2, 1, 1])
    if close(found, np.full(9, 12 / 9)):
        raise Hint(
            "That is the mean. Asked is the count at each place: this "
            "unevenness is what the checkerboards are made of."
        )
    if close(found, np.ones(9)) or close(found, (wanted > 0).astype(float)):
        raise Hint(
            "Each place is covered, but some by two stamps: number 0 stamps "
            "the places 0, 1, 2 and number 1 the places 2, 3, 4."
        )
    if close(found, [1, 2, 3, 3, 2, 1, 0, 0, 0]):
        raise Hint("You counted with stride 1. Where is `stride` used?")
    if close(found, [2, 1, 2, 1, 2, 1, 2, 1, 2]):
        raise Hint(
            "Right inside, but not at the edges: nothing stamps from beyond "
            "them."
        )
    expect(
        found,
        wanted,
        "For n = 4, k = 3, stride 2 the counts are 1 1 2 1 2 1 2 1 1: let "
        "every number be 1 and every window all ones, and stamp.",
    )
    expect(
        numbers(answer(3, 4, 2), (8,)),
        [1, 1, 2, 2, 2, 2, 1, 1],
        "Right for a window of 3. For one of 4 it should be 1 1 2 2 2 2 1 1.",
    )
    expect(
        numbers(answer(3, 2, 3)),
        [1, 1, 0, 1, 1, 0, 1, 1],
        "Right for stride 2. For n = 3, k = 2, stride 3 the counts are 1 1 0 1 "
        "1 0 1 1, with gaps between the stamps: do you use `stride`?",
    )


@exercise(
    "with_class",
    "That is all there is to conditioning G: noise for how, class for what.",
)
def with_class(answer):
    latents = np.array([[0.5, -1.0], [2.0, 0.25], [0.0, 1.5]])
    labels = np.array([2, 0, 3])
    hot = np.eye(4)[labels]
    found = numbers(answer(latents.copy(), labels.copy(), 4), (3, 6))
    if close(found, np.concatenate([hot, latents], axis=1)):
        raise Hint("The class stands before the noise. It goes behind.")
    if close(found[:, :2], latents) and close(
        found[:, 2:], np.repeat(labels[:, None], 4, axis=1)
    ):
        raise Hint(
            "You put the label's number there. As a number, 3 would be three "
            "times as much as 1; give each class a place of its own."
        )
    if close(found[:, :2], latents) and close(
        found[:, 2:], np.eye(5)[labels + 1][:, 1:][:, ::-1]
    ):
        raise Hint("The places are counted from the wrong end.")
    if close(found[:, :2], latents) and close(
        found[:, 2:], np.roll(hot, -1, axis=1)
    ):
        raise Hint("One place off: class 0 is the first of the places.")
    if close(found[:, :2], latents) and close(found[:, 2:], 1 - hot):
        raise Hint("Zeros and ones are swapped: one 1 in each row.")
    if close(found[:, :2], latents) and close(
        found[:, 2:], np.tile(hot[0], (3, 1))
    ):
        raise Hint("All rows have the first row's class. Each has its own.")
    expect(
        found,
        np.concatenate([latents, hot], axis=1),
        "z = (0.5, -1) with class 2 of 4 should become (0.5, -1, 0, 0, 1, 0).",
    )
    raw = np.asarray(answer(latents[:2].copy(), labels[:2].copy(), 5))
    if raw.shape != (2, 7):
        raise Hint(
            "A batch need not hold an image of the last class, and still there "
            "are `num_classes` places behind the noise. For the classes 2 and "
            f"0 of five your rows have {raw.shape[-1] - 2} of them."
        )
