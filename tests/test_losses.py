"""The losses against closed forms in double precision."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_keras import losses

REAL = np.array([-3.0, -0.5, 0.0, 0.25, 4.0], "float32")
FAKE = np.array([2.0, 0.5, 0.0, -1.0, -6.0], "float32")


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype("float64")))


def closed_forms(real, fake):
    """(d_loss, g_loss) by loss name, written down from the papers."""
    d = -np.log(sigmoid(real)) - np.log(1 - sigmoid(fake))
    return {
        "non_saturating": (d, -np.log(sigmoid(fake))),
        "minimax": (d, np.log(1 - sigmoid(fake))),
        "least_squares": (
            0.5 * (real - 1) ** 2 + 0.5 * fake**2,
            0.5 * (fake - 1) ** 2,
        ),
        "wasserstein": (fake - real, -fake),
        "hinge": (np.maximum(0, 1 - real) + np.maximum(0, 1 + fake), -fake),
        "relativistic": (
            -np.log(sigmoid(real - fake)),
            -np.log(sigmoid(fake - real)),
        ),
    }


@pytest.mark.parametrize("name", sorted(losses.losses.classes))
def test_values_are_the_papers(name):
    loss = losses.get(name)
    d_loss, g_loss = closed_forms(REAL, FAKE)[name]
    real, fake = tf.constant(REAL), tf.constant(FAKE)
    np.testing.assert_allclose(loss.discriminator(real, fake), d_loss, 1e-5)
    np.testing.assert_allclose(loss.generator(real, fake), g_loss, 1e-5)


def test_gradients_are_the_papers():
    fake = tf.constant(FAKE)
    for name, expected in [
        ("non_saturating", sigmoid(FAKE) - 1),
        ("minimax", -sigmoid(FAKE)),
        ("least_squares", FAKE - 1),
        ("wasserstein", -np.ones(5)),
        ("hinge", -np.ones(5)),
        ("relativistic", sigmoid(FAKE - REAL) - 1),
    ]:
        with tf.GradientTape() as tape:
            tape.watch(fake)
            g_loss = losses.get(name).generator(tf.constant(REAL), fake)
        np.testing.assert_allclose(tape.gradient(g_loss, fake), expected, 1e-5)


def test_minimax_saturates_where_non_saturating_does_not():
    # D is sure that these are fakes. How hard is G pushed?
    sure = tf.constant([-8.0])
    slopes = {}
    for name in ("minimax", "non_saturating"):
        with tf.GradientTape() as tape:
            tape.watch(sure)
            g_loss = losses.get(name).generator(sure, sure)
        slopes[name] = abs(float(tape.gradient(g_loss, sure)[0]))
    assert slopes["minimax"] == pytest.approx(np.exp(-8), rel=1e-3)
    assert slopes["non_saturating"] == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("name", sorted(losses.losses.classes))
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_finite_for_huge_logits(name, size):
    loss = losses.get(name)
    logits = tf.constant([size])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = loss.discriminator(logits, -logits) + loss.generator(
            logits, -logits
        )
    assert np.isfinite(total.numpy()).all()
    assert np.isfinite(tape.gradient(total, logits).numpy()).all()


def test_label_smoothing_is_one_sided():
    loss = losses.NonSaturating(real_label=0.9)
    real, fake = tf.constant(REAL), tf.constant(FAKE)
    p_real, p_fake = sigmoid(REAL), sigmoid(FAKE)
    expected = -0.9 * np.log(p_real) - 0.1 * np.log(1 - p_real)
    expected -= np.log(1 - p_fake)
    np.testing.assert_allclose(loss.discriminator(real, fake), expected, 1e-5)


@pytest.mark.parametrize("real_label", [1.0, 0.9, 0.7])
@pytest.mark.parametrize("cls", [losses.NonSaturating, losses.Minimax])
def test_equilibrium_is_where_d_rests(cls, real_label):
    # With p_g = p_data every image is real as often as fake, so D puts the
    # same logit on both and takes the one that costs it least: search for it.
    loss = cls(real_label=real_label)
    logits = tf.linspace(-4.0, 4.0, 80001)
    costs = loss.discriminator(logits, logits).numpy()
    best = costs.argmin()
    rest = loss.equilibrium
    assert rest["d_loss"] == pytest.approx(costs[best], abs=1e-5)
    d = sigmoid(logits.numpy()[best])
    assert rest["d_real"] == rest["d_fake"] == pytest.approx(d, abs=2e-3)
    g_loss = loss.generator(logits, logits).numpy()[best]
    assert rest["g_loss"] == pytest.approx(g_loss, abs=2e-3)


def test_equilibria_of_the_other_games():
    """p_g = p_data, so D scores both alike: the least that costs D."""
    logits = tf.linspace(-4.0, 4.0, 8001)
    for name, rest in [
        # D says 0.5 of both: 0.5 (0.5^2 + 0.5^2) for D, 0.5 (0.5 - 1)^2 for G.
        (
            "least_squares",
            {"d_loss": 0.25, "g_loss": 0.125, "d_real": 0.5, "d_fake": 0.5},
        ),
        ("wasserstein", {"d_loss": 0.0}),
        ("hinge", {"d_loss": 2.0}),
    ]:
        loss = losses.get(name)
        costs = loss.discriminator(logits, logits).numpy()
        assert loss.equilibrium == pytest.approx(rest)
        assert costs.min() == pytest.approx(rest["d_loss"], abs=1e-6)
        if name == "least_squares":
            assert logits.numpy()[costs.argmin()] == pytest.approx(0.5)
    hinge = losses.Hinge().discriminator(logits, logits).numpy()
    flat = np.abs(logits.numpy()) <= 1
    np.testing.assert_allclose(hinge[flat], 2.0, 1e-6)
    assert (hinge[~flat] > 2).all()
    rest = losses.Relativistic().equilibrium
    assert rest == {"d_loss": np.log(2), "g_loss": np.log(2)}


def test_equilibrium_of_the_plain_game():
    rest = losses.NonSaturating().equilibrium
    assert rest["d_loss"] == pytest.approx(2 * np.log(2))
    assert rest["g_loss"] == pytest.approx(np.log(2))
    assert losses.Minimax().equilibrium["g_loss"] == pytest.approx(-np.log(2))


def test_score_is_a_probability_only_where_the_loss_has_one():
    logits = tf.constant(REAL)
    np.testing.assert_allclose(
        losses.NonSaturating().score(logits), sigmoid(REAL), 1e-6
    )
    np.testing.assert_array_equal(losses.LeastSquares().score(logits), REAL)
    assert losses.NonSaturating().is_probability
    assert not losses.LeastSquares().is_probability


def test_get():
    assert isinstance(losses.get("least_squares"), losses.LeastSquares)
    assert isinstance(losses.get("LeastSquares"), losses.LeastSquares)
    loss = losses.NonSaturating(real_label=0.8)
    assert losses.get(loss) is loss
    again = losses.get(keras.saving.serialize_keras_object(loss))
    assert again.real_label == 0.8


def test_mistakes_are_explained():
    with pytest.raises(ValueError, match="Did you mean 'minimax'.*'minmax'"):
        losses.get("minmax")
    with pytest.raises(ValueError, match=r"not a class: write Minimax\(\)"):
        losses.get(losses.Minimax)
    with pytest.raises(ValueError, match="`real_label` must lie in"):
        losses.NonSaturating(real_label=0.2)

    class Half(losses.Loss):
        def discriminator(self, real_logits, fake_logits):
            return fake_logits

    with pytest.raises(TypeError, match="Half must define `generator"):
        Half().generator(None, None)
