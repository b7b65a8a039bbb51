"""Exercises of tutorial 1: the intuition."""

import numpy as np

from gan_keras.exercises.core import Hint
from gan_keras.exercises.core import close
from gan_keras.exercises.core import exercise
from gan_keras.exercises.core import expect
from gan_keras.exercises.core import numbers


@exercise(
    "mistakes",
    "You have counted the officer's wrong verdicts. At rest she might as well "
    "toss a coin, and half of them are wrong.",
)
def mistakes(answer):
    # Not equally many, so that a mean of two rates is something else.
    real = np.array([0.9, 0.8, 0.4, 0.7, 0.95, 0.2])
    fake = np.array([0.1, 0.6])
    found = numbers(answer(real, fake), shape=())
    if close(found, 3):
        raise Hint("That is how many. Divide by how many verdicts there were.")
    if close(found, 5 / 8):
        raise Hint(
            "That is the share of *right* verdicts. A real point is judged "
            "wrongly if its probability is 0.5 or less, a fake if above."
        )
    if close(found, (2 / 6 + 1 / 2) / 2):
        raise Hint(
            "You took the mean of two shares. There are more real points than "
            "fakes here: count the wrong verdicts of both, then divide once."
        )
    if close(found, 2 / 6) or close(found, 2 / 8):
        raise Hint("You counted real points only. Fakes can be misjudged, too.")
    if close(found, 1 / 2) or close(found, 1 / 8):
        raise Hint("You counted fakes only. Real points can be misjudged, too.")
    expect(
        found,
        3 / 8,
        "Wrong are: real points with a probability of 0.5 or less, and fakes "
        "with one above. With on_real = 0.9, 0.8, 0.4, 0.7, 0.95, 0.2 and "
        "on_fake = 0.1, 0.6 these are 3 of 8.",
    )
    # At 0.5 itself: each way to get it wrong has another share.
    real, fake = np.array([0.5, 0.5, 0.9]), np.array([0.5, 0.1])
    expect(
        numbers(answer(real, fake), shape=()),
        2 / 5,
        "Nearly: what does she say at exactly 0.5? Only *above* it she says "
        '"real". A real point with 0.5 is misjudged, a fake with 0.5 is not.',
    )


@exercise(
    "push",
    "Down the gradient: the points go where D believes them a little more.",
)
def push(answer):
    points = np.array([[0.0, 1.0], [2.0, -1.0], [0.5, 0.5]])
    gradients = np.array([[1.0, 0.0], [-3.0, 4.0], [0.0, 0.25]])
    found = numbers(answer(points.copy(), gradients.copy(), 0.1), (3, 2))
    if close(found, points + 0.1 * gradients):
        raise Hint(
            "The gradient points to where G's loss grows. You went that way; "
            "G wants its loss to fall."
        )
    if close(found, -0.1 * gradients) or close(found, 0.1 * gradients):
        raise Hint("That is how far each point moves. From where?")
    if close(found, points - gradients):
        raise Hint("You moved by the whole gradient. What is `step` for?")
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True)
    if close(found, points - 0.1 * gradients / lengths) or close(
        found, points - 0.1 * np.sign(gradients)
    ):
        raise Hint(
            "All your points move equally far. Where the gradient is long, D "
            "feels strongly; leave it its length."
        )
    expect(
        found,
        points - 0.1 * gradients,
        "Take each point, and go `step` times its gradient downhill: "
        "point - step * gradient.",
    )


@exercise(
    "heaps_found",
    "You can tell whether a generator has found everything, or draws the same "
    "few things again and again (tutorial 8 will need it).",
)
def heaps_found(answer):
    centres = np.array([[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -2.0]])
    points = np.array(
        # Two on the first, one on the second, and one between the others.
        [[2.1, 0.0], [1.9, 0.1], [0.0, 2.2], [-1.2, -0.9]]
    )
    found = numbers(answer(points.copy(), centres.copy(), 0.3), shape=())
    if close(found, 3) and close(
        numbers(answer(points[:3].copy(), centres.copy(), 0.3), ()), 3
    ):
        raise Hint(
            "You counted points that lie on a heap. The question is how many "
            "heaps have one: two points on one heap are one heap."
        )
    if close(found, 3):
        raise Hint(
            "You counted a heap that was only the nearest one to a point far "
            "off. A point must lie within `radius`."
        )
    if close(found, 4):
        raise Hint("That is all of them, found or not. Where is `radius` used?")
    if close(found, 0):
        raise Hint(
            "Nothing found? At least *one* of the points must be near a "
            "centre (any), not every one of them (all)."
        )
    expect(
        found,
        2,
        "For every centre: is any point nearer than `radius`? Count the "
        "centres for which this is so. (The distance is the root of the sum "
        "of squares.)",
    )
    # Diagonally: each coordinate is within the radius, the distance is not.
    corner = numbers(answer(np.array([[2.25, 0.25]]), centres.copy(), 0.3), ())
    expect(
        corner,
        0,
        "The point (2.25, 0.25) is not within 0.3 of (2, 0): the distance is "
        "the root of 0.25² + 0.25², which is 0.35.",
    )
    # The other way round: both coordinates together are more than the radius.
    inside = numbers(answer(np.array([[2.2, 0.2]]), centres.copy(), 0.3), ())
    expect(
        inside,
        1,
        "The point (2.2, 0.2) is within 0.3 of (2, 0): the distance is the "
        "root of 0.2² + 0.2², which is 0.28, and not the sum, 0.4.",
    )


@exercise(
    "what_reaches_g",
    "Noise goes in; D, by its weights, turns into a gradient at every fake. "
    "In this game real data only ever change D.",
)
def what_reaches_g(answer):
    if not isinstance(answer, (set, frozenset, list, tuple, str)):
        raise Hint('Answer with a set of letters, such as {"a", "b"}.')
    chosen = {str(letter).strip().lower() for letter in answer}
    if not chosen or not chosen <= set("abcde"):
        raise Hint(
            "Only the letters a to e stand for something. Answer with a set of "
            'them, such as {"a", "b"}.'
        )
    if "b" in chosen:
        raise Hint(
            "b: look at the first experiment again. The real points were "
            "swapped, and the gradient did not change by a single bit."
        )
    if "e" in chosen:
        raise Hint(
            "e: D does not hand over verdicts. A verdict would not tell G in "
            "which direction to change anything; what does?"
        )
    if "a" not in chosen:
        raise Hint("You left one out: what does G make its fakes from?")
    if "c" not in chosen:
        raise Hint(
            "You left one out: the gradient is computed by going through D. "
            "Would another D give the same one? (Second experiment.)"
        )
    if "d" not in chosen:
        raise Hint("You left one out: what are the arrows in the picture?")
