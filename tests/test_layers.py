"""Layers against NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import same
from conftest import tiny_images
from conftest import weights

import gan_keras as gk
from gan_keras.layers import MinibatchStdDev
from gan_keras.layers import SpectralNormalization

RNG = np.random.default_rng(0)


def largest_singular_value(kernel):
    matrix = kernel.reshape(-1, kernel.shape[-1]).astype("float64")
    return np.linalg.svd(matrix, compute_uv=False)[0]


@pytest.mark.parametrize(
    "layer",
    [
        lambda: keras.layers.Dense(5, use_bias=False),
        lambda: keras.layers.Conv2D(6, 3, use_bias=False),
    ],
    ids=["dense", "conv"],
)
@pytest.mark.parametrize("jit", [False, True])
def test_the_kernel_is_divided_by_its_largest_singular_value(layer, jit):
    inputs = tf.constant(RNG.normal(size=(3, 8, 8, 4)), tf.float32)
    plain = layer()
    normal = SpectralNormalization(plain)
    normal(inputs)  # builds
    plain.kernel.assign(RNG.normal(size=plain.kernel.shape))
    step = tf.function(lambda: normal(inputs, training=True), jit_compile=jit)
    for _ in range(100):
        outputs = step()
    sigma = largest_singular_value(plain.kernel.numpy())
    assert abs(sigma - 1) > 0.5
    np.testing.assert_allclose(
        outputs, plain(inputs).numpy() / sigma, rtol=2e-3, atol=1e-3
    )
    # Without training: the same sigma, and nothing moves.
    u = normal.u.numpy()
    np.testing.assert_allclose(normal(inputs), outputs, atol=1e-4)
    np.testing.assert_array_equal(u, normal.u.numpy())


def test_a_forward_pass_leaves_the_kernel_alone():
    layer = keras.layers.Dense(4)
    normal = SpectralNormalization(layer)
    inputs = tf.constant(RNG.normal(size=(2, 3)), tf.float32)
    normal(inputs)
    before, u = layer.kernel.numpy(), normal.u.numpy()
    normal(inputs, training=True)
    np.testing.assert_array_equal(before, layer.kernel.numpy())
    assert not np.array_equal(u, normal.u.numpy())


def test_the_gradient_goes_through_sigma():
    """sigma(c W) = c sigma(W): along W itself nothing changes."""
    layer = keras.layers.Dense(4, use_bias=False)
    normal = SpectralNormalization(layer)
    inputs = tf.constant(RNG.normal(size=(2, 3)), tf.float32)
    for _ in range(50):
        normal(inputs, training=True)
    target = tf.constant(RNG.normal(size=(2, 4)), tf.float32)
    with tf.GradientTape() as tape:
        error = tf.reduce_sum((normal(inputs) - target) ** 2)
    gradient = tape.gradient(error, layer.kernel.value).numpy()
    assert np.abs(gradient).max() > 0.1
    along = np.sum(gradient * layer.kernel.numpy())
    assert along == pytest.approx(0, abs=1e-4)

    # Finite differences on the exact formula, by NumPy.
    def exact(kernel):
        outputs = inputs.numpy() @ kernel / largest_singular_value(kernel)
        return np.sum((outputs - target.numpy()) ** 2)

    kernel = layer.kernel.numpy().astype("float64")
    for place in [(0, 0), (1, 3), (2, 2)]:
        step = np.zeros_like(kernel)
        step[place] = 1e-5
        slope = (exact(kernel + step) - exact(kernel - step)) / 2e-5
        assert gradient[place] == pytest.approx(slope, rel=1e-2, abs=1e-3)


def with_layers():
    layers = keras.layers
    discriminator = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            SpectralNormalization(layers.Conv2D(4, 4, 2, padding="same")),
            layers.LeakyReLU(),
            MinibatchStdDev(),
            layers.Flatten(),
            SpectralNormalization(layers.Dense(1)),
        ]
    )
    gan = gk.GAN(
        gk.networks.dcgan_generator((8, 8, 1), 4, 4), discriminator, seed=2
    )
    gan.compile(loss="hinge", penalties=[])
    return gan


@pytest.mark.xla
def test_they_train_and_come_back_with_their_state(tmp_path):
    gan = with_layers()
    assert gan.jit_compile and gan.supports_jit
    data = gk.datasets.pipeline(tiny_images(32), batch_size=8)
    kernels = [
        v for v in gan.discriminator.trainable_variables if v.name == "kernel"
    ]
    start = [np.array(v) for v in kernels]
    gan.fit(data, epochs=2, verbose=0)
    assert not any(map(np.array_equal, start, kernels)) and len(start) == 2
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    for model in (gan, again):
        model.fit(data, epochs=3, initial_epoch=2, verbose=0)
    assert same(weights(gan), weights(again))


def test_minibatch_std_dev():
    inputs = RNG.normal(0, 3, size=(6, 2, 2, 3)).astype("float32")
    outputs = MinibatchStdDev()(inputs).numpy()
    assert outputs.shape == (6, 2, 2, 4)
    np.testing.assert_array_equal(outputs[..., :3], inputs)
    expected = inputs.astype("float64").std(axis=0).mean()
    np.testing.assert_allclose(outputs[..., 3], expected, rtol=1e-5)
    collapsed = MinibatchStdDev()(np.repeat(inputs[:1], 6, axis=0)).numpy()
    assert collapsed[..., 3].max() < 2e-4
    with tf.GradientTape() as tape:  # no NaN where the spread is 0
        x = tf.zeros([4, 2, 2, 1])
        tape.watch(x)
        y = MinibatchStdDev()(x)
    assert np.isfinite(tape.gradient(y, x)).all()


def test_mistakes():
    with pytest.raises(ValueError, match="`layer` must have a `kernel`"):
        SpectralNormalization(keras.layers.ReLU())(np.zeros((1, 2)))
    with pytest.raises(ValueError, match="a Conv2DTranspose"):
        SpectralNormalization(keras.layers.Conv2DTranspose(2, 3))
    with pytest.raises(ValueError, match="power_iterations=0"):
        SpectralNormalization(keras.layers.Dense(2), power_iterations=0)
