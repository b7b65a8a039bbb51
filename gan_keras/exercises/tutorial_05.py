"""Exercises of tutorial 5: how the error reaches the pixels."""

import numpy as np

from gan_keras.exercises.core import Hint
from gan_keras.exercises.core import close
from gan_keras.exercises.core import exercise
from gan_keras.exercises.core import expect
from gan_keras.exercises.core import numbers


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


@exercise(
    "logit_gradient",
    "The first factor of the chain rule: large for fakes that D sees through, "
    "small for those that it believes.",
)
def logit_gradient(answer):
    logits = np.array([-3.0, 0.0, 1.0, 2.5])
    d = _sigmoid(logits)
    found = numbers(answer(logits.copy()), (4,))
    if close(found, d - 1):
        raise Hint(
            "Right for one fake. But the loss is the mean over n of them, so "
            "each one's share in it is an n-th."
        )
    if close(found, (1 - d) / 4) or close(found, 1 - d):
        raise Hint(
            "The sign: a higher logit makes G's loss smaller, so the slope is "
            "negative."
        )
    if close(found, d / 4) or close(found, d):
        raise Hint(
            "That is the slope of -log(1 - D), D's loss on a fake. G's is "
            "-log D."
        )
    if close(found, -d / 4) or close(found, -d):
        raise Hint(
            "That is the slope of log(1 - D), the original game: look at the "
            "fake with logit -3, of which G should learn most. It is nearly 0. "
            "Here the loss is -log D."
        )
    if close(found, -1 / d / 4) or close(found, -1 / d):
        raise Hint(
            "That is the slope with respect to the *probability*. One step is "
            "missing: the sigmoid's own slope, D (1 - D)."
        )
    if close(found, -np.log(d)) or close(found, -np.log(d) / 4):
        raise Hint("That is the loss itself. Asked is its slope.")
    expect(
        found,
        (d - 1) / 4,
        "-log sigmoid(l) has the slope sigmoid(l) - 1; a mean over n divides "
        "it by n. For a logit of 0 among four fakes: -0.5 / 4 = -0.125.",
    )


@exercise(
    "finite_difference",
    "With this you can check any gradient that you are ever told.",
)
def finite_difference(answer):
    x = np.array([1.0, -2.0, 0.5])

    def function(v):
        return float(v[0] ** 2 * v[1] + np.exp(v[2]))

    def ask(i, step, function=function):
        mine = x.copy()
        found = numbers(answer(function, mine, i, step), ())
        if not np.array_equal(mine, x):
            raise Hint(
                "Your function has changed the array x that it was given. "
                "Work on a copy: x.copy()."
            )
        return found

    found = ask(0, 0.1)
    wanted = -4.0  # 2 x0 x1; exact for a square
    if close(found, (1.1**2 - 1) * -2 / 0.1):
        raise Hint(
            "You compared x + step with x itself. It works, but the error is "
            "much larger: take x + step and x - step."
        )
    if close(found, (1 - 0.9**2) * -2 / 0.1):
        raise Hint(
            "You compared x with x - step. It works, but the error is much "
            "larger: take x + step and x - step."
        )
    if close(found, 2 * wanted):
        raise Hint(
            "Twice too large: from x - step to x + step are two steps. Divide "
            "by 2 * step."
        )
    if close(found, 0.2 * wanted):
        raise Hint("That is the change of the function. Divide by 2 * step.")
    if close(found, -wanted):
        raise Hint("The sign: f(x + step) - f(x - step), in this order.")
    every = np.array([0.1, 0.1, 0.1])
    if close(found, (function(x + every) - function(x - every)) / 0.2):
        raise Hint("You changed all numbers of x. Only number i may move.")
    expect(
        found,
        wanted,
        "(f(x with x[i] + step) - f(x with x[i] - step)) / (2 step). For "
        "x[0]² x[1] at x[0] = 1, x[1] = -2 it should be -4 for i = 0.",
    )
    expect(
        ask(1, 0.1),
        1.0,
        "Right for i = 0, and wrong for i = 1: do you use `i`?",
    )
    expect(
        ask(2, 1e-4),
        np.exp(0.5),
        "Right for a step of 0.1, and wrong for 0.0001: do you use `step`?",
    )


@exercise(
    "weight_gradients",
    "That is what `output_gradients` does: the pixels' wishes, carried on to "
    "the weights.",
)
def weight_gradients(answer):
    pixels = np.array([0.5, -1.0, 2.0])
    jacobian = np.array([[1.0, 0.0, 2.0], [3.0, 1.0, 0.0], [-1.0, 2.0, 1.0]])
    found = numbers(answer(pixels.copy(), jacobian.copy()), (3,))
    if close(found, jacobian @ pixels):
        raise Hint(
            "You summed over the weights. Each *weight* collects from all "
            "pixels: sum over i."
        )
    if close(found, jacobian.sum(axis=0)):
        raise Hint(
            "That is how much each weight moves all pixels together. What "
            "does D say about these pixels?"
        )
    if close(found, pixels.sum() * jacobian.sum(axis=0)):
        raise Hint(
            "You summed before you multiplied. Each pixel's gradient goes "
            "with its own row of the jacobian."
        )
    if close(found, pixels @ jacobian / 3):
        raise Hint(
            "You took a mean over the pixels. In the chain rule they add up."
        )
    if close(found, -(pixels @ jacobian)):
        raise Hint(
            "The sign: asked is the gradient; the optimizer goes against it "
            "later."
        )
    expect(
        found,
        pixels @ jacobian,
        "The chain rule: d loss/d weight j = sum over i of "
        "pixel_gradients[i] * jacobian[i, j].",
    )
    wide = numbers(answer(pixels.copy(), np.ones((3, 5))), (5,))
    expect(wide, np.full(5, 1.5), "It should work for any number of weights.")


@exercise(
    "who_moves",
    "One optimizer for each player. g_loss passes through D, but moves only G.",
)
def who_moves(answer):
    halves = ("D's half-step", "G's half-step")
    if not isinstance(answer, dict) or set(answer) != set(halves):
        raise Hint(
            'Answer with {"D\'s half-step": {...}, "G\'s half-step": {...}}.'
        )
    chosen = {}
    for half in halves:
        value = answer[half]
        if value is Ellipsis or value is None:
            raise Hint(f'{half}: fill in a set, such as {{"D"}}.')
        chosen[half] = {value} if isinstance(value, str) else set(value)
        if not chosen[half] <= {"D", "G"}:
            raise Hint(f'{half}: only "D" and "G" can be in the set.')
    d_half, g_half = (chosen[half] for half in halves)
    if d_half == {"G"} and g_half == {"D"}:
        raise Hint("You have the two swapped: in D's half-step D learns.")
    if "G" in d_half:
        raise Hint(
            "D's half-step: look at what explain_step says of the variables "
            "'G, trained'. The fakes are in d_loss, but D's optimizer does "
            "not have G's weights."
        )
    if "D" in g_half:
        raise Hint(
            "G's half-step: the gradient goes through D, but who applies it, "
            "and to which weights? (Think of the bribed officer.)"
        )
    if not d_half:
        raise Hint("D's half-step: somebody must learn in it.")
    if not g_half:
        raise Hint("G's half-step: somebody must learn in it.")
