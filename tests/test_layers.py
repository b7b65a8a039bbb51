"""Layers against NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import same
from conftest import tiny_images
from conftest import weights

import gan_keras as gk
from gan_keras.checks.networks import batch_norms
from gan_keras.layers import ClassProjection
from gan_keras.layers import ConditionalBatchNorm
from gan_keras.layers import LeakyReLU
from gan_keras.layers import LearnedMap
from gan_keras.layers import LearnedPooling
from gan_keras.layers import MinibatchStdDev
from gan_keras.layers import SelfAttention
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


def test_sigma_does_not_depend_on_the_length_of_u():
    """A fresh u, or the moving average's, is not of length one."""
    layer = keras.layers.Dense(4, use_bias=False)
    normal = SpectralNormalization(layer)
    inputs = tf.constant(RNG.normal(size=(2, 3)), tf.float32)
    fresh = normal(inputs)
    most = np.linalg.norm(fresh, axis=1) / np.linalg.norm(inputs, axis=1)
    assert most.max() < 3  # not tens: |u| begins at some 0.1
    for _ in range(30):
        normal(inputs, training=True)
    outputs = normal(inputs)
    normal.u.assign(0.5 * normal.u)
    np.testing.assert_allclose(normal(inputs), outputs, rtol=1e-5)


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
@pytest.mark.slow
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


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def shake(layer):
    """Other values for all weights, also for those that begin at 0."""
    for weight in layer.trainable_variables:
        weight.assign(normal(*weight.shape))


# A class each, and a mixture of the first and the last.
CLASSES = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.3, 0, 0.7]], "float32")


def test_class_projection():
    features = normal(4, 5)
    layer = ClassProjection()
    outputs = layer([features, CLASSES]).numpy()
    rows = layer.kernel.numpy().astype("float64")
    assert rows.shape == (3, 5)
    rows = [*rows, 0.3 * rows[0] + 0.7 * rows[2]]
    expected = [[x @ row] for x, row in zip(features, rows)]
    np.testing.assert_allclose(outputs, expected, atol=1e-5)
    assert layer.compute_output_shape([(4, 5), (4, 3)]) == (4, 1)


@pytest.mark.parametrize("jit", [False, True])
def test_class_projection_can_be_normalised(jit):
    features = normal(4, 5)
    plain = ClassProjection()
    layer = SpectralNormalization(plain)
    layer([features, CLASSES])  # builds
    shake(plain)
    step = tf.function(
        lambda: layer([features, CLASSES], training=True), jit_compile=jit
    )
    for _ in range(100):
        outputs = step()
    sigma = largest_singular_value(plain.kernel.numpy())
    assert abs(sigma - 1) > 0.5
    expected = plain([features, CLASSES]).numpy() / sigma
    np.testing.assert_allclose(outputs, expected, rtol=2e-3, atol=1e-3)


def test_a_kernel_of_zeros_is_left_as_it_is_and_recovers():
    plain = keras.layers.Dense(3, use_bias=False, kernel_initializer="zeros")
    layer = SpectralNormalization(plain)
    x = normal(4, 5)
    assert not np.any(layer(x, training=True))
    shake(plain)
    for _ in range(100):
        outputs = layer(x, training=True)
    sigma = largest_singular_value(plain.kernel.numpy())
    np.testing.assert_allclose(outputs, plain(x) / sigma, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("shape", [(4, 6), (4, 3, 2, 6)], ids=str)
@pytest.mark.parametrize("jit", [False, True])
def test_conditional_batch_norm(shape, jit):
    x = 3 * normal(*shape) + 2
    layer = ConditionalBatchNorm()
    axes = tuple(range(len(shape) - 1))
    mean, var = x.mean(axis=axes), x.var(axis=axes)
    call = tf.function(layer, jit_compile=jit)

    # At first a plain BatchNorm, of the moving statistics 0 and 1.
    np.testing.assert_allclose(layer([x, CLASSES]), x, rtol=1e-3)
    assert [w.shape for w in layer.trainable_variables] == [(3, 6)] * 2
    shake(layer)
    gamma, beta = (
        (CLASSES @ w.numpy()).reshape(4, *[1] * (len(shape) - 2), 6)
        for w in (layer.gamma, layer.beta)
    )
    outputs = call([x, CLASSES], training=True)
    expected = gamma * (x - mean) / np.sqrt(var + 1e-3) + beta
    np.testing.assert_allclose(outputs, expected, rtol=1e-3, atol=1e-4)

    # One step of the moving averages: 0.01 of the batch's.
    mean, var = 0.01 * mean, 0.99 + 0.01 * var
    outputs = call([x, CLASSES], training=False)
    expected = gamma * (x - mean) / np.sqrt(var + 1e-3) + beta
    np.testing.assert_allclose(outputs, expected, rtol=1e-3, atol=1e-4)


def test_conditional_batch_norm_is_found_and_synchronised():
    x, classes = keras.Input((6,)), keras.Input((3,))
    for synchronized in (False, True):
        layer = ConditionalBatchNorm(synchronized)
        network = keras.Model([x, classes], layer([x, classes]))
        (found,) = batch_norms(network)
        assert found.synchronized == synchronized
        again = ConditionalBatchNorm.from_config(layer.get_config())
        assert again.normalization.synchronized == synchronized


def attention_by_numpy(x, layer):
    def matrix(name):
        dense = getattr(layer, name)
        if not layer.spectral:
            return dense.kernel.numpy().astype("float64")
        kernel = dense.layer.kernel.numpy().astype("float64")
        return kernel / largest_singular_value(kernel)

    b, h, w, c = x.shape
    places = x.reshape(b, h * w, c).astype("float64")
    queries, keys = places @ matrix("queries"), places @ matrix("keys")
    shares = np.exp(queries @ keys.transpose(0, 2, 1))
    shares /= shares.sum(axis=-1, keepdims=True)
    seen = shares @ (places @ matrix("values")) @ matrix("back")
    return shares, x + layer.gain.numpy() * seen.reshape(x.shape)


@pytest.mark.parametrize("spectral", [False, True])
@pytest.mark.parametrize("jit", [False, True])
def test_self_attention(spectral, jit):
    x = normal(3, 4, 5, 16)
    layer = SelfAttention(spectral)
    np.testing.assert_array_equal(layer(x), x)  # its gain is 0
    shake(layer)
    layer.gain.assign(0.7)
    step = tf.function(lambda: layer(x, training=True), jit_compile=jit)
    for _ in range(100 if spectral else 1):
        outputs = step()
    shares, expected = attention_by_numpy(x, layer)
    assert np.abs(expected - x).max() > 0.1
    np.testing.assert_allclose(outputs, expected, rtol=5e-3, atol=5e-3)
    np.testing.assert_allclose(layer.attention(x), shares, atol=5e-3)
    assert shares.max() > 0.1  # of 20 places: they do not all get the same
    shapes = [tuple(w.shape) for w in layer.trainable_variables]
    assert sorted(shapes) == [(), (8, 16), (16, 2), (16, 2), (16, 8)]


@pytest.mark.slow
def test_self_attention_learns_from_the_first_step_on():
    layer, x = SelfAttention(), tf.constant(normal(2, 3, 3, 2))
    layer(x)  # 2 channels: one for the queries, one for the keys
    optimizer = keras.optimizers.Adam(0.05)
    optimizer.build(layer.trainable_variables)
    target = tf.reduce_mean(x, axis=[1, 2], keepdims=True)
    errors, start = [], [np.array(w) for w in layer.trainable_variables]
    for _ in range(60):
        with tf.GradientTape() as tape:
            error = tf.reduce_mean((layer(x) - target) ** 2)
        optimizer.apply(tape.gradient(error, layer.trainable_variables))
        errors.append(float(error))
    assert errors[-1] < 0.8 * errors[0]
    for old, new in zip(start, layer.trainable_variables):
        assert not np.array_equal(old, new), new.path


def test_learned_map():
    layer, x = LearnedMap((3, 2)), normal(4, 5)
    outputs = layer(x).numpy()
    patterns = layer.map.numpy()
    assert outputs.shape == (4, 3, 2, 5) and patterns.shape == (3, 2, 5)
    for b, h, w, c in [(0, 0, 0, 0), (3, 2, 1, 4), (1, 2, 0, 3)]:
        expected = x[b, c] * patterns[h, w, c]
        assert outputs[b, h, w, c] == pytest.approx(expected, rel=1e-5)


def test_learned_pooling_weighs_every_place_of_its_channel():
    layer, x = LearnedPooling(), normal(4, 3, 2, 5)
    outputs = layer(x).numpy()
    patterns = layer.map.numpy()
    assert outputs.shape == (4, 5) and patterns.shape == (3, 2, 5)
    expected = np.einsum("bhwc,hwc->bc", x, patterns)
    np.testing.assert_allclose(outputs, expected, 1e-5, 1e-6)
    # What the layer was before: a depthwise convolution of the whole map.
    same = keras.layers.DepthwiseConv2D((3, 2), use_bias=False)
    same.build(x.shape)
    same.set_weights([patterns[..., None]])
    np.testing.assert_allclose(outputs, same(x)[:, 0, 0], 1e-5, 1e-6)


def every_layer():
    """Networks with one layer each: name, network, inputs."""
    x, classes = normal(4, 3, 2, 6), CLASSES
    flat = x[:, 0, 0]
    cases = {
        "projection": (ClassProjection(), [flat, classes]),
        "norm": (ConditionalBatchNorm(), [x, classes]),
        "attention": (SelfAttention(), x),
        "spectral_attention": (SelfAttention(spectral=True), x),
        "map": (LearnedMap((3, 2)), flat),
        "pooling": (LearnedPooling(), x),
        "spectral": (SpectralNormalization(ClassProjection()), [flat, classes]),
    }
    for name, (layer, inputs) in cases.items():
        symbols = keras.tree.map_structure(
            lambda array: keras.Input(array.shape[1:]), inputs
        )
        network = keras.Model(symbols, layer(symbols))
        shake(network)
        yield name, network, inputs


def test_they_come_back_from_a_file(tmp_path):
    for name, network, inputs in every_layer():
        network(inputs, training=True)  # statistics
        network.save(tmp_path / "network.keras")
        again = keras.saving.load_model(tmp_path / "network.keras")
        assert same(weights(network), weights(again)), name
        np.testing.assert_allclose(
            again(inputs), network(inputs), atol=1e-6, err_msg=name
        )


def test_in_half_precision_norms_and_shares_are_exact():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        for name, network, inputs in every_layer():
            outputs = network(inputs)
            assert outputs.dtype == tf.bfloat16, name
            assert {w.dtype for w in network.weights} == {"float32"}, name
        x = normal(2, 16, 16, 8)
        attention = SelfAttention()
        attention(x)
        shares = attention.attention(x)
        norm = ConditionalBatchNorm()
        far = tf.cast(normal(4, 9, 9, 2) + 30, tf.bfloat16)
        norm([far, CLASSES], training=True)
        dense = keras.layers.Dense(7)
        spectral = SpectralNormalization(dense)
        for _ in range(100):
            outputs = spectral(normal(3, 5), training=True)
    finally:
        keras.config.set_dtype_policy("float32")
    assert shares.dtype == tf.float32
    np.testing.assert_allclose(tf.reduce_sum(shares, -1), 1, atol=1e-5)
    exact = np.array(tf.cast(far, tf.float64)).var(axis=(0, 1, 2))
    moved = norm.normalization.moving_variance.numpy() - 0.99
    np.testing.assert_allclose(moved, 0.01 * exact, rtol=1e-3)
    # u is a singular vector to full precision: W'W u = sigma^2 u.
    kernel, u = dense.kernel.numpy(), spectral.u.numpy()
    sigma = largest_singular_value(kernel)
    np.testing.assert_allclose(kernel.T @ kernel @ u, sigma**2 * u, atol=1e-4)
    assert outputs.dtype == tf.bfloat16


def test_spectral_normalization_of_a_transposed_convolution():
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 5)).astype("float32")
    up = keras.layers.Conv2DTranspose(7, 4, strides=2, padding="same")
    layer = SpectralNormalization(up, power_iterations=500)
    normalized = layer(x, training=True)
    # Its kernel is [height, width, outputs, inputs].
    kernel = up.kernel.numpy()
    matrix = kernel.transpose(0, 1, 3, 2).reshape(-1, 7)
    sigma = np.linalg.svd(matrix, compute_uv=False)[0]
    np.testing.assert_allclose(normalized, up(x) / sigma, atol=1e-4)


def test_spectral_normalization_on_the_line():
    x = tf.random.normal((2, 6, 3), seed=0)
    layer = SpectralNormalization(keras.layers.Conv1DTranspose(4, 2), 50)
    layer(x, training=True)
    kernel = layer.layer.kernel.numpy()  # [2, outputs, inputs]
    rows = kernel.transpose(0, 2, 1).reshape(-1, 4)
    sigma = np.linalg.svd(rows, compute_uv=False)[0]
    found = layer(x)
    layer.layer.kernel.assign(kernel / sigma)
    np.testing.assert_allclose(found, layer.layer(x), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.layers.DepthwiseConv2D(3),
        lambda: keras.layers.Conv2D(4, 3, groups=2),
    ],
)
def test_channels_apart_are_no_matrix(make):
    with pytest.raises(ValueError, match="all channels together.*Conv2D"):
        SpectralNormalization(make())(tf.zeros((1, 8, 8, 4)))


def test_mistakes():
    with pytest.raises(ValueError, match="`layer` must have a `kernel`"):
        SpectralNormalization(keras.layers.ReLU())(np.zeros((1, 2)))
    with pytest.raises(ValueError, match="power_iterations=0"):
        SpectralNormalization(keras.layers.Dense(2), power_iterations=0)


@pytest.mark.parametrize("slope", [0.0, 0.2, 1.5])
def test_leaky_relu_is_as_in_keras(slope):
    x = tf.constant([-3.0, -0.5, 0.0, 0.5, 3.0])
    layer = LeakyReLU(negative_slope=slope)
    plain = keras.layers.LeakyReLU(negative_slope=slope)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, expected = layer(x), plain(x)
    np.testing.assert_allclose(
        y, [-3 * slope, -0.5 * slope, 0, 0.5, 3], atol=1e-6
    )
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(
        tape.gradient(y, x), tape.gradient(expected, x)
    )
    again = LeakyReLU.from_config(layer.get_config())
    np.testing.assert_array_equal(again(x), y)


def test_leaky_relu_keeps_the_dtype():
    y = LeakyReLU(0.2, dtype="bfloat16")(tf.constant([-1.0, 1.0]))
    assert y.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(y, tf.float32), [-0.2, 1], rtol=4e-3)


def test_no_gradient_of_the_slope_travels_back_through_leaky_relu():
    """R1 of D(x) = v * leaky(w x + b) is v^2 slope^2 w^2: b has no part."""
    w, b, v = (tf.Variable(value) for value in (3.0, -1.0, 2.0))
    x = tf.constant([-1.0, 1.0])

    def gradients(layer):
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner:
                inner.watch(x)
                logits = v * layer(w * x + b)
            slopes = inner.gradient(logits, x)
            penalty = tf.reduce_sum(slopes**2)
        return penalty, tape.gradient(penalty, [w, b, v])

    penalty, (to_w, to_b, to_v) = gradients(LeakyReLU(0.2))
    squares = 0.2**2 + 1
    assert float(penalty) == pytest.approx(2**2 * squares * 3**2)
    assert float(to_w) == pytest.approx(2**2 * squares * 2 * 3)
    assert float(to_v) == pytest.approx(2 * 2 * squares * 3**2)
    assert to_b is None  # nothing, where Keras' layer computes a zero
    _, (also_to_w, zero, also_to_v) = gradients(keras.layers.LeakyReLU(0.2))
    assert float(also_to_w) == float(to_w)
    assert float(also_to_v) == float(to_v)
    assert float(zero) == 0


def test_r1_of_a_dcgan_discriminator_does_as_with_keras_leaky_relu():
    d = gk.networks.dcgan_discriminator((16, 16, 1), width=2)

    def plain(layer):
        if isinstance(layer, LeakyReLU):
            return keras.layers.LeakyReLU(layer.negative_slope)
        return layer.__class__.from_config(layer.get_config())

    other = keras.models.clone_model(d, clone_function=plain)
    other.set_weights(d.get_weights())
    assert not any(isinstance(layer, LeakyReLU) for layer in other.layers)
    images = tf.constant(RNG.uniform(-1, 1, (4, 16, 16, 1)), tf.float32)

    def gradients(network):
        def discriminate(images):
            return network(images)[:, 0]

        with tf.GradientTape() as tape:
            fines = gk.penalties.R1()(discriminate, images, images)
        weights = [weight.value for weight in network.trainable_weights]
        return tape.gradient(fines, weights, unconnected_gradients="zero")

    for ours, theirs in zip(gradients(d), gradients(other), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)
