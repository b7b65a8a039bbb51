"""What a run goes on from, and with which rules."""

import json

import keras
import numpy as np
import pytest
from conftest import tiny_recipe

import gan_keras as gk
import gan_keras_cli
from gan_keras.callbacks import resume as resuming


@pytest.fixture
def digits(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (24, 8, 8), np.uint8)
    np.savez(tmp_path / "few.npz", x_train=images, x_test=images[:9])
    return tmp_path / "few.npz"


def begin(digits, out, *more):
    arguments = [
        "train", "--epochs", 2, "--width", 2, "--batch-size", 8,
        "--data", digits, "--out", out, *more,
    ]  # fmt: skip
    return gan_keras_cli.main([*map(str, arguments)])


@pytest.mark.slow
def test_a_run_goes_on_with_the_rules_that_it_began_with(digits, tmp_path):
    """The recipe may have got others since."""
    out = tmp_path / "run"
    assert begin(digits, out) == 0
    config = json.loads((out / "config.json").read_text())
    rules = config["compile"]
    rules["penalties"][0]["config"]["gamma"] = 7.0
    for player in "dg":
        rate = rules[f"{player}_optimizer"]["config"]["learning_rate"]
        rate["config"]["hold"] = 0.125
    config["epochs"] = 3
    (out / "config.json").write_text(json.dumps(config))
    assert gan_keras_cli.main(["train", "--resume", str(out)]) == 0
    gan = keras.saving.load_model(out / "model.keras")
    assert int(gan.steps.numpy()) == 9
    assert gan.penalties[0].gamma == 7.0
    schedule = gan.g_optimizer._learning_rate
    assert (schedule.hold, schedule.steps) == (0.125, 9)


@pytest.mark.parametrize(
    "beside, named",
    [
        (["dcgan"], "RECIPE"),
        (["--data", "digits"], "--data"),
        (["--seed", "0"], "--seed"),
        (["--seed", "0", "--flip"], "--seed, --flip"),
    ],
)
def test_defaults_beside_resume_are_noticed_too(
    tmp_path, capsys, beside, named
):
    arguments = ["train", *beside, "--resume", str(tmp_path)]
    assert gan_keras_cli.main(arguments) == 2
    assert f"leave out {named}." in capsys.readouterr().err


class StopAfter(keras.callbacks.Callback):
    """Stops within an epoch, as `stop_training` allows."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.steps.numpy()) == self.steps:
            self.model.stop_training = True


def trained(directory, *before):
    keras.utils.set_random_seed(3)
    gan = tiny_recipe("lsgan", steps=12)
    gan.steps_per_execution = 1  # not a whole epoch in one call
    images = np.random.default_rng(0).uniform(-1, 1, (16, *gan.sample_shape))
    data = gk.datasets.pipeline(
        gk.datasets.to_uint8(images), batch_size=4, seed=1
    )
    gan.fit(
        data,
        epochs=3,
        verbose=0,
        callbacks=[*before, gk.callbacks.Resume(directory, seconds=0)],
    )
    return gan


@pytest.mark.slow
def test_an_epoch_that_was_cut_short_is_done_again(tmp_path):
    whole = trained(tmp_path / "whole")
    trained(tmp_path / "cut", StopAfter(6))  # the second of four
    found = resuming.newest(resuming.checkpoints(tmp_path / "cut"))
    assert found[0] == 1 and found[1][0] == 4
    again = trained(tmp_path / "cut")
    assert int(again.steps.numpy()) == 12
    for one, other in zip(whole.variables, again.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


class Spoil(keras.callbacks.Callback):
    """As if the last step had been too long."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            weight = self.model.generator.trainable_variables[0]
            weight.assign(np.nan * weight.numpy())
            self.model.stop_training = True


@pytest.mark.slow
def test_weights_that_are_no_numbers_are_no_checkpoint(tmp_path):
    trained(tmp_path, Spoil())
    epoch, values = resuming.newest(resuming.checkpoints(tmp_path))
    assert epoch == 1
    assert all(np.isfinite(value).all() for value in values)


@pytest.mark.slow
def test_any_damage_leads_to_the_checkpoint_before(tmp_path):
    trained(tmp_path)
    directory = resuming.checkpoints(tmp_path)
    path = resuming.path_of(directory, 3)
    with open(path, "rb") as file:
        content = bytearray(file.read())
    where = content.rindex(b"arr_2.npy")  # in the list of what is in it
    content[where] ^= 1
    with open(path, "wb") as file:
        file.write(content)
    with pytest.warns(UserWarning, match="is damaged"):
        epoch, _ = resuming.newest(directory)
    assert epoch == 2


@pytest.mark.slow
def test_a_plan_is_not_made_from_the_time_of_compiling():
    now = [0.0]

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            now[0] += 40 if int(self.model.steps.numpy()) == 1 else 0.5

    gan = tiny_recipe("lsgan", steps=400)
    gan.steps_per_execution = 1
    images = np.random.default_rng(0).uniform(-1, 1, (16, *gan.sample_shape))
    data = gk.datasets.pipeline(gk.datasets.to_uint8(images), batch_size=4)
    deadline = gk.callbacks.Deadline(1, clock=lambda: now[0])
    history = gan.fit(
        data, epochs=100, verbose=0, callbacks=[Clock(), deadline]
    )
    # 41.5 s for the first, 2 for each of the others: nine more until 60.
    assert len(history.epoch) == 10
    assert float(gan.g_optimizer.learning_rate) == 0


@pytest.mark.parametrize("labels", [[0, 3], [0], None])
def test_classes_that_the_networks_do_not_know(labels):
    gan = tiny_recipe("cgan", steps=2)  # three classes
    images = np.zeros((2, *gan.sample_shape), "float32")
    with pytest.raises(ValueError, match="`labels`"):
        gk.latent.project(gan, images, labels, steps=1)
    with pytest.raises(ValueError, match="`data`"):
        gan.explain_step((images, np.array(labels)) if labels else images)


def test_latents_may_be_a_list():
    gan = tiny_recipe("dcgan", steps=2)
    one, other = gan.draw_latents(2, seed=0)
    drawn = gan.generate_from([one, (one + other) / 2, other])
    expected = gan.generate_from(np.stack([one, (one + other) / 2, other]))
    np.testing.assert_array_equal(drawn, expected)
