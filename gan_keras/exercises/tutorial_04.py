"""Exercises of tutorial 4: G's two losses, and both halves of a step."""

import keras
import numpy as np

from gan_keras.exercises.core import Hint
from gan_keras.exercises.core import close
from gan_keras.exercises.core import exercise
from gan_keras.exercises.core import expect
from gan_keras.exercises.core import numbers

LOGITS = np.float32([-4.0, -1.0, 0.5, 3.0])


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, "float64")))


def softplus(x):
    return np.logaddexp(0, np.asarray(x, "float64"))


@exercise(
    "saturating_slope",
    "The slope is -D: nearly nothing where D is sure that it sees a fake, "
    "just where G has most to learn.",
)
def saturating_slope(answer):
    d = sigmoid(LOGITS)
    found = numbers(answer(LOGITS.copy()), shape=(4,))
    if close(found, d):
        raise Hint("The size is right. But the loss falls as the logit rises.")
    if close(found, d - 1):
        raise Hint(
            "That is the slope of the other loss, -log D. Here it is "
            "log(1 - D) that is differentiated."
        )
    if close(found, -1 / (1 - d)):
        raise Hint(
            "That is d g_loss / d D. There is one more link in the chain: "
            "d D / d logit = D (1 - D)."
        )
    if close(found, np.log(1 - d)):
        raise Hint("That is the loss itself. Its slope is asked for.")
    expect(
        found,
        -d,
        "Take the chain rule: the slope of log(1 - D) by D is -1 / (1 - D), "
        "and that of the sigmoid is D (1 - D).",
    )


@exercise(
    "non_saturating_loss",
    "log(1 + exp(-logit)) without overflow: large where D is sure, and steep "
    "there.",
)
def non_saturating_loss(answer):
    d = sigmoid(LOGITS)
    found = numbers(answer(LOGITS.copy()), shape=(4,))
    if close(found, np.log(1 - d)):
        raise Hint("That is the minimax loss, log(1 - D). Here it is -log D.")
    if close(found, softplus(LOGITS)):
        raise Hint(
            "That is -log(1 - D), what D pays for a fake. G wants its fakes "
            "scored against 1."
        )
    if close(found, np.log(d)):
        raise Hint("The sign: a loss is made small, and log D must grow.")
    expect(
        found, softplus(-LOGITS), "-log sigmoid(x) is log(1 + exp(-x)). Try it."
    )
    far = np.asarray(answer(np.float32([-1000.0, 1000.0])), "float64")
    if not np.isfinite(far).all() or not close(far, [1000.0, 0.0]):
        raise Hint(
            "Right for ordinary logits. For -1000 it should be 1000: the "
            "sigmoid has already become 0 there, or the exponential infinite. "
            "`tf.nn.softplus` or `np.logaddexp(0, ...)` take care of that. (If "
            "NumPy has warned above of an overflow or of a division by zero: "
            "that was it.)"
        )


def small_network(size, seed, outputs):
    """A network of one hidden layer, always the same one for a seed."""
    network = keras.Sequential(
        [
            keras.Input((size,)),
            keras.layers.Dense(4, activation="tanh"),
            keras.layers.Dense(outputs),
        ]
    )
    rng = np.random.default_rng(seed)
    network.set_weights([rng.normal(size=w.shape) for w in network.weights])
    return network


def police():
    """D: points to logits."""
    return small_network(2, seed=3, outputs=1)


def counterfeiter():
    """G: latent vectors of three numbers to points."""
    return small_network(3, seed=5, outputs=2)


def batch():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(6, 2)).astype("float32") + 2
    return real, rng.normal(size=(6, 2)).astype("float32")


def distance(one, other):
    return max(np.abs(a - b).max() for a, b in zip(one, other))


def d_reference(real_sign, fake_sign, mean=True):
    """The weights and the loss after a step with these signs of the logits."""
    import tensorflow as tf

    network, (real, fake) = police(), batch()
    with tf.GradientTape() as tape:
        losses = 0.0
        if real_sign:
            losses += tf.nn.softplus(real_sign * network(real)[:, 0])
        if fake_sign:
            losses += tf.nn.softplus(fake_sign * network(fake)[:, 0])
        loss = tf.reduce_mean(losses) if mean else tf.reduce_sum(losses)
    gradients = tape.gradient(loss, network.trainable_variables)
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.apply(gradients, network.trainable_variables)
    return network.get_weights(), float(loss)


@exercise(
    "d_half_step",
    "D scored both, its two errors were added, and its weights moved downhill.",
)
def d_half_step(answer):
    network, (real, fake) = police(), batch()
    before = network.get_weights()
    found = numbers(answer(network, keras.optimizers.SGD(0.1), real, fake))
    after = network.get_weights()
    if distance(before, after) == 0:
        raise Hint(
            "D's weights are what they were. Do you call `optimizer.apply("
            "gradients, discriminator.trainable_variables)`?"
        )
    known = {
        (-1, 0): "Only the real images count in your loss. Add the fakes'.",
        (0, 1): "Only the fakes count in your loss. Add the real images'.",
        (1, -1): (
            "D learns to call real images fake, and fakes real. Real goes "
            "against 1: softplus(-real_logits)."
        ),
        (-1, -1): (
            "D learns to call everything real. For fakes the error is "
            "-log(1 - D) = softplus(fake_logits)."
        ),
    }
    for signs, hint in known.items():
        if distance(after, d_reference(*signs)[0]) < 1e-5:
            raise Hint(hint)
    if distance(after, d_reference(-1, 1, mean=False)[0]) < 1e-5:
        raise Hint(
            "Take the mean over the batch, not the sum: else the step grows "
            "with the number of images."
        )
    wanted, loss = d_reference(-1, 1)
    moved = [2 * a - b for a, b in zip(before, wanted)]
    if distance(after, moved) < 1e-5:
        raise Hint("D walks uphill: its loss is to become small.")
    halfway = [(a + b) / 2 for a, b in zip(before, wanted)]
    if distance(after, halfway) < 1e-5:
        raise Hint(
            "Your step is half as long as it should be: the mean over real "
            "images and the mean over fakes are added, not averaged."
        )
    if distance(after, wanted) > 1e-5:
        raise Hint(
            "D has moved, but not as the mean of softplus(-real_logits) + "
            "softplus(fake_logits) would move it."
        )
    if found.size != 1 or not close(found.ravel()[0], loss):
        raise Hint(
            "The step is right. Return the mean loss, one number, as it was "
            f"before the step: here {loss:.4f}. Received: {found}"
        )


def g_reference(sign, flip=1.0):
    import tensorflow as tf

    g, d, latents = counterfeiter(), police(), np.eye(3, dtype="float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.softplus(sign * d(g(latents))[:, 0]))
        target = flip * loss
    gradients = tape.gradient(target, g.trainable_variables)
    keras.optimizers.SGD(0.1).apply(gradients, g.trainable_variables)
    return g.get_weights(), float(loss)


@exercise(
    "g_half_step",
    "The gradient went through D, and D stood still: only G has moved.",
)
def g_half_step(answer):
    g, d, latents = counterfeiter(), police(), np.eye(3, dtype="float32")
    old_g, old_d = g.get_weights(), d.get_weights()
    found = numbers(answer(g, d, keras.optimizers.SGD(0.1), latents))
    new_g, new_d = g.get_weights(), d.get_weights()
    if distance(old_d, new_d) > 0:
        raise Hint(
            "D has moved. It is G's turn: ask the tape for the gradients of "
            "`generator.trainable_variables` alone, and apply those."
        )
    if distance(old_g, new_g) == 0:
        raise Hint(
            "G's weights are what they were. Were the fakes made inside the "
            "tape, and were the gradients applied?"
        )
    if distance(new_g, g_reference(1)[0]) < 1e-5:
        raise Hint(
            "G learns to be caught: its fakes are scored against 0. In the "
            "non-saturating loss they go against 1."
        )
    if distance(new_g, g_reference(1, flip=-1.0)[0]) < 1e-5:
        raise Hint(
            "That is the minimax loss, log(1 - D). It has a direction, but "
            "hardly a slope where D is sure; take -log D."
        )
    wanted, loss = g_reference(-1)
    if distance(new_g, wanted) > 1e-5:
        raise Hint(
            "G has moved, but not as the mean of softplus(-fake_logits) "
            "would move it."
        )
    if found.size != 1 or not close(found.ravel()[0], loss):
        raise Hint(
            "The step is right. Return the mean g_loss, one number, as it was "
            f"before the step: here {loss:.4f}. Received: {found}"
        )
