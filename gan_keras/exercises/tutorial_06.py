"""Exercises of tutorial 6: when to stop."""

import warnings

import numpy as np

from gan_keras.exercises.core import Hint
from gan_keras.exercises.core import close
from gan_keras.exercises.core import exercise
from gan_keras.exercises.core import expect
from gan_keras.exercises.core import numbers


@exercise(
    "best_discriminator",
    "D*: of all that looks like this, the share that is real.",
)
def best_discriminator(answer):
    real = np.array([0.2, 0.6, 0.0, 1.5])
    fake = np.array([0.2, 0.2, 0.7, 0.0])
    wanted = real / (real + fake)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = answer(real.copy(), fake.copy())
        if found is None:
            numbers(found)
        found = np.asarray(found)
        both = np.asarray(answer(np.array([0.0, 0.3]), np.array([0.0, 0.1])))
    with np.errstate(all="ignore"):
        ratio = real / fake
    if found.shape == ratio.shape and np.allclose(found.astype(float), ratio):
        raise Hint(
            "That is the ratio of the densities; it can be infinite. D "
            "answers with a share: real out of real *and* fake."
        )
    found = numbers(found, (4,))
    if close(found, fake / (real + fake)):
        raise Hint("That is the share of the fakes. D's 1 means real.")
    if close(found, (real > fake).astype(float)) or close(
        found, (real >= fake).astype(float)
    ):
        raise Hint(
            "A verdict, yes or no. The best D is not that sure: where real is "
            "three times as dense it says 0.75."
        )
    if close(found, real):
        raise Hint(
            "The density of the real data alone is no probability of being "
            "real; it may even be above 1. How many fakes are there?"
        )
    if close(found, real / (real + fake).sum()):
        raise Hint("Every point for itself: do not sum over the points.")
    expect(
        found,
        wanted,
        "For p_data = 0.6 and p_g = 0.2 it should be 0.6 / 0.8 = 0.75.",
    )
    if not np.isfinite(both.astype(float)).all():
        raise Hint(
            "Right where there are data. Where both densities are 0 you "
            "divide 0 by 0; answer 0.5 there."
        )
    expect(both, [0.5, 0.75], "Where both densities are 0, answer 0.5.")


@exercise(
    "divergence_from_loss",
    "If D is at its best, its loss is a measurement. If.",
)
def divergence_from_loss(answer):
    found = np.array([numbers(answer(v), ()) for v in (0.0, 1.0, np.log(4))])
    wanted = np.log(2) - np.array([0.0, 1.0, np.log(4)]) / 2
    if close(found, 2 * wanted):
        raise Hint(
            "Twice too large: it can be at most log 2 = 0.69. The formula has "
            "*two* JS in it."
        )
    if close(found, -wanted) or close(found, -2 * wanted):
        raise Hint("The sign: a divergence is never negative.")
    if close(found, 1 - np.array([0.0, 1.0, np.log(4)]) / 2):
        raise Hint(
            "log is the natural logarithm: 2 log 2 is 1.386, and JS in nats "
            "is at most log 2, not 1."
        )
    if close(found, np.array([0.0, 1.0, np.log(4)]) / 2):
        raise Hint(
            "The wrong way round: a *large* d_loss means that real and fake "
            "are alike."
        )
    expect(
        found,
        wanted,
        "Solve d_loss = 2 log 2 - 2 JS for JS. At rest, d_loss = 2 log 2, it "
        "should be 0; for d_loss = 0 it should be log 2.",
    )


@exercise(
    "epoch_to_keep",
    "That is what EarlyStopping and ModelCheckpoint do together.",
)
def epoch_to_keep(answer):
    def ask(distances, patience):
        return float(numbers(answer(list(distances), patience), ()))

    bumpy = [9.5, 7.5, 8.5, 8.7, 5.5, 6.5, 6.7, 7.2, 3.5]
    found = ask(bumpy, 3)
    if found in bumpy:
        raise Hint("That is the best distance. Asked is its epoch.")
    if found == 8:
        raise Hint(
            "That is the best of all, but training had stopped by then: after "
            "epoch 4 there are three epochs without a new best."
        )
    if found == 7:
        raise Hint(
            "That is the epoch at which you stop. Which one do you keep?"
        )
    if found == 5:
        raise Hint("Counted from 0, please: the first epoch is number 0.")
    if found == 1:
        raise Hint(
            "You stopped too early. Epochs 2 and 3 brought nothing new, but "
            "that is two in a row; epoch 4 is a new best and starts the count "
            "again."
        )
    if found != 4:
        raise Hint(
            f"For {bumpy} and a patience of 3, the bests are 9.5, 7.5 and 5.5; "
            "then come three epochs that are not better. Keep epoch 4. "
            f"Received: {found:g}"
        )
    if ask(bumpy, 2) != 1:
        raise Hint(
            "Right for a patience of 3. With 2, epochs 2 and 3 are enough to "
            "stop: keep epoch 1. Do you use `patience`?"
        )
    if ask(bumpy, 9) != 8:
        raise Hint(
            "With a patience of 9 training runs to the end of the list: keep "
            "the best of all."
        )
    if ask([4.0, 4.0, 4.0, 3.0], 2) != 0:
        raise Hint("As good as the best so far is no *new* best.")
    if ask([9.0, 7.0, 8.0, 7.5, 7.2, 3.0], 3) != 1:
        raise Hint(
            "Better than the epoch before is not enough: after 7 come 8, 7.5 "
            "and 7.2, and none of them is a new best."
        )
    if ask([9.0, 8.0, 8.5, 8.6, 5.0, 6.0, 4.0], 3) != 6:
        raise Hint(
            "For [9, 8, 8.5, 8.6, 5, 6, 4] and a patience of 3, keep epoch 6: "
            "epoch 4 is a new best, the count begins again there, and epoch 5 "
            "is the first without one."
        )


@exercise(
    "what_shows_quality",
    "Only a measurement against data that neither player trained on.",
)
def what_shows_quality(answer):
    if not isinstance(answer, (set, frozenset, list, tuple, str)):
        raise Hint('Answer with a set of letters, such as {"a", "b"}.')
    chosen = {str(letter).strip().lower() for letter in answer}
    if not chosen or not chosen <= set("abcde"):
        raise Hint('Answer with a set of letters, such as {"a", "b"}.')
    if "a" in chosen:
        raise Hint("a: a small d_loss means that D sees through the fakes.")
    if "b" in chosen:
        raise Hint(
            "b: the sleeping D had exactly this loss, with grey squares."
        )
    if "c" in chosen:
        raise Hint(
            "c: at rest it is so. But is everything at rest where it is so? "
            "Think of the D with zeros for weights."
        )
    if "e" in chosen:
        raise Hint(
            "e: g_loss falls as well when D becomes worse. It compares the "
            "players, not the images."
        )
