"""ResNets with and without normalization, against NumPy and by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import tiny_images
from conftest import two_cpus

import gan_keras as gk
from gan_keras import ema
from gan_keras.checks.networks import batch_norms
from gan_keras.layers import ClassProjection
from gan_keras.layers import SelfAttention
from gan_keras.layers import SpectralNormalization
from gan_keras.networks.assembly import Concatenation
from gan_keras.networks.r3gan import r3gan_discriminator
from gan_keras.networks.r3gan import r3gan_generator
from gan_keras.networks.resnet import resnet_discriminator
from gan_keras.networks.resnet import resnet_generator

SHAPES = [(8, 8, 1), (28, 28, 1), (32, 32, 3), (48, 40, 3), (9, 17, 3)]
FAMILIES = {
    "resnet": (resnet_generator, resnet_discriminator),
    "r3gan": (r3gan_generator, r3gan_discriminator),
}
each_family = pytest.mark.parametrize(
    ("generator", "discriminator"), FAMILIES.values(), ids=FAMILIES
)


def normal(*shape, seed=0):
    values = np.random.default_rng(seed).normal(size=shape)
    return tf.constant(values, tf.float32)


def one_hot(labels, num_classes=3):
    return tf.constant(np.eye(num_classes, dtype="float32")[labels])


def up_to(network, name):
    """The first part of a network, up to a layer."""
    return keras.Model(network.inputs, network.get_layer(name).output)


def zero(network, *starts):
    """Sets the weights of all layers whose names begin so to 0."""
    for layer in network.layers:
        if layer.name.startswith(starts):
            layer.set_weights([0 * w for w in layer.get_weights()])


def shake(network, spread=0.2):
    """Other values for all weights, also for those that begin at 0."""
    rng = np.random.default_rng(1)
    for weight in network.trainable_variables:
        noise = rng.normal(0, spread, weight.shape)
        weight.assign_add(noise.astype("float32"))


def mean_of_four(x):
    """Half the size; at the rim of an odd side, the mean of what is there."""
    b, h, w, c = x.shape
    padded = np.full((b, h + h % 2, w + w % 2, c), np.nan)
    padded[:, :h, :w] = x
    parts = padded.reshape(b, padded.shape[1] // 2, 2, -1, 2, c)
    return np.nanmean(parts, axis=(2, 4))


# ---------------------------------------------------------- both families


@each_family
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_shapes_and_range(generator, discriminator, shape):
    g = generator(shape, latent_dim=5, width=2)
    images = g(100 * normal(4, 5)).numpy()
    assert images.shape == (4, *shape) and images.dtype == np.float32
    assert images.min() < -0.9 and images.max() > 0.9  # tanh is reached
    assert np.abs(images).max() <= 1
    logits = discriminator(shape, width=2)(images).numpy()
    assert logits.shape == (4, 1) and np.ptp(logits) > 0
    gk.GAN(g, discriminator(shape, width=2))  # they fit together


@each_family
def test_only_the_resnets_generator_normalizes(generator, discriminator):
    norms = batch_norms(generator((28, 28, 1), width=2))
    # One after z's layer of 7, two a block, one before the pixels.
    assert len(norms) == (7 if generator is resnet_generator else 0)
    assert batch_norms(discriminator((28, 28, 1), width=2)) == []


@pytest.mark.parametrize("num_classes", [None, 3])
def test_under_a_strategy_statistics_are_the_whole_batchs(num_classes):
    def synchronized():
        g = resnet_generator((8, 8, 1), width=2, num_classes=num_classes)
        return [norm.synchronized for norm in batch_norms(g)]

    assert synchronized() == [False] * 3
    with two_cpus().scope():
        assert synchronized() == [True] * 3


@each_family
def test_hidden_layers_bend_z(generator, discriminator):
    plain = generator((8, 8, 1), latent_dim=4, width=2)
    bent = generator((8, 8, 1), latent_dim=4, width=2, hidden=(7, 6))
    assert [bent.get_layer(f"hidden{i}").units for i in (1, 2)] == [7, 6]
    assert bent.count_params() > plain.count_params()
    assert bent(normal(2, 4)).shape == (2, 8, 8, 1)


def conditional(generator, discriminator, **kwargs):
    g = generator((9, 17, 3), latent_dim=4, width=4, num_classes=3)
    d = discriminator((9, 17, 3), width=4, num_classes=3, **kwargs)
    return g, d


@each_family
@pytest.mark.parametrize("condition", [None, Concatenation()])
def test_a_discriminator_hears_the_class(generator, discriminator, condition):
    _, d = conditional(generator, discriminator, condition=condition)
    images = normal(2, 9, 17, 3)
    first, again, second = (
        d([images, one_hot([c, 2])]).numpy() for c in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert abs(first[0] - second[0]) > 1e-4
    assert first[1] == pytest.approx(second[1], abs=1e-6)  # its own only


def test_r3gans_generator_hears_the_class_beside_z():
    g, _ = conditional(*FAMILIES["r3gan"])
    z = normal(2, 4)
    first, second = (g([z, one_hot([c, 2])]).numpy() for c in (0, 1))
    assert np.abs(first[0] - second[0]).max() > 1e-2
    np.testing.assert_allclose(first[1], second[1], atol=1e-6)
    # A Dense layer of both: the classes' part is as many rows of its kernel.
    assert g.get_layer("strengths").kernel.shape == (4 + 3, 4 * 8)


def test_the_resnets_generator_hears_the_class_in_its_norms_only():
    g, _ = conditional(*FAMILIES["resnet"])
    z = normal(2, 4)

    def images():
        return [g([z, one_hot([c, 2])]).numpy() for c in (0, 1)]

    # All gammas are 1 and all betas 0 at first: no class differs.
    np.testing.assert_array_equal(*images())
    for layer in g.layers:
        if layer.name == "norm2_9x17":
            layer.gamma.assign(1 + np.eye(3, 4))
    first, second = images()
    assert np.abs(first[0] - second[0]).max() > 1e-3
    np.testing.assert_allclose(first[1], second[1], atol=1e-6)


@each_family
def test_heads(generator, discriminator):
    d = discriminator((8, 8, 1), width=2, heads={"class": 10})
    outputs = d(normal(3, 8, 8, 1))
    assert {k: v.shape for k, v in outputs.items()} == {
        "logits": (3, 1),
        "class": (3, 10),
    }


def networks(family):
    g, d = conditional(*FAMILIES[family])
    if family == "resnet":
        kwargs = {"wrap": SpectralNormalization, "attention": 5}
        g = resnet_generator((9, 17, 3), 4, 4, 3, hidden=(5,), **kwargs)
        d = resnet_discriminator((9, 17, 3), 4, 3, **kwargs)
    pairs = [
        (g, [normal(2, 4), one_hot([0, 2])]),
        (d, [normal(2, 9, 17, 3), one_hot([0, 2])]),
    ]
    for network, inputs in pairs:
        shake(network, 0.05)
        for _ in range(3):  # statistics and sigmas of these weights
            network(inputs, training=True)
    return pairs


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_saved_and_cloned_they_are_the_same(family, tmp_path):
    for network, inputs in networks(family):
        expected = network(inputs).numpy()
        assert 0.01 < np.abs(expected).mean() < 10 and np.ptp(expected) > 0
        network.save(tmp_path / "network.keras")
        again = keras.saving.load_model(tmp_path / "network.keras")
        np.testing.assert_allclose(again(inputs), expected, atol=1e-6)
        clone = ema.clone_network(network, "clone")
        np.testing.assert_allclose(clone(inputs), expected, atol=1e-6)
        clone.trainable = True
        shake(clone)
        assert np.abs(clone(inputs) - expected).max() > 1e-3
        # Nothing is shared.
        np.testing.assert_allclose(network(inputs), expected, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_half_precision_inside_full_precision_at_the_ends(family):
    full = networks(family)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = networks(family)
    finally:
        keras.config.set_dtype_policy("float32")
    for (network, inputs), (other, _) in zip(full, half):
        other.set_weights(network.get_weights())
        expected, outputs = network(inputs).numpy(), other(inputs).numpy()
        assert outputs.dtype == np.float32
        error = np.sqrt(np.mean((outputs - expected) ** 2))
        size = np.sqrt(np.mean(expected**2))
        assert 1e-4 < error / size < 0.05  # rounded inside, and not lost


def gan(family, **kwargs):
    g, d = FAMILIES[family]
    return gk.GAN(
        g((8, 8, 1), latent_dim=4, width=4, **kwargs),
        d((8, 8, 1), width=4, **kwargs),
        seed=2,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "kwargs"),
    [
        ("resnet", {"wrap": SpectralNormalization, "attention": 4}),
        ("r3gan", {}),
    ],
    ids=["resnet", "r3gan"],
)
def test_every_weight_learns_with_a_gradient_penalty(family, kwargs):
    model = gan(family, **kwargs)
    penalties = ["r1", "r2"] if family == "r3gan" else ["gradient_penalty"]
    loss = "relativistic" if family == "r3gan" else "hinge"
    model.compile(loss=loss, penalties=penalties, jit_compile=True)
    trained = [
        *model.generator.trainable_variables,
        *model.discriminator.trainable_variables,
    ]
    start = [weight.numpy() for weight in trained]
    # Three steps: what begins at 0 hides what lies behind it for one.
    logs = model.fit(tiny_images(24), epochs=1, batch_size=8, verbose=0)
    assert all(np.isfinite(values).all() for values in logs.history.values())
    assert all(logs.history[name][0] > 0 for name in penalties)
    for old, weight in zip(start, trained):
        assert np.isfinite(weight.numpy()).all(), weight.path
        moved = not np.array_equal(old, weight.numpy())
        # A difference of two scores does not feel what both have in common.
        blind = loss == "relativistic" and weight.path == "logits/bias"
        assert moved != blind, weight.path


@each_family
def test_mistakes(generator, discriminator):
    with pytest.raises(ValueError, match="Received: width=0"):
        generator((8, 8, 1), width=0)
    with pytest.raises(ValueError, match="Received: width=0"):
        discriminator((8, 8, 1), width=0)
    with pytest.raises(ValueError, match="8 to 128 pixels"):
        generator((4, 8, 1))
    with pytest.raises(ValueError, match="1 .grey. or 3"):
        discriminator((8, 8, 2))
    with pytest.raises(ValueError, match="Received: latent_dim=0"):
        generator((8, 8, 1), latent_dim=0)
    with pytest.raises(ValueError, match="Received: num_classes=0"):
        generator((8, 8, 1), num_classes=0)


# ------------------------------------------------------------- the ResNet


def test_parameters_of_the_resnet_counted_by_hand():
    # z of 4 -> 4x4x2 -> 8x8x2 -> 8x8x1; BatchNorm has 4 numbers a channel.
    ends = (4 * 32 + 32) + (9 * 2 + 1) + 4 * 2
    block = 2 * 2 + 2 * (9 * 2 * 2) + 2 * 4 * 2
    g = resnet_generator((8, 8, 1), latent_dim=4, width=2)
    assert g.count_params() == ends + block
    # 16x16x3 -> 8x8x2 -> 4x4x4 -> 4 -> 1.
    first = (3 * 2 + 2) + (9 * 3 * 2 + 2) + (9 * 2 * 2 + 2)
    second = (2 * 4 + 4) + (9 * 2 * 4 + 4) + (9 * 4 * 4 + 4)
    d = resnet_discriminator((16, 16, 3), width=2)
    assert d.count_params() == first + second + (4 + 1)


@pytest.mark.parametrize("shape", [(16, 16, 3), (9, 17, 3)], ids=str)
def test_ds_blocks_correct_the_halved_image(shape):
    d = resnet_discriminator(shape, width=2)
    shake(d)
    zero(d, "conv2")  # the blocks add nothing, as their biases are 0 too
    images = normal(3, *shape)
    expected = images.numpy().astype("float64")
    blocks = [layer for layer in d.layers if layer.name.startswith("block")]
    for block in blocks:
        place = block.name.removeprefix("block_")
        kernel, bias = d.get_layer(f"shortcut_{place}").get_weights()
        expected = mean_of_four(expected) @ kernel[0, 0] + bias
        outputs = up_to(d, block.name)(images)
        np.testing.assert_allclose(outputs, expected, atol=1e-5)
    assert len(blocks) == (2 if shape[0] == 16 else 3)
    # The end: ReLU, the sum over places, one Dense layer.
    kernel, bias = d.get_layer("logits").get_weights()
    logits = np.maximum(expected, 0).sum(axis=(1, 2)) @ kernel + bias
    np.testing.assert_allclose(d(images), logits, atol=1e-4)


def test_gs_blocks_correct_the_doubled_map():
    g = resnet_generator((28, 28, 1), latent_dim=4, width=2)
    shake(g)
    zero(g, "conv2")
    z = normal(3, 4)
    kernel, bias = g.get_layer("dense").get_weights()
    expected = (z.numpy() @ kernel + bias).reshape(3, 4, 4, 8)
    for side, channels in [(7, 4), (14, 2), (28, 2)]:
        place = f"{side}x{side}"
        (kernel,) = g.get_layer(f"shortcut_{place}").get_weights()
        expected = np.repeat(np.repeat(expected, 2, axis=1), 2, axis=2)
        expected = expected[:, :side, :side] @ kernel[0, 0]
        outputs = up_to(g, f"block_{place}")(z)
        assert outputs.shape == (3, side, side, channels)
        np.testing.assert_allclose(outputs, expected, atol=1e-5)


def test_wrap_is_put_around_every_kernel():
    kwargs = {"wrap": SpectralNormalization, "attention": 4, "num_classes": 3}
    for network, count in [
        # z, a hidden layer, 3 convolutions, the pixels; attention has four.
        (resnet_generator((8, 8, 1), 4, 4, hidden=(5,), **kwargs), 6 + 4),
        # 3 convolutions, logits, projection, a head; attention has four.
        (resnet_discriminator((8, 8, 1), 4, heads={"q": 2}, **kwargs), 6 + 4),
    ]:
        found = list(network._flatten_layers())
        wrapped = [
            layer.layer
            for layer in found
            if isinstance(layer, SpectralNormalization)
        ]
        with_kernel = [
            layer
            for layer in found
            if isinstance(
                layer,
                (keras.layers.Dense, keras.layers.Conv2D, ClassProjection),
            )
        ]
        assert len(wrapped) == len(with_kernel) == count
        assert {id(a) for a in wrapped} == {id(b) for b in with_kernel}


@pytest.mark.parametrize("height", [14, 7, 4])
def test_attention_stands_where_it_was_put(height):
    shape = (28, 26, 1)
    width = {14: 13, 7: 7, 4: 4}[height]
    for network in (
        resnet_generator(shape, width=2, attention=height),
        resnet_discriminator(shape, width=2, attention=height),
    ):
        (layer,) = (
            layer
            for layer in network.layers
            if isinstance(layer, SelfAttention)
        )
        assert layer.output.shape[1:3] == (height, width)
        assert not layer.spectral
    for make in (resnet_generator, resnet_discriminator):
        with pytest.raises(ValueError, match="14, 7, 4.*attention=28"):
            make(shape, attention=28)


# ------------------------------------------------------------------ R3GAN


@pytest.mark.parametrize("options, m", [({}, 2), ({"expansion": 1}, 1)])
def test_parameters_of_r3gan_counted_by_hand(options, m):
    # Each block: 1x1 to m times the channels, 3x3, 1x1 back without biases.
    def block(c):
        return (c * m * c + m * c) + (9 * (m * c) ** 2 + m * c) + m * c * c

    # z of 3 -> 4x4x4 -> 8x8x2 -> 8x8x1.
    g = r3gan_generator((8, 8, 1), latent_dim=3, width=2, **options)
    ends = 3 * 4 + 4 * 4 * 4 + 4 * 2 + 2 * 1
    assert g.count_params() == ends + block(4) + block(2)
    # 8x8x1 -> 8x8x2 -> 4x4x4 -> 4 -> 1, and two blocks a map.
    d = r3gan_discriminator((8, 8, 1), width=2, blocks=2, **options)
    ends = 1 * 2 + 2 * 4 + 4 * 4 * 4 + (4 + 1)
    assert d.count_params() == ends + 2 * (block(4) + block(2))


def blocks_of(network):
    return [
        layer for layer in network.layers if layer.name.startswith("block_")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(28, 28, 1), (9, 17, 3)], ids=str)
def test_blocks_begin_by_adding_nothing(shape):
    for network, inputs in [
        (r3gan_generator(shape, 4, 2, blocks=2), normal(3, 4)),
        (r3gan_discriminator(shape, 2, blocks=2), normal(3, *shape)),
    ]:
        assert len(blocks_of(network)) == 2 * 4  # four maps in both cases
        for block in blocks_of(network):
            before, added = block.input
            values = keras.Model(network.inputs, [before, block.output])
            x, y = values(inputs)
            np.testing.assert_array_equal(x, y)
            assert np.abs(x).max() > 0
        # Trained, they do add something.
        shake(network)
        x, y = values(inputs)
        assert np.abs(x - y).max() > 1e-3


def test_r3gans_discriminator_at_first_in_numpy():
    """Means of four and matrices only, as the blocks add nothing."""
    d = r3gan_discriminator((9, 17, 3), width=2)
    images = normal(3, 9, 17, 3)
    x = images.numpy().astype("float64")
    x = x @ d.get_layer("pixels").kernel.numpy()[0, 0]
    for place in ("5x9", "3x5", "2x3"):
        x = mean_of_four(x) @ d.get_layer(f"to_{place}").kernel.numpy()[0, 0]
    patterns = d.get_layer("patterns").map.numpy()  # [2, 3, 16]
    kernel, bias = d.get_layer("logits").get_weights()
    logits = (x * patterns).sum(axis=(1, 2)) @ kernel + bias
    np.testing.assert_allclose(d(images), logits, atol=1e-5)


def test_r3gans_generator_at_first_in_numpy():
    """A learned map, its strengths, matrices and bilinear doubling."""
    g = r3gan_generator((28, 28, 1), latent_dim=4, width=2)
    z = normal(3, 4)
    x = z.numpy() @ g.get_layer("strengths").kernel.numpy()
    x = x[:, None, None] * g.get_layer("map").map.numpy()
    for side in (7, 14, 28):
        x = x @ g.get_layer(f"to_{side}x{side}").kernel.numpy()[0, 0]
        for axis in (1, 2):  # a pixel is 3/4 its own, 1/4 its neighbour's
            padded = np.pad(
                x, [(1, 1) if a == axis else (0, 0) for a in range(4)], "edge"
            )
            n = x.shape[axis]
            left = np.take(padded, range(n), axis)
            right = np.take(padded, range(2, n + 2), axis)
            x = np.stack([(3 * x + left) / 4, (3 * x + right) / 4], axis + 1)
            shape = [3, *x.shape[1:]]
            shape[axis : axis + 2] = [2 * n]
            x = x.reshape(shape)
        x = x[:, :side, :side]
    expected = np.tanh(x @ g.get_layer("pixels").kernel.numpy()[0, 0])
    np.testing.assert_allclose(g(z), expected, atol=1e-5)


def test_r3gan_begins_with_the_spread_of_its_papers():
    # L = 16 blocks: 16^(-1/4) = 1/2 of He's spread, sqrt(2 / 1.04 / inputs).
    d = r3gan_discriminator((28, 28, 1), width=16, blocks=4)
    half = 0.5 * np.sqrt(2 / 1.04)
    for name, spread in [
        ("widen_4x4_1", half / np.sqrt(128)),
        ("conv_4x4_2", half / np.sqrt(9 * 256)),
        ("to_4x4", 1 / np.sqrt(64)),
        ("patterns", 1 / np.sqrt(16)),
    ]:
        kernel = d.get_layer(name).trainable_weights[0].numpy()
        assert kernel.std() == pytest.approx(spread, rel=0.05)
        assert abs(kernel.mean()) < 0.1 * spread
    # Two layers of one shape do not begin alike.
    first, second = (d.get_layer(f"widen_7x7_{i}").kernel for i in (1, 2))
    assert np.abs(first - second).max() > 0.01


def test_more_mistakes():
    with pytest.raises(ValueError, match="Received: blocks=0"):
        r3gan_generator((8, 8, 1), blocks=0)
    with pytest.raises(ValueError, match="Received: blocks=0"):
        r3gan_discriminator((8, 8, 1), blocks=0)
    with pytest.raises(ValueError, match="Received: expansion=0"):
        r3gan_discriminator((8, 8, 1), expansion=0)
    with pytest.raises(ValueError, match="`condition`.*num_classes=None"):
        r3gan_discriminator((8, 8, 1), condition=Concatenation())


@pytest.mark.slow
def test_r3gan_without_blocks_on_full_maps_is_a_network_of_half_the_size():
    shape = (9, 18, 3)  # odd sizes are cropped
    g = r3gan_generator(shape, 4, 2, stride=2)
    d = r3gan_discriminator(shape, 2, stride=2)
    assert g.output_shape[1:] == shape and d.output_shape == (None, 1)
    names = {layer.name for layer in d.layers}
    assert "block_5x9_1" in names and "block_9x18_1" not in names
    # At first every block adds nothing, so pixels are a sum of 64 things.
    large = r3gan_generator((64, 64, 1), 64, 16, stride=2)
    images = np.arctanh(np.array(large(normal(64, 64))))
    before = keras.Model(large.inputs, large.get_layer("pixels").input)
    spread = np.std(before(normal(64, 64)))
    # The outermost pixels have fewer neighbours.
    assert np.std(images[:, 2:-2, 2:-2]) == pytest.approx(spread, rel=0.25)
    with pytest.raises(ValueError, match="stride=3"):
        r3gan_generator(shape, stride=3)
