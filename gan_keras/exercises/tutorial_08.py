"""Exercises of tutorial 8: troubles and cures."""

import numpy as np

from gan_keras.exercises.core import Hint
from gan_keras.exercises.core import close
from gan_keras.exercises.core import exercise
from gan_keras.exercises.core import expect
from gan_keras.exercises.core import numbers


def softplus(x):
    return np.logaddexp(0, np.asarray(x, "float64"))


@exercise(
    "smoothed_d_loss",
    "D is not paid for being certain of real images, and fakes stay fakes.",
)
def smoothed_d_loss(answer):
    real, fake = np.float32([3.0, -1.0, 0.5]), np.float32([0.25, -2.0, 1.0])
    a = 0.8

    def cross(x, t):
        return t * softplus(-x) + (1 - t) * softplus(x)

    found = numbers(answer(real.copy(), fake.copy(), a))
    if found.ndim == 0:
        raise Hint("One number for each pair, please, and no mean.")
    found = numbers(found, shape=(3,))
    known = [
        (
            cross(real, 1) + cross(fake, 0),
            "That is the loss without smoothing: `real_label` has no effect.",
        ),
        (
            cross(real, a) + cross(fake, 1 - a),
            "You smoothed both sides. A target above 0 for fakes would praise "
            "fakes that D already sees through; theirs stays 0.",
        ),
        (
            cross(real, 1) + cross(fake, 1 - a),
            "You smoothed the fakes' side. It is the real images' target that "
            "is less than 1.",
        ),
        (
            a * softplus(-real) + softplus(fake),
            "That only weighs the real half less. The cross-entropy against "
            "the target t has a second term, (1 - t) * softplus(x), which "
            "pulls D back where it is too sure.",
        ),
        (
            cross(real, 1 - a) + cross(fake, 0),
            "The target of real images has become 1 - real_label.",
        ),
        (cross(real, a), "That is the half about real images. And the fakes?"),
    ]
    for value, hint in known:
        if close(found, value):
            raise Hint(hint)
    expect(
        found,
        cross(real, a) + cross(fake, 0),
        "Add the cross-entropies: of the real logits against real_label, of "
        "the fake logits against 0.",
    )
    expect(
        numbers(answer(real.copy(), fake.copy()), shape=(3,)),
        cross(real, 0.9) + cross(fake, 0),
        "Right when it is told the label; without, it should be 0.9.",
    )


@exercise(
    "modes_found",
    "A number for what no loss curve shows.",
)
def modes_found(answer):
    centres = np.float64([[0, 0], [4, 0], [0, 4], [4, 4]])
    points = np.concatenate(
        [
            np.tile([[0.3, 0.0]], (5, 1)),
            np.tile([[4.0, 0.9]], (3, 1)),
            np.tile([[0.7, 4.7]], (6, 1)),  # 0.99 away
            np.tile([[2.0, 2.0]], (9, 1)),  # nowhere
        ]
    )

    def ask(radius, least):
        found = numbers(answer(points.copy(), centres.copy(), radius, least))
        if found.ndim:
            raise Hint(
                "Return one number, how many were found. Received: an array "
                f"of shape {found.shape}"
            )
        return float(found)

    if ask(1.0, 1) == 14:
        raise Hint(
            "You count points that are near a centre. How many *centres* "
            "have points?"
        )
    if ask(1.0, 4) == 3 and ask(1.0, 1) == 3:
        raise Hint(
            "One stray point is enough for you; a mode counts from `least` "
            "points on."
        )
    if ask(1.0, 1) == 4:
        raise Hint(
            "You give every point to its nearest centre, also those that are "
            "far from all of them. Only within `radius` does a point count."
        )
    if ask(0.5, 1) == 3:
        raise Hint("A smaller radius should find fewer: it has no effect.")
    if ask(0.8, 6) == 1 and ask(1.0, 6) == 1 and ask(0.75, 6) == 1:
        raise Hint(
            "A point is too far if its *distance* is, not one of its "
            "coordinates: sqrt(dx^2 + dy^2)."
        )
    if ask(0.85, 1) == 2:
        raise Hint(
            "Points that are 0.9 away are not within a radius of 0.85, but "
            "0.9^2 = 0.81 would be: is it the *distance* that you compare?"
        )
    for radius, least, wanted in [
        (1.0, 1, 3),
        (1.0, 4, 2),
        (1.0, 3, 3),
        (1.0, 5, 2),
        (1.0, 7, 0),
        (0.95, 1, 2),
        (0.85, 1, 1),
        (0.5, 1, 1),
    ]:
        found = ask(radius, least)
        if found != wanted:
            raise Hint(
                "Of four centres with 5 points at a distance of 0.3, 3 at "
                f"0.9, 6 at 0.99 and none, radius={radius} and least={least} "
                f"find {wanted}. Received: {found:g}"
            )


CASES = [
    ((0.98, 0.03, 0.97, 8, 8), "d too strong", "D is sure of everything"),
    ((0.50, 0.62, 0.50, 1, 8), "d too weak", "D trusts the fakes more"),
    ((0.55, 0.45, 0.15, 8, 8), "learned by heart", "unseen images are fakes"),
    ((0.51, 0.50, 0.50, 2, 8), "mode collapse", "perfect curves, 2 of 8"),
    ((0.58, 0.42, 0.55, 8, 8), "healthy", "an even game, all modes"),
    ((0.51, 0.49, 0.50, 4, 8), "healthy", "half of the modes are there"),
    ((0.95, 0.05, 0.94, 1, 8), "d too strong", "D is sure of everything"),
    ((0.40, 0.55, 0.39, 1, 25), "d too weak", "D trusts the fakes more"),
    ((0.60, 0.45, 0.30, 3, 25), "learned by heart", "it comes before collapse"),
    (
        (0.50, 0.50, 0.50, 12, 25),
        "mode collapse",
        "12 of 25 are fewer than half",
    ),
    ((0.95, 0.05, 0.30, 8, 8), "d too strong", "two fit, and the first counts"),
    ((0.40, 0.60, 0.10, 8, 8), "d too weak", "two fit, and the first counts"),
    ((0.75, 0.20, 0.74, 8, 8), "healthy", "0.55 is not more than 0.6"),
    ((0.80, 0.15, 0.79, 8, 8), "d too strong", "0.65 is more than 0.6"),
    ((0.60, 0.45, 0.45, 8, 8), "healthy", "0.15 is not more than 0.2"),
    ((0.60, 0.45, 0.35, 8, 8), "learned by heart", "0.25 is more than 0.2"),
    ((0.70, 0.55, 0.69, 8, 8), "healthy", "D trusts the real images more"),
    ((0.30, 0.35, 0.30, 8, 8), "d too weak", "D trusts the fakes more"),
    ((0.10, 0.85, 0.10, 8, 8), "d too weak", "D trusts the fakes more"),
    ((0.50, 0.45, 0.80, 8, 8), "healthy", "unseen images are trusted *more*"),
]


@exercise(
    "diagnosis",
    "A collapse is named only where no trouble of D explains it: the cure is "
    "another one.",
)
def diagnosis(answer):
    names = {name for _, name, _ in CASES}
    for case, wanted, why in CASES:
        found = answer(*case)
        if not isinstance(found, str):
            raise Hint(
                "Return one of the five names, a string. Received: "
                f"{type(found).__name__} for d_real={case[0]}, "
                f"d_fake={case[1]}"
            )
        if found not in names:
            raise Hint(f"{found!r} is none of the five names: {sorted(names)}")
        if found != wanted:
            raise Hint(
                f"d_real={case[0]}, d_fake={case[1]}, val_d_real={case[2]}, "
                f"{case[3]} of {case[4]} modes: you say {found!r}. Look "
                f"again: {why}, so {wanted!r}."
            )
