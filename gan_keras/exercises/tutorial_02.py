"""Exercises of tutorial 2: the discriminator."""

import warnings

import numpy as np

from gan_keras.exercises.core import Hint
from gan_keras.exercises.core import close
from gan_keras.exercises.core import exercise
from gan_keras.exercises.core import expect
from gan_keras.exercises.core import numbers


@exercise(
    "map_sizes",
    "You can say how large every map of a discriminator is without running it.",
)
def map_sizes(answer):
    found = list(numbers(answer(28, 3)).ravel())
    if found == [28, 14, 7, 4]:
        raise Hint("The image itself is no map: begin after the first layer.")
    if found == [14, 7, 3]:
        raise Hint("Half of 7 is 3.5. These convolutions round up.")
    if found == [4, 7, 14]:
        raise Hint("That is G's order. In D the largest map comes first.")
    if found == [14, 14, 14]:
        raise Hint("Every layer halves what the layer before it left.")
    if found == [4]:
        raise Hint("That is the last one. List the maps of all layers.")
    if found != [14, 7, 4]:
        raise Hint(
            "28 pixels and 3 layers should give [14, 7, 4]: halve, round up, "
            f"go on with the result. Received: {[float(v) for v in found]}"
        )
    other = list(numbers(answer(45, 4)).ravel())
    if other != [23, 12, 6, 3]:
        raise Hint(
            "Right for 28, but 45 pixels and 4 layers should give [23, 12, 6, "
            "3]: round up at *every* layer. Received: "
            f"{[float(v) for v in other]}"
        )


@exercise(
    "probability",
    "The sigmoid, and one that no logit can break.",
)
def probability(answer):
    logits = np.array([-2.0, 0.0, 1.0, 4.0])
    wanted = 1 / (1 + np.exp(-logits))
    found = numbers(answer(logits.copy()), (4,))
    if close(found, 1 - wanted):
        raise Hint(
            "Upside down: a high logit means real, so its probability should "
            "be near 1. Check the sign in the exponential."
        )
    if close(found, np.exp(logits) / np.exp(logits).sum()):
        raise Hint(
            "That is a softmax: your four images compete for one probability. "
            "Each image is judged on its own."
        )
    if close(found, (np.tanh(logits) + 1) / 2):
        raise Hint(
            "Nearly: (tanh(x) + 1) / 2 is the sigmoid of 2x. Halve the logit."
        )
    if found.min() < 0 or found.max() > 1:
        raise Hint("A probability lies between 0 and 1. Yours do not.")
    expect(
        found,
        wanted,
        "A logit of 0 should give 0.5, one of 1 should give 1 / (1 + exp(-1)) "
        "= 0.731.",
    )
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        far = np.asarray(answer(np.array([-800.0, 800.0])), "float64")
    if not np.isfinite(far).all() or heard:
        raise Hint(
            "Right for small logits; for -800 or 800 something overflows. For "
            "x < 0 use exp(x) / (1 + exp(x)), which is the same: only take "
            "the exponential of -|x|."
        )
    expect(far, [0, 1], "-800 should give 0, and 800 should give 1.")


def _softplus(x):
    return np.logaddexp(0, x)


@exercise(
    "discriminator_loss",
    "Real against 1, fake against 0, added. It is the loss of nearly every "
    "GAN's discriminator.",
)
def discriminator_loss(answer):
    real, fake = np.array([2.0, -1.0, 0.5]), np.array([-3.0, 1.5])
    on_real, on_fake = _softplus(-real).mean(), _softplus(fake).mean()
    found = numbers(answer(real.copy(), fake.copy()), ())
    if close(found, on_real):
        raise Hint("That is the half about real images. What about the fakes?")
    if close(found, on_fake):
        raise Hint("That is the half about fakes. What about real images?")
    if close(found, (on_real + on_fake) / 2):
        raise Hint("You took the mean of the two halves; they are added.")
    if close(found, _softplus(real).mean() + _softplus(-fake).mean()):
        raise Hint(
            "The targets are swapped: your D is praised for calling fakes "
            "real. Real images go against 1, fakes against 0."
        )
    if close(found, on_real + _softplus(-fake).mean()):
        raise Hint(
            "Your fakes go against 1, as G would like it. For D a fake should "
            "get 0: the error is -log(1 - D)."
        )
    if close(found, _softplus(-real).sum() + _softplus(fake).sum()):
        raise Hint("You added up all images. Each kind has its mean.")
    if close(found, np.concatenate([_softplus(-real), _softplus(fake)]).mean()):
        raise Hint(
            "You took one mean over all images, real and fake. Take the mean "
            "of each kind, and add the two."
        )
    if close(found, -(on_real + on_fake)):
        raise Hint("The sign: a loss is minus the logarithm, and positive.")
    expect(
        found,
        on_real + on_fake,
        "The mean of -log D over the real images plus the mean of "
        "-log(1 - D) over the fakes, where D is the sigmoid of the logit. "
        "For logits of 0 it should be 2 log 2 = 1.386.",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sure = np.asarray(answer(np.array([-50.0]), np.array([50.0])))
    if not np.isfinite(sure).all():
        raise Hint(
            "Right, but a D that is surely wrong (logit 50 for a fake) has an "
            "infinite loss here. log(1 + exp(x)) straight from the logit "
            "(np.logaddexp(0, x)) has not."
        )
    expect(sure, 100.0, "Surely wrong by 50 on both kinds should cost 100.")


def _slide(image, window, stride):
    k = len(window)
    rows = range(0, image.shape[0] - k + 1, stride)
    columns = range(0, image.shape[1] - k + 1, stride)
    return np.array(
        [
            [np.sum(image[i : i + k, j : j + k] * window) for j in columns]
            for i in rows
        ]
    )


@exercise(
    "strided_convolution",
    "That is all that a strided convolution does: one window, every second "
    "place.",
)
def strided_convolution(answer):
    rng = np.random.default_rng(0)
    image = rng.integers(-3, 4, (7, 9)).astype("float64")
    window = np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 0.0], [3.0, 0.0, 1.0]])
    wanted = _slide(image, window, 2)
    found = numbers(answer(image.copy(), window.copy(), 2))
    if close(found, _slide(image, window, 1)):
        raise Hint(
            "That is stride 1: you looked at every place. Go on by `stride`."
        )
    if close(found, _slide(image, window[::-1, ::-1], 2)):
        raise Hint(
            "You turned the window around, as mathematicians do. In neural "
            "networks it is laid on as it is."
        )
    if close(found, _slide(image, window, 2).T) or close(
        found, _slide(image, window.T, 2)
    ):
        raise Hint("Rows and columns are swapped somewhere.")
    if close(found, wanted / window.size):
        raise Hint("You took the mean of the products. Add them up.")
    if found.shape != wanted.shape:
        raise Hint(
            "A 3x3 window fits on 7 rows at rows 0, 2 and 4, on 9 columns at "
            "columns 0, 2, 4 and 6: the map should have shape (3, 4). "
            f"Received: {found.shape}"
        )
    if close(
        found,
        [
            [
                image[2 * i : 2 * i + 3, 2 * j : 2 * j + 3].max()
                for j in range(4)
            ]
            for i in range(3)
        ],
    ):
        raise Hint(
            "That is pooling: the largest number under the window. Where are "
            "the window's own numbers, the weights?"
        )
    expect(
        found,
        wanted,
        "For the place (i, j) of the map: the image from row i * stride and "
        "column j * stride on, as large as the window, times the window, "
        "added up.",
    )
    found = numbers(answer(np.ones((8, 8)), np.ones((2, 2)), 3))
    expect(
        found,
        np.full((3, 3), 4.0),
        "Right for stride 2. With stride 3, a 2x2 window fits on 8 rows at "
        "rows 0, 3 and 6.",
    )
