import keras
import numpy as np
import pytest
from conftest import tiny_images

import gan_keras as gk
from gan_keras.constraints import ClipWeights
from gan_keras.constraints import clip_weights


def largest(network):
    return [np.abs(w).max() for w in network.get_weights()]


@pytest.mark.slow
def test_every_weight_of_d_stays_within_the_limit(tmp_path):
    d = gk.networks.dcgan_discriminator((16, 16, 1), 4, batch_norm=True)
    assert max(largest(d)) > 0.5
    gan = gk.GAN(
        gk.networks.dcgan_generator((16, 16, 1), 4, 4), clip_weights(d, 0.02)
    )
    trainable = [np.abs(v.numpy()).max() for v in d.trainable_variables]
    assert max(trainable) == pytest.approx(0.02)
    gan.compile(
        "rmsprop", "rmsprop", loss="wasserstein", penalties=[],
        jit_compile=False,
    )  # fmt: skip
    images = tiny_images(32, size=16)
    gan.fit(images, batch_size=8, verbose=0)
    for variable in d.trainable_variables:
        assert np.abs(variable.numpy()).max() <= 0.02
    assert max(largest(gan.generator)) > 0.02  # only D

    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    for model in (gan, again):
        model.fit(images, batch_size=8, epochs=2, initial_epoch=1, verbose=0)
    for a, b in zip(gan.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert all(
        isinstance(v.constraint, ClipWeights)
        for v in again.discriminator.trainable_variables
    )


def test_values():
    clipped = ClipWeights(0.5)(np.array([-2.0, -0.5, 0.1, 0.7], "float32"))
    np.testing.assert_allclose(clipped, [-0.5, -0.5, 0.1, 0.5])
    with pytest.raises(ValueError, match="`limit` must be above 0.*limit=0"):
        ClipWeights(0)


def test_a_layer_that_cannot_be_constrained_is_named():
    class Mine(keras.layers.Layer):
        def build(self, input_shape):
            self.add_weight(shape=(1,), name="mine")

        def call(self, inputs):
            return inputs

    network = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.PReLU()])
    clip_weights(network)
    network = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(4), Mine(name="own")]
    )
    before = network.get_weights()
    assert np.abs(before[0]).max() > 0.01
    with pytest.raises(ValueError, match="layer 'own'.*'mine'"):
        clip_weights(network)
    for a, b in zip(before, network.get_weights()):
        np.testing.assert_array_equal(a, b)
    dense = network.layers[0]
    assert dense.kernel_constraint is dense.kernel.constraint is None


@pytest.mark.parametrize("wrap", [None, gk.layers.SpectralNormalization])
def test_the_layers_of_this_package(tmp_path, wrap):
    images = keras.Input((8, 8, 4))
    classes = keras.Input((3,))
    attention = gk.layers.SelfAttention(spectral=wrap is not None)
    features = gk.layers.LearnedPooling()(attention(images))
    logits = gk.layers.ClassProjection()([features, classes])
    network = keras.Model([images, classes], logits)
    attention.gain.assign(0.5)
    clip_weights(network, 0.02)
    assert len(network.trainable_variables) == 7
    network.save(tmp_path / "d.keras")
    again = keras.saving.load_model(tmp_path / "d.keras")
    for a, b in zip(network.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)
    for model in (network, again):
        for variable in model.trainable_variables:
            assert variable.constraint.limit == 0.02
            assert 0 < np.abs(variable.numpy()).max() <= np.float32(0.02)
    # An update that would carry every weight far out.
    optimizer = keras.optimizers.SGD(1.0)
    weights = again.trainable_variables
    optimizer.apply([keras.ops.ones_like(w) for w in weights], weights)
    for variable in weights:
        np.testing.assert_array_equal(variable, np.full(variable.shape, -0.02,
                                                        "float32"))  # fmt: skip


@pytest.mark.slow
def test_a_clipped_critic_with_all_of_them_is_trained(tmp_path):
    image_shape = (16, 16, 1)
    d = gk.networks.dcgan_discriminator(
        image_shape, 4, num_classes=3, attention=4
    )
    g = gk.networks.dcgan_generator(image_shape, 4, 4, num_classes=3)
    gan = gk.ConditionalGAN(g, clip_weights(d, 0.02))
    gan.compile(
        "rmsprop", "rmsprop", loss="wasserstein", penalties=[],
        jit_compile=False,
    )  # fmt: skip
    images = tiny_images(16, size=16)
    gan.fit(images, np.arange(16) % 3, batch_size=8, verbose=0)
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    for variable in (
        *d.trainable_variables,
        *again.discriminator.trainable_variables,
    ):
        assert np.abs(variable.numpy()).max() <= np.float32(0.02)
        assert variable.constraint.limit == 0.02


@keras.saving.register_keras_serializable("test_constraints")
class Block(keras.layers.Layer):
    """A layer of one's own that makes its layers inside."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = keras.layers.Dense(3)

    def build(self, input_shape):
        self.inner.build(input_shape)

    def call(self, inputs):
        return self.inner(inputs)


@pytest.mark.parametrize(
    "make", [Block, lambda: keras.layers.MultiHeadAttention(2, 4)]
)
def test_a_clipping_that_a_file_would_forget_is_refused(make):
    x = keras.Input((5, 3))
    layer = make()
    y = layer(x) if isinstance(layer, Block) else layer(x, x)
    network = keras.Model(x, keras.layers.Dense(1)(y))
    before = network.get_weights()
    with pytest.raises(ValueError, match="in a layer within a layer"):
        clip_weights(network)
    for a, b in zip(before, network.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert all(v.constraint is None for v in network.trainable_variables)
    assert network.layers[-1].kernel_constraint is None
    # A model within the model tells of its layers.
    whole = keras.Sequential(
        [keras.Input((4,)), keras.Sequential([keras.layers.Dense(2)])]
    )
    clip_weights(whole, 0.02)
    assert np.abs(whole.get_weights()[0]).max() <= np.float32(0.02)


@pytest.mark.parametrize("units", [2, None])
def test_a_network_that_has_no_copy_by_its_config_is_clipped(units):
    class Mine(keras.Model):
        def __init__(self, *units):
            super().__init__()
            self.first = keras.layers.Dense(*(units or [3]))
            self.last = keras.layers.Dense(1)

        def call(self, inputs):
            return self.last(self.first(inputs))

    network = Mine(units) if units else Mine()
    network(np.zeros((2, 4), "float32"))
    assert max(largest(network)) > 0.02
    clip_weights(network, 0.02)
    assert max(largest(network)) == np.float32(0.02)
    assert all(v.constraint.limit == 0.02 for v in network.trainable_variables)
