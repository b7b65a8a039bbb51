"""A GAN goes to disk and comes back as if nothing had happened."""

import copy
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import RECIPES
from conftest import data_for
from conftest import same
from conftest import tiny_gan
from conftest import tiny_images
from conftest import tiny_recipe
from conftest import weights

import gan_keras as gk
from gan_keras.lab.players import Quantiles


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


def test_how_to_compile_is_saved_as_it_was_asked_for():
    """What is found best on one machine need not be so on another."""
    gan = tiny_gan()
    for asked in ("auto", False, True):
        gan.compile(jit_compile=asked)
        assert gan.get_compile_config()["jit_compile"] == asked


@pytest.mark.slow
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


@pytest.mark.parametrize("name", ["own", "digits", "inception"])
def test_a_metric_of_ones_own_extractor_is_no_part_of_the_model(name, tmp_path):
    # Whatever it is called: the name would bring another one back.
    network = gk.extractors.small_cnn((8, 8, 1), 3)
    extractor = gk.extractors.Extractor(name, network)
    gan = tiny_gan()
    gan.compile(
        metrics=[gk.metrics.FrechetDistance(extractor)], jit_compile=False
    )
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    assert again.compiled
    assert f"fd_{name}" in {metric.name for metric in gan.metrics}
    assert f"fd_{name}" not in {metric.name for metric in again.metrics}
    assert gk.extractors.get("digits").standard


def test_uncompiled_model_round_trips(tmp_path):
    gan = tiny_gan()
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    assert not again.compiled
    assert same(weights(gan), weights(again))


@pytest.mark.slow
@pytest.mark.xla
@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_goes_on_bit_for_bit(name, tmp_path):
    gan = tiny_recipe(name)
    gan.fit(data_for(gan), epochs=2, verbose=0)
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    for model in (gan, again):
        model.fit(data_for(gan), initial_epoch=2, epochs=4, verbose=0)
    assert same(state(gan), state(again))
    assert gan.steps.numpy() == 16


# ------------------------------------------------- every class on its own


def classes_with_a_config():
    """Every class of the package which Keras could be asked to save."""
    found = set()
    for module in pkgutil.walk_packages(gk.__path__, "gan_keras."):
        if module.name.endswith("__main__"):
            continue
        for _, cls in inspect.getmembers(
            importlib.import_module(module.name), inspect.isclass
        ):
            if cls.__module__.startswith("gan_keras.") and hasattr(
                cls, "get_config"
            ):
                found.add(cls)
    # A base class is what others are made from and is not used itself.
    bases = {base for cls in found for base in cls.__mro__[1:]}
    used = {
        cls
        for cls in found
        if cls not in bases
        or keras.saving.get_registered_name(cls) == f"gan_keras>{cls.__name__}"
    }
    return sorted(used, key=lambda cls: cls.__qualname__)


# With other values than the defaults. A class that is not listed is made
# without arguments.
EXAMPLES = {
    "AdaptiveAugmentation": lambda: gk.augment.AdaptiveAugmentation(
        gk.augment.Flip(seed=1), 0.5, 1000, 0.25, seed=3, name="mine"
    ),
    "Chain": lambda: gk.augment.Chain([gk.augment.Flip(seed=1)], seed=3),
    "ClassLoss": lambda: gk.auxiliaries.ClassLoss(
        0.5, 0.1, "kind", "mine", 0.2
    ),
    "ConditionalBatchNorm": lambda: gk.layers.ConditionalBatchNorm(name="mine"),
    "ConditionalGAN": lambda: gk.ConditionalGAN(
        gk.networks.mlp_generator((2,), 4, (4,), num_classes=3),
        gk.networks.mlp_discriminator((2,), (4,), num_classes=3),
        ema_decay=0.9,
        seed=5,
    ),
    "DiffAugment": lambda: gk.augment.DiffAugment(["cutout"], seed=3),
    "InfoGAN": lambda: gk.InfoGAN(
        gk.networks.mlp_generator((2,), 6, (4,)),
        gk.networks.mlp_discriminator(
            (2,), (4,), heads={"category": 3, "continuous": 1}
        ),
        categories=3,
        continuous=1,
    ),
    "LearnedMap": lambda: gk.layers.LearnedMap((3, 4)),
    "LearnedPooling": gk.layers.LearnedPooling,
    "MutualInformation": lambda: gk.auxiliaries.MutualInformation(
        3, 1, 0.5, 0.25, "mine"
    ),
    "SelfAttention": lambda: gk.layers.SelfAttention(spectral=True),
    "ClipWeights": lambda: gk.constraints.ClipWeights(0.3),
    "Dragan": lambda: gk.penalties.Dragan(3.0, True, seed=4, every=2),
    "GAN": lambda: tiny_gan(seed=5, ema_decay=0.9),
    "GradientPenalty": lambda: gk.penalties.GradientPenalty(
        3.0, True, seed=4, share=0.5, name="steady"
    ),
    "GrowingAugmentation": lambda: gk.augment.GrowingAugmentation(
        gk.augment.Flip(seed=1), 0.25, 9.5, 70, seed=3, name="mine"
    ),
    "HoldThenDecay": lambda: gk.schedules.HoldThenDecay(0.1, 7, hold=0.25),
    "MinibatchStdDev": lambda: gk.layers.MinibatchStdDev(name="spread"),
    "Minimax": lambda: gk.losses.Minimax(real_label=0.8),
    "NonSaturating": lambda: gk.losses.NonSaturating(real_label=0.9),
    "FrechetDistance": lambda: gk.metrics.FrechetDistance("digits", "far"),
    "ClassifierScore": lambda: gk.metrics.ClassifierScore("digits", "sure"),
    "Quantiles": lambda: Quantiles([-1.0, 0.0, 2.0], reach=3.0),
    "R1": lambda: gk.penalties.R1(2.0, every=3, share=0.5, name="slope"),
    "R2": lambda: gk.penalties.R2(2.0, every=3, share=0.5, name="slope"),
    "SpectralNormalization": lambda: gk.layers.SpectralNormalization(
        keras.layers.Dense(3), power_iterations=2
    ),
}


@pytest.mark.parametrize("cls", classes_with_a_config())
def test_every_class_round_trips_through_its_config(cls):
    one = EXAMPLES.get(cls.__name__, cls)()
    assert type(one) is cls
    registered = keras.saving.get_registered_name(cls)
    assert registered == f"gan_keras>{cls.__name__}", "is it registered?"
    config = keras.saving.serialize_keras_object(one)
    # Keras' own wrappers take out of the dict what they have read.
    two = keras.saving.deserialize_keras_object(copy.deepcopy(config))
    assert type(two) is cls
    assert keras.saving.serialize_keras_object(two) == config
    three = cls.from_config(one.get_config())
    assert three.get_config() == one.get_config()
    # Nothing that can be set is left out.
    settable = set(inspect.signature(cls).parameters) - {"args", "kwargs"}
    assert settable <= set(one.get_config())


def test_the_classes_are_found():
    names = {cls.__name__ for cls in classes_with_a_config()}
    assert set(EXAMPLES) | {"LeastSquares"} <= names


# --------------------------------------------------------- the generator


@pytest.mark.slow
def test_exported_generator_needs_no_gan_keras(tmp_path):
    gan = tiny_gan()
    gan.compile()
    gan.fit(data(), epochs=2, verbose=0)
    latents = gan.draw_latents(3, seed=0)
    np.save(tmp_path / "latents.npy", latents)
    gan.export_generator(tmp_path / "g.keras")
    gan.export_generator(tmp_path / "g")
    code = """
import sys
import keras, numpy as np, tensorflow as tf
latents = np.load("latents.npy")
np.save("a.npy", keras.saving.load_model("g.keras")(latents))
model = tf.saved_model.load("g")
np.save("b.npy", model.serve(latents))
assert "gan_keras" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    expected = gan.generate_from(latents)
    assert not np.allclose(expected, gan.generate_from(latents, use_ema=False))
    for name in ("a.npy", "b.npy"):
        np.testing.assert_allclose(
            np.load(tmp_path / name), expected, atol=1e-6
        )


def assert_serves(path, gan):
    """Whether the SavedModel draws what the model draws."""
    latents = gan.draw_latents(2, seed=0)
    model = tf.saved_model.load(path)
    np.testing.assert_allclose(
        model.serve(latents), gan.generate_from(latents), atol=1e-6
    )


@keras.saving.register_keras_serializable("my_course")
class Counting(gk.GAN):
    """A model with a weight of its own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.mood = self.add_weight(
            shape=(2,), initializer="zeros", trainable=False, name="mood"
        )


def test_weights_of_a_class_of_ones_own_come_back(tmp_path):
    def made():
        gan = Counting(
            gk.networks.dcgan_generator((8, 8, 1), 4, 4),
            gk.networks.dcgan_discriminator((8, 8, 1), 4),
        )
        gan.compile(run_eagerly=True)
        return gan

    gan = made()
    gan.mood.assign([3.0, 5.0])
    gan.save(tmp_path / "model.keras")
    back = keras.saving.load_model(tmp_path / "model.keras")
    assert back.mood.numpy().tolist() == [3.0, 5.0]
    copied = gan.explain_step(tiny_images(4)).gan
    assert copied.mood.numpy().tolist() == [3.0, 5.0]
    resume = gk.callbacks.Resume(tmp_path / "run", seconds=0)
    gan.fit(tiny_images(4), batch_size=4, callbacks=[resume], verbose=0)
    other = made()
    resume = gk.callbacks.Resume(tmp_path / "run", seconds=0)
    other.fit(tiny_images(4), batch_size=4, callbacks=[resume], verbose=0)
    assert other.mood.numpy().tolist() == [3.0, 5.0]
    assert int(other.steps.numpy()) == 1  # it had nothing left to do


@pytest.mark.slow
def test_an_exported_directory_may_be_named_with_a_slash(tmp_path):
    gan = tiny_gan()
    gan.export_generator(f"{tmp_path / 'g'}/")
    assert [path.name for path in tmp_path.iterdir()] == ["g"]
    assert_serves(tmp_path / "g", gan)


@pytest.mark.slow
def test_a_model_whose_rate_came_to_rest_comes_back(tmp_path):
    gan = tiny_gan()
    gan.compile()
    scheduler = keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: 2e-3 * (1 - epoch)
    )
    gan.fit(data(), epochs=2, callbacks=[scheduler], verbose=0)
    assert float(gan.d_optimizer.learning_rate) == 0
    gan.save(tmp_path / "model.keras")
    back = keras.saving.load_model(tmp_path / "model.keras")
    assert float(back.g_optimizer.learning_rate) == 0
    assert same(state(back), state(gan))
    with pytest.raises(ValueError, match="d_optimizer.*rate above 0"):
        gan.compile(d_optimizer=keras.optimizers.Adam(0.0))


def test_an_export_keeps_off_directories_of_other_names(tmp_path):
    precious = tmp_path / "g.partial" / "notes.txt"
    precious.parent.mkdir()
    precious.write_text("mine")
    gan = tiny_gan()

    def fail(self, path, **kwargs):
        os.mkdir(path)
        raise OSError("No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(gan.ema_generator), "export", fail)
        with pytest.raises(OSError, match="No space"):
            gan.export_generator(tmp_path / "g")
    assert os.listdir(tmp_path) == ["g.partial"]
    gan.export_generator(tmp_path / "new" / "g")
    assert_serves(tmp_path / "new" / "g", gan)
    assert precious.read_text() == "mine"
    assert os.listdir(tmp_path / "new") == ["g"]


def test_export_overwrites_nothing_and_leaves_nothing_half(tmp_path):
    gan = tiny_gan()
    for name in ("g.keras", "g"):
        (tmp_path / name).write_text("precious")
        with pytest.raises(ValueError, match="`path` exists already"):
            gan.export_generator(tmp_path / name)
        assert (tmp_path / name).read_text() == "precious"

    def fail(path, **kwargs):
        with open(path, "wb") as file:
            file.write(b"half")
        raise OSError("No space left on device")

    gan.ema_generator.save = fail
    with pytest.raises(OSError, match="No space"):
        gan.export_generator(tmp_path / "new.keras")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["g", "g.keras"]


@keras.saving.register_keras_serializable("my_course")
class Twice(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs


def test_generator_with_a_layer_of_ones_own_becomes_a_saved_model(tmp_path):
    generator = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(64),
            Twice(name="twice"),
            keras.layers.Reshape((8, 8, 1)),
            keras.layers.Activation("tanh"),
        ]
    )
    gan = gk.GAN(generator, gk.networks.dcgan_discriminator((8, 8, 1), 4))
    with pytest.raises(ValueError, match="layer 'twice'.*Leave .keras away"):
        gan.export_generator(tmp_path / "g.keras")
    gan.export_generator(tmp_path / "g")
    assert_serves(tmp_path / "g", gan)
