"""Exercises of tutorial 11: a loss, a penalty and data of one's own."""

import numpy as np

from gan_keras.exercises.core import Hint
from gan_keras.exercises.core import close
from gan_keras.exercises.core import exercise
from gan_keras.exercises.core import expect
from gan_keras.exercises.core import numbers


@exercise(
    "ranking_loss",
    "That is the relativistic loss: D does not ask whether an image is real, "
    "but which of two is more so.",
)
def ranking_loss(answer):
    import tensorflow as tf

    from gan_keras.losses import Loss

    loss = answer() if isinstance(answer, type) else answer
    if not isinstance(loss, Loss):
        raise Hint(
            "Pass your class, a subclass of `gk.losses.Loss`. Received: "
            f"{type(loss).__name__}"
        )
    real = np.float32([2.0, -1.0, 0.5])
    fake = np.float32([0.5, 3.0, 0.5])
    found = {
        name: getattr(loss, name)(tf.constant(real), tf.constant(fake))
        for name in ("discriminator", "generator")
    }
    if all(v is not None and np.ndim(v) == 0 for v in found.values()):
        raise Hint(
            "Return one number for each image, not their mean: the training "
            "step takes the mean itself."
        )
    found = {name: numbers(value, (3,)) for name, value in found.items()}
    d, g = np.logaddexp(0, fake - real), np.logaddexp(0, real - fake)
    if close(found["discriminator"], g) and close(found["generator"], d):
        raise Hint("You have the two players the wrong way round.")
    if close(found["generator"], d):
        raise Hint(
            "Both players pay the same in your game. G's fakes are to be "
            "ranked *above* the real images: real - fake."
        )
    if close(found["generator"], -d):
        raise Hint(
            "G maximises what D minimises in yours, which saturates. It pays "
            "log(1 + exp(real - fake))."
        )
    if close(found["discriminator"], np.logaddexp(0, -real)) or close(
        found["discriminator"], np.logaddexp(0, -real) + np.logaddexp(0, fake)
    ):
        raise Hint(
            "That scores every image on its own. Here only the *difference* "
            "of a pair counts: fake - real."
        )
    expect(found["discriminator"], d, "D pays log(1 + exp(fake - real)).")
    expect(found["generator"], g, "G pays log(1 + exp(real - fake)).")
    far = tf.constant([-500.0, 500.0])
    for name in ("discriminator", "generator"):
        value = getattr(loss, name)(far, -far)
        if not np.isfinite(np.asarray(value)).all():
            raise Hint(
                f"Right, but exp overflows in `{name}` for a difference of "
                "1000. `tf.nn.softplus(x)` is log(1 + exp(x)) without that."
            )


@exercise(
    "flat_at_reals",
    "A gradient within D's loss: the tape around yours will differentiate it "
    "once more.",
)
def flat_at_reals(answer):
    import tensorflow as tf

    rng = np.random.default_rng(0)
    for shape in ((5, 2), (5, 4, 4, 1)):
        a, b = rng.normal(size=(2, *shape[1:])).astype("float32")

        def discriminate(images, a=a, b=b):
            axes = list(range(1, len(images.shape)))
            return tf.reduce_sum(a * images + b * images**2, axis=axes)

        def squares(images, a=a, b=b):
            slope = a + 2 * b * images
            return (slope**2).reshape(len(images), -1).sum(axis=1)

        real = rng.normal(size=shape).astype("float32")
        fake = rng.normal(size=shape).astype("float32")
        found = answer(discriminate, tf.constant(real), tf.constant(fake), 3.0)
        if found is not None and np.ndim(found) == 0:
            raise Hint(
                "That is one number for the batch. Add up over the pixels of "
                "each image, and leave the axis of the batch: [batch]."
            )
        found = numbers(found, shape=(5,))
        wanted = 1.5 * squares(real)
        known = [
            (1.5 * squares(fake), "You ask for the slope at the fakes (R2)."),
            (squares(real), "The squared length is right; now gamma / 2."),
            (3 * squares(real), "Nearly: the weight is gamma / 2, not gamma."),
            (
                1.5 * np.sqrt(squares(real)),
                "That is the length. Its *square* is asked for.",
            ),
            (
                wanted / 5,
                "You averaged over the batch: each image pays its own.",
            ),
            (
                wanted / np.prod(shape[1:]),
                "You averaged over the pixels. The squared length is a sum.",
            ),
        ]
        for value, hint in known:
            if close(found, value, 1e-3):
                raise Hint(hint)
        if len(shape) == 4 and close(
            found, 1.5 * (squares(real) - np.mean(squares(real)))
        ):
            raise Hint("Do not subtract the mean.")
        expect(
            found,
            wanted,
            "Watch the real images on a tape, take the gradient of D's "
            "logits, square it, and add up all of an image's pixels"
            + (": height, width *and* channels." if len(shape) == 4 else "."),
            1e-3,
        )
    # D must be able to learn from it.
    weight = tf.Variable(2.0)
    points = tf.constant([[1.0], [3.0]])
    with tf.GradientTape() as tape:
        fines = answer(lambda x: (weight * x)[:, 0], points, points, 2.0)
        total = tf.reduce_sum(tf.convert_to_tensor(fines))
    slope = tape.gradient(total, weight)
    if slope is None or not close(float(slope), 8.0):
        raise Hint(
            "The values are right, but no gradient comes back to D's weights "
            "from them. Stay with TensorFlow's operations until the end; "
            "`.numpy()` and NumPy cut the tape."
        )


@exercise(
    "ready_for_training",
    "float32, a channel axis, and the range that tanh can draw.",
)
def ready_for_training(answer):
    photographs = np.zeros((2, 3, 4), "uint8")
    photographs[0, 0, 0], photographs[1, 2, 3] = 255, 51
    before = photographs.copy()
    raw = answer(photographs)
    if raw is None or raw is Ellipsis:
        numbers(raw)
    raw = np.asarray(raw)
    if not np.array_equal(before, photographs):
        raise Hint("You changed the photographs that you were given.")
    if raw.shape == (2, 3, 4):
        raise Hint(
            "The channel is missing. `photographs[..., None]` is [n, H, W, 1]."
        )
    found = numbers(raw, shape=(2, 3, 4, 1))
    x = before[..., None].astype("float64")
    if close(found, x / 255):
        raise Hint("That is [0, 1]. G ends in tanh and draws in [-1, 1].")
    if close(found, x):
        raise Hint("Those are still 0 to 255. Scale them to [-1, 1].")
    if close(found, x / 128 - 1):
        raise Hint(
            f"White is {found.max():.4f} in yours. Divide by 127.5, half of "
            "255, and it is exactly 1."
        )
    if close(found, 1 - x / 127.5):
        raise Hint("Your photographs are negatives: black should be -1.")
    expect(
        found,
        x / 127.5 - 1,
        "0 becomes -1, 255 becomes 1, evenly in between. If the numbers jump, "
        "a uint8 has overflowed: turn to float32 *before* you calculate.",
    )
    if raw.dtype != np.float32:
        raise Hint(f"The values are right, the type is {raw.dtype}: float32.")
    dark = np.array([[[51, 102], [102, 51]]], "uint8")
    if not close(numbers(answer(dark.copy())), dark[..., None] / 127.5 - 1):
        raise Hint(
            "Photographs without black or white come out otherwise: divide by "
            "127.5 whatever they hold. The brightest grey of a dark picture is "
            "not white."
        )
