"""A GAN goes to disk and comes back as if nothing had happened."""

import keras
import numpy as np
import pytest
from conftest import same
from conftest import tiny_gan
from conftest import tiny_images
from conftest import weights

import gan_keras as gk


def data():
    return gk.datasets.pipeline(tiny_images(32), batch_size=8, seed=1)


def state(gan):
    """Everything that must survive."""
    return weights(gan) + [
        v.numpy()
        for optimizer in (gan.d_optimizer, gan.g_optimizer)
        for v in optimizer.variables
    ]


def with_dropout():
    layers = keras.layers
    discriminator = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(8),
            layers.Dropout(0.5),
            layers.Dense(1),
        ]
    )
    return gk.GAN(
        gk.networks.mlp_generator((8, 8, 1), 4, (8,)), discriminator, seed=7
    )


@pytest.mark.parametrize("build", [tiny_gan, with_dropout])
def test_saved_and_loaded_run_goes_on_bit_for_bit(build, tmp_path):
    gan = build()
    schedule = gk.schedules.HoldThenDecay(2e-3, steps=20)
    gan.compile(
        keras.optimizers.Adam(schedule, beta_1=0.0),
        keras.optimizers.Adam(1e-3),
        loss=gk.losses.NonSaturating(real_label=0.9),
        penalties=[gk.penalties.R1(gamma=0.5, every=3)],
    )
    gan.fit(data(), epochs=2, verbose=0)
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")

    assert type(again) is gk.GAN and again.compiled
    assert again.loss.real_label == 0.9
    assert again.penalties[0].gamma == 0.5 and again.penalties[0].every == 3
    assert again.d_optimizer.learning_rate == gan.d_optimizer.learning_rate
    assert same(state(gan), state(again))

    for model in (gan, again):
        model.fit(data(), initial_epoch=2, epochs=4, verbose=0)
    assert same(state(gan), state(again))


def test_save_weights_and_load_weights(tmp_path):
    gan = tiny_gan()
    gan.compile()
    gan.fit(data(), verbose=0)
    gan.save_weights(tmp_path / "gan.weights.h5")
    other = tiny_gan(seed=8)
    other.compile()
    assert not same(state(gan), state(other))
    other.load_weights(tmp_path / "gan.weights.h5")
    assert same(state(gan), state(other))


def test_networks_can_be_cloned_and_saved_on_their_own(tmp_path):
    gan = tiny_gan()
    gan.ema_generator.save(tmp_path / "g.keras")
    generator = keras.saving.load_model(tmp_path / "g.keras")
    latents = gan.draw_latents(3, seed=0)
    np.testing.assert_array_equal(
        generator(latents), gan.generate_from(latents)
    )
    clone = keras.models.clone_model(gan.generator)
    assert clone.count_params() == gan.generator.count_params()


def test_uncompiled_model_round_trips(tmp_path):
    gan = tiny_gan()
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    assert not again.compiled
    assert same(weights(gan), weights(again))
