"""Shapes, ranges and parameter counts of the networks."""

import keras
import numpy as np
import pytest

from gan_keras import networks
from gan_keras.networks.shapes import halvings


@pytest.mark.parametrize(
    "shape",
    [(8, 8, 1), (28, 28, 1), (32, 32, 3), (48, 40, 3), (96, 96, 3),
     (128, 128, 1), (9, 17, 3)],
)  # fmt: skip
def test_dcgan_for_any_shape(shape):
    generator = networks.dcgan_generator(shape, latent_dim=5, width=2)
    discriminator = networks.dcgan_discriminator(shape, width=2)
    latents = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    images = np.asarray(generator(latents))
    assert images.shape == (3, *shape)
    assert images.dtype == np.float32
    assert np.abs(images).max() <= 1
    assert discriminator(images).shape == (3, 1)


def test_halvings_follow_the_strides():
    assert halvings(28, 28) == [(28, 28), (14, 14), (7, 7), (4, 4)]
    assert halvings(8, 8) == [(8, 8), (4, 4)]
    assert halvings(64, 48) == [
        (64, 48), (32, 24), (16, 12), (8, 6), (4, 3)
    ]  # fmt: skip


def test_d_halves_the_image_and_g_mirrors_it():
    d = networks.dcgan_discriminator((64, 64, 3), width=4)
    down = [
        layer.output.shape[1:] for layer in d.layers if "down" in layer.name
    ]
    assert down == [(32, 32, 4), (16, 16, 8), (8, 8, 16), (4, 4, 32)]
    g = networks.dcgan_generator((64, 64, 3), width=4)
    up = [layer.output.shape[1:] for layer in g.layers if "up" in layer.name]
    assert up == [(8, 8, 16), (16, 16, 8), (32, 32, 4), (64, 64, 3)]
    start = next(
        layer for layer in g.layers if layer.name.startswith("reshape")
    )
    assert start.output.shape[1:] == (4, 4, 32)


def test_dcgan_parameter_counts_by_hand():
    # D on 8x8x1, width 4: one 4x4 convolution 1 -> 4 with bias, then
    # 4 * 4 * 4 features -> 1.
    d = networks.dcgan_discriminator((8, 8, 1), width=4)
    assert d.count_params() == (16 * 4 + 4) + (64 + 1)
    # G: Dense 3 -> 64 without bias, BatchNorm (4 * 64), one transposed 4x4
    # convolution 4 -> 1 with bias.
    g = networks.dcgan_generator((8, 8, 1), latent_dim=3, width=4)
    assert g.count_params() == 3 * 64 + 4 * 64 + (16 * 4 + 1)


def test_hidden_layers_between_the_last_map_and_the_logit():
    d = networks.dcgan_discriminator((8, 8, 1), width=4, hidden=(5, 3))
    # One convolution, then 4 * 4 * 4 features -> 5 -> 3 -> 1, all with biases.
    assert d.count_params() == (16 * 4 + 4) + (64 * 5 + 5) + (5 * 3 + 3) + 4
    images = np.random.default_rng(0).uniform(-1, 1, (6, 8, 8, 1))
    flat = next(layer for layer in d.layers if "flatten" in layer.name)
    x = np.asarray(keras.Model(d.input, flat.output)(images))
    for name in ["hidden1", "hidden2"]:
        kernel, bias = d.get_layer(name).get_weights()
        x = x @ kernel + bias
        x = np.where(x > 0, x, 0.2 * x)
    kernel, bias = d.get_layer("logits").get_weights()
    np.testing.assert_allclose(
        np.asarray(d(images)), x @ kernel + bias, rtol=1e-4, atol=1e-6
    )


def test_dropout_of_what_the_logit_and_the_heads_are_told():
    d = networks.dcgan_discriminator(
        (8, 8, 1), width=4, hidden=(500,), dropout=0.4, heads={"class": 3}
    )
    images = np.random.default_rng(0).uniform(-1, 1, (200, 8, 8, 1))
    hidden = d.get_layer("hidden1").output
    last = d.get_layer("logits").input
    model = keras.Model(d.input, [hidden, last, d.get_layer("class").input])
    keras.utils.set_random_seed(0)
    before, after, heads = map(np.asarray, model(images, training=True))
    before = np.where(before > 0, before, 0.2 * before)
    dropped = after == 0
    # 100,000 dice: three standard deviations are 0.0046.
    assert abs(dropped.mean() - 0.4) < 0.0046
    np.testing.assert_allclose(
        after[~dropped], before[~dropped] / 0.6, rtol=1e-5
    )
    np.testing.assert_array_equal(heads, after)
    before, after, _ = map(np.asarray, model(images, training=False))
    np.testing.assert_array_equal(
        after, np.where(before > 0, before, np.float32(0.2) * before)
    )


def test_dropout_that_is_no_share_is_refused():
    for dropout in (-0.1, 1, True, "0.3", float("nan")):
        with pytest.raises(ValueError, match=r"`dropout` .* \[0, 1\)"):
            networks.dcgan_discriminator((8, 8, 1), dropout=dropout)


def test_hidden_layers_between_z_and_the_first_map():
    g = networks.dcgan_generator((8, 8, 1), latent_dim=3, width=4, hidden=(5,))
    # Dense 3 -> 5 without bias, BatchNorm, then as above from 5 on.
    assert g.count_params() == (15 + 20) + (5 * 64 + 4 * 64) + (16 * 4 + 1)


def test_the_class_is_a_part_of_z():
    g = networks.dcgan_generator((8, 8, 1), 3, 4, num_classes=5)
    plain = networks.dcgan_generator((8, 8, 1), 3, 4)
    assert g.count_params() == plain.count_params() + 5 * 64
    g = networks.mlp_generator((2,), 3, (4,), num_classes=5)
    assert g.count_params() == (8 * 4 + 4) + (4 * 2 + 2)


def test_ends_of_d_by_parameter_counts():
    def count(**kwargs):
        d = networks.dcgan_discriminator((8, 8, 1), width=4, **kwargs)
        return d.count_params() - (16 * 4 + 4) - (64 + 1)

    assert count() == 0
    # A direction of 64 features for each class; 64 features and a bias for
    # each unit of a head; a picture of 8x8 and kernels for the channel.
    assert count(num_classes=3) == 3 * 64
    assert count(heads={"class": 3, "slant": 1}) == 65 * 4
    concatenation = networks.Concatenation()
    assert count(num_classes=3, condition=concatenation) == 3 * 64 + 16 * 4


def test_wrap_goes_around_every_layer_with_weights():
    wrapped = []

    def wrap(layer):
        wrapped.append(layer.name)
        return layer

    networks.dcgan_discriminator(
        (8, 8, 1), 4, 4, (5,), num_classes=3, heads={"class": 3}, wrap=wrap
    )
    assert wrapped == [
        "down_4x4", "hidden1", "logits", "projection", "class"
    ]  # fmt: skip
    wrapped.clear()
    networks.mlp_discriminator((2,), (4, 4), wrap=wrap)
    assert wrapped == ["hidden1", "hidden2", "logits"]


def test_batch_norm_in_d_on_request():
    d = networks.dcgan_discriminator((16, 16, 1), width=2, batch_norm=True)
    kinds = [type(layer).__name__ for layer in d.layers]
    # Not after the first convolution.
    assert kinds == [
        "InputLayer",
        "Conv2D", "LeakyReLU",
        "Conv2D", "BatchNormalization", "LeakyReLU",
        "Flatten", "Dense",
    ]  # fmt: skip


@pytest.mark.parametrize("shape", [(28, 28, 1), (2,)])
def test_mlp(shape):
    generator = networks.mlp_generator(shape, latent_dim=3, hidden=(5,))
    discriminator = networks.mlp_discriminator(shape, hidden=(5,))
    size = int(np.prod(shape))
    assert generator.count_params() == (3 * 5 + 5) + (5 * size + size)
    assert discriminator.count_params() == (size * 5 + 5) + (5 + 1)
    latents = 100 * np.ones((2, 3), "float32")
    samples = np.asarray(generator(latents))
    assert samples.shape == (2, *shape)
    # Pixels are squashed; points in the plane are not.
    assert (np.abs(samples).max() <= 1) == (len(shape) == 3)
    assert discriminator(samples).shape == (2, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: networks.dcgan_generator((28, 28)), r"\(height, width"),
        (lambda: networks.dcgan_generator((28, 28, 2)), "1 .grey. or 3"),
        (lambda: networks.dcgan_generator((4, 4, 1)), "8 to 128 pixels"),
        (lambda: networks.dcgan_discriminator((256, 256, 3)), "image_size=64"),
        (lambda: networks.dcgan_generator((8, 8, 1), 0), "latent_dim=0"),
        (lambda: networks.dcgan_discriminator((8, 8, 1), 2.5), "width=2.5"),
        (lambda: networks.mlp_generator(28), "image_shape=28"),
    ],
)  # fmt: skip
def test_mistakes_are_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_sizes_may_be_numpys():
    n = np.arange(3).max() + 1
    d = networks.dcgan_discriminator(
        (8, 8, 1), np.int32(4), np.int64(4), num_classes=n, heads={"class": n}
    )
    assert d.input_shape[1] == (None, 3) and d.output["class"].shape[1] == 3
    g = networks.dcgan_generator((8, 8, 1), n, 4, np.int64(4))
    assert g.input_shape == (None, 3)
    for generator in (
        networks.dcgan_generator,
        networks.resnet_generator,
        networks.r3gan_generator,
    ):
        g = generator((8, 8, 1), n, np.int64(4), num_classes=n)
        assert g.input_shape == [(None, 3), (None, 3)]
    keras.models.model_from_json(d.to_json())
    with pytest.raises(ValueError, match="num_classes.*Received.*True"):
        networks.dcgan_generator((8, 8, 1), 3, num_classes=True)
