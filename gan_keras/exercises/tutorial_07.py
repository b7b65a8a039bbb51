"""Exercises of tutorial 7: classes."""

import numpy as np

from gan_keras.exercises.core import Hint
from gan_keras.exercises.core import close
from gan_keras.exercises.core import exercise
from gan_keras.exercises.core import expect
from gan_keras.exercises.core import numbers


@exercise(
    "price_labels",
    "Every digit of the price is an order: G can print the tag.",
)
def price_labels(answer):
    for price, wanted in [
        ("20", [2, 0]),
        ("7", [7]),
        ("$7.50", [7, 5, 0]),
        ("$100", [1, 0, 0]),
        ("005", [0, 0, 5]),
    ]:
        found = answer(price)
        kept = list(found) if isinstance(found, (str, list, tuple)) else found
        if isinstance(kept, list) and any(isinstance(x, str) for x in kept):
            raise Hint(
                f"For {price!r} there are strings in your list; labels are "
                "numbers: int('7') is 7."
            )
        found = numbers(found)
        if found.ndim == 0:
            raise Hint(
                f"For {price!r} you return one number. G draws one digit an "
                f"image, so a list is wanted: {wanted}."
            )
        if close(found, wanted[::-1]) and wanted != wanted[::-1]:
            raise Hint(f"{price!r} comes out backwards: {found.tolist()}")
        if len(found) < len(wanted):
            raise Hint(
                f"{price!r} has {len(wanted)} digits, your list "
                f"{len(found)}. Zeros count, also in front, and so does "
                "every digit behind the point."
            )
        if len(found) > len(wanted):
            raise Hint(
                f"{price!r} has only {len(wanted)} digits, but your list "
                f"{len(found)}. `character.isdigit()` tells which to keep."
            )
        expect(found, wanted, f"For {price!r} the labels are {wanted}.")


@exercise(
    "mixed_classes",
    "Rows that lead from one class to the other, and each adds up to 1.",
)
def mixed_classes(answer):
    t = np.float32([0.0, 0.25, 1.0])
    found = numbers(answer(1, 3, t.copy(), 5), shape=(3, 5))
    wanted = np.zeros((3, 5))
    wanted[:, 1], wanted[:, 3] = 1 - t, t
    if close(found, np.roll(wanted, 2, axis=1)) or close(
        found, wanted[:, [0, 3, 2, 1, 4]]
    ):
        raise Hint("At t = 0 it should be all `first`. Yours is `second`.")
    if close(found, wanted > 0) or close(found, np.round(wanted)):
        raise Hint(
            "Those are whole classes. A mixture has 1 - t of one and t of "
            "the other."
        )
    if np.any(found.sum(axis=1) < 0.99):
        raise Hint("The rows should add up to 1. Who has the other share?")
    expect(found, wanted, f"For t = 0.25 the row is {wanted[1].tolist()}.")
    same = numbers(answer(2, 2, t.copy(), 5), shape=(3, 5))
    wanted = np.zeros((3, 5))
    wanted[:, 2] = 1
    expect(
        same,
        wanted,
        "Right for two different classes. But the way from a 2 to a 2 is a "
        f"2 all along, and your rows have {np.round(same[:, 2], 2)} there: "
        "add the second share, do not write it over the first.",
    )


@exercise(
    "share_as_asked",
    "Class by class, what came out as ordered: one bad class cannot hide in "
    "the mean.",
)
def share_as_asked(answer):
    asked = np.array([0, 0, 0, 1, 1, 3])
    read = [0, 1, 0, 1, 0, 0]
    # Five classes, of which nobody asked for the third and the last.
    probabilities = np.full((6, 5), 0.1)
    probabilities[np.arange(6), read] = 0.6
    probabilities[2] = 0.4, 0.3, 0.1, 0.1, 0.1  # no class has the half of it
    found = numbers(answer(asked.copy(), probabilities.copy()))
    wanted = [2 / 3, 1 / 2, 0, 0, 0]
    if found.ndim == 0:
        raise Hint(
            "That is one number for all classes. A share for each is asked "
            "for, so that a class which never comes out right shows."
        )
    if found.shape in ((3,), (4,)):
        raise Hint(
            f"You return {len(found)} shares. There are as many classes as "
            "`probabilities` has columns, 5 here, even if nobody asked for "
            "some of them."
        )
    if found.shape == (5,):
        if close(found, [2 / 4, 1 / 2, 0, 0, 0]):
            raise Hint(
                "You divide by how often a class was *read*. Of those that "
                "were *asked for*, how many came out right?"
            )
        if close(found, [2, 1, 0, 0, 0]):
            raise Hint("Those are counts. Divide by how many were asked for.")
        if close(found, np.array([2, 1, 0, 0, 0]) / 6):
            raise Hint(
                "You divide by all images. Divide by those of the class."
            )
        if close(found, [1.1 / 3, 0.35, 0, 0.1, 0]):
            raise Hint(
                "You take the reader's probability. Count instead whether the "
                "class with the largest one is that which was asked for."
            )
    found = numbers(found, shape=(5,))
    expect(
        found,
        wanted,
        "An image came out right if `probabilities.argmax(axis=1)` is its "
        "`asked`; for each class, take the mean of that over its images.",
    )
