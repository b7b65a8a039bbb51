"""StableAdam, against Adam and against NumPy."""

import keras
import numpy as np
import pytest
from conftest import tiny_gan
from conftest import tiny_images

from gan_keras.optimizers import StableAdam


def path(optimizer, gradients):
    """Where a weight vector goes that starts at zero."""
    weights = keras.Variable(np.zeros_like(gradients[0]))
    optimizer.build([weights])
    places = []
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)])
        places.append(weights.numpy().copy())
    return np.diff(np.stack([np.zeros_like(gradients[0]), *places]), axis=0)


def by_hand(gradients, rate, beta_2, threshold):
    """The same steps in NumPy and float64, without momentum."""
    v, steps = np.zeros(gradients[0].shape), []
    for t, gradient in enumerate(np.asarray(gradients, "float64"), 1):
        v = beta_2 * v + (1 - beta_2) * gradient**2
        usual = np.sqrt(v / (1 - beta_2**t))
        rms = np.sqrt(np.mean((gradient / usual) ** 2))
        steps.append(-rate / max(1, rms / threshold) * gradient / usual)
    return np.stack(steps)


def gradients_with_a_leap(n=60, leap=100.0, at=40):
    gradients = np.random.default_rng(0).normal(size=(n, 7))
    gradients[at] *= leap
    return gradients.astype("float32")


@pytest.mark.parametrize("threshold", [0.5, 1.0, 2.0])
def test_steps_against_numpy(threshold):
    gradients = gradients_with_a_leap()
    optimizer = StableAdam(0.1, beta_2=0.9, clip_threshold=threshold)
    expected = by_hand(gradients, 0.1, 0.9, threshold)
    np.testing.assert_allclose(path(optimizer, gradients), expected, rtol=1e-3)


@pytest.mark.slow
def test_a_leap_is_no_longer_than_a_step():
    # v is 1 before it, and 0.99 + 0.01 * 100**2 = 100.99 with it: Adam goes
    # 100 / sqrt(100.99) = 9.95 times as far as usual.
    gradients = np.ones((1001, 4), "float32")
    gradients[-1] = 100.0
    adam = keras.optimizers.Adam(0.1, beta_1=0.0, beta_2=0.99)
    adam, stable = path(adam, gradients), path(StableAdam(0.1), gradients)
    np.testing.assert_allclose(adam[-1], -0.995, rtol=1e-3)
    np.testing.assert_allclose(stable[-1], -0.1, rtol=1e-3)
    np.testing.assert_allclose(stable[:-1], -0.1, rtol=1e-3)


def test_direction_stays_as_adams():
    gradients = gradients_with_a_leap()
    adam = keras.optimizers.Adam(0.1, beta_1=0.0, beta_2=0.99)
    adam, stable = path(adam, gradients), path(StableAdam(0.1), gradients)
    ratio = stable / adam
    np.testing.assert_allclose(
        ratio, np.tile(ratio[:, :1], 7), rtol=1e-3, err_msg="within a step"
    )
    assert (ratio < 1.001).all()
    assert ratio[40].max() < 0.2


def test_short_steps_are_adams():
    gradients = np.geomspace(1.0, 0.1, 30)[:, None] * np.ones((1, 3))
    gradients = gradients.astype("float32")
    adam = keras.optimizers.Adam(0.1, beta_1=0.5, beta_2=0.9)
    stable = StableAdam(0.1, beta_1=0.5, beta_2=0.9)
    np.testing.assert_allclose(
        path(stable, gradients), path(adam, gradients), rtol=1e-4
    )


def test_no_gradient_no_step():
    steps = path(StableAdam(0.1), np.zeros((5, 3), "float32"))
    np.testing.assert_array_equal(steps, 0)


@pytest.mark.slow
def test_layers_are_clipped_apart():
    one, two = keras.Variable(np.zeros(3)), keras.Variable(np.zeros(3))
    stable = StableAdam(0.1)
    stable.build([one, two])
    usual, leap = np.ones(3, "float32"), np.full(3, 50, "float32")
    for _ in range(200):
        stable.apply([usual, usual])
    before = one.numpy().copy(), two.numpy().copy()
    stable.apply([usual, leap])
    np.testing.assert_allclose(one.numpy() - before[0], -0.1, rtol=1e-2)
    np.testing.assert_allclose(two.numpy() - before[1], -0.1, rtol=1e-2)


@pytest.mark.parametrize("threshold", [0, -1.0, float("nan")])
def test_threshold_must_be_positive(threshold):
    with pytest.raises(ValueError, match="`clip_threshold` must be above 0"):
        StableAdam(clip_threshold=threshold)


def test_config():
    stable = StableAdam(0.1, beta_1=0.5, beta_2=0.9, clip_threshold=2.0)
    config = keras.optimizers.serialize(stable)
    again = keras.optimizers.deserialize(config)
    assert type(again) is StableAdam
    assert again.get_config() == stable.get_config()
    assert again.clip_threshold == 2.0


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.slow
def test_a_model_trains_and_comes_back(tmp_path, jit_compile):
    images = tiny_images(64)
    gan = tiny_gan()
    gan.compile(StableAdam(), StableAdam(), jit_compile=jit_compile)
    assert gan.d_optimizer.name == "d_optimizer"
    gan.fit(images, batch_size=16, epochs=2, verbose=0)
    gan.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again.d_optimizer) is StableAdam
    assert int(again.d_optimizer.iterations) == 8
    for a, b in zip(gan.d_optimizer.variables, again.d_optimizer.variables):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
