"""What `gan-keras train` does and leaves behind, run by run."""

import csv
import itertools
import json
import os
import shutil
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import data_for
from conftest import same
from conftest import tiny_images
from conftest import tiny_recipe
from conftest import weights
from PIL import Image
from tensorflow.core.util import event_pb2

import gan_keras_cli
from gan_keras import callbacks
from gan_keras import datasets
from gan_keras import plots
from gan_keras import state
from gan_keras.cli import planning
from gan_keras.cli import training


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    """64 images without classes."""
    path = tmp_path_factory.mktemp("data") / "noise.npz"
    images = datasets.to_uint8(tiny_images(64))
    np.savez(path, x_train=images, x_test=images[:16])
    return path


def train(data, out, *arguments):
    """Runs the command, with a checkpoint after every epoch."""
    command = [
        "train", "--data", data, "--out", out, "--batch-size", 16,
        "--checkpoint-seconds", 0, *arguments,
    ]  # fmt: skip
    return gan_keras_cli.main([*map(str, command)])


@pytest.fixture(scope="module")
def run(noise, tmp_path_factory):
    """A finished run of three epochs."""
    out = tmp_path_factory.mktemp("runs") / "first"
    settings = ["--epochs", 3, "--width", 2, "--latent-dim", 7, "--seed", 4]
    assert train(noise, out, *settings) == 0
    return out


def model(out):
    return keras.saving.load_model(out / "model.keras")


def history(out):
    with open(out / "history.csv") as file:
        return list(csv.DictReader(file))


def event_tags(out):
    """How many events of each tag there are."""
    tags = []
    for path in (out / "logs" / "train").iterdir():
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            event = event_pb2.Event.FromString(record)
            tags += [value.tag for value in event.summary.value]
    return {tag: tags.count(tag) for tag in tags}


@pytest.mark.slow
def test_an_overwritten_run_leaves_nothing_behind(run, noise, tmp_path):
    old, new = tmp_path / "run", tmp_path / "new"
    shutil.copytree(run, old)
    assert (old / "checkpoints" / "epoch_00003.npz").exists()
    assert (old / "samples" / "epoch_0003.png").exists()
    settings = ["--epochs", 1, "--width", 3, "--raw"]
    assert train(noise, old, "--overwrite", *settings) == 0
    assert train(noise, new, *settings) == 0

    def files(out):  # the events' names have the time in them
        found = [path.relative_to(out) for path in out.rglob("*")]
        return sorted(map(str, (p for p in found if p.parent.name != "train")))

    assert files(old) == files(new)
    for folder, names in [
        ("checkpoints", ["epoch_00000.npz", "epoch_00001.npz"]),
        ("samples", ["epoch_0000.png", "epoch_0001.png"]),
    ]:
        assert sorted(path.name for path in (old / folder).iterdir()) == names
    for name in ("history.csv", "training.gif", "samples/epoch_0001.png"):
        assert (old / name).read_bytes() == (new / name).read_bytes()
    assert len(history(old)) == 1
    assert same(state.read(model(old)), state.read(model(new)))
    assert event_tags(old) == event_tags(new)
    assert event_tags(old)["epoch_d_loss"] == 1


@pytest.fixture
def fits(monkeypatch):
    """What `fit` is called with; nothing is trained."""
    calls = []

    def fit(options, gan, data, epochs, deadline=None):
        calls.append((gan, data, epochs, deadline))
        return 0

    monkeypatch.setattr(training, "fit", fit)
    return calls


@pytest.mark.parametrize(
    ("recipe", "batch_size", "epochs"),
    [
        ("dcgan", 48, 66),  # 5,500 steps of 83 an epoch: 66.3
        ("lsgan", 32, 80),  # 10,000 of 125
        ("sagan", 64, 121),  # 7,500 of 62: 120.97
    ],
)
def test_the_default_length_is_the_recipes(
    recipe, batch_size, epochs, tmp_path, fits
):
    out = tmp_path / "run"
    command = ["train", recipe, "--width", "2", "--out", str(out)]
    assert gan_keras_cli.main(command) == 0
    ((gan, data, found, deadline),) = fits
    assert data.element_spec.shape == (batch_size, 28, 28, 1)
    assert len(data) == 4000 // batch_size
    assert found == epochs and deadline is None
    assert json.loads((out / "config.json").read_text())["epochs"] == epochs
    # The learning rates come to rest with the last step, and no sooner.
    for optimizer, turns in [
        (gan.d_optimizer, gan.critic_steps),
        (gan.g_optimizer, 1),
    ]:
        rates = []
        for step in (epochs * len(data) - 1, epochs * len(data)):
            optimizer.iterations.assign(step * turns)
            rates.append(float(optimizer.learning_rate))
        assert rates[0] > 0 == rates[1]


@pytest.mark.parametrize(
    ("options", "steps", "epochs", "epoch_images"),
    [
        ([], 20, 275, 20 * 48),  # 5,500 steps
        (["--epochs", "3"], 1, 3, None),  # as asked for
        (["--batch-size", "2"], 27, 204, None),  # 54 images are enough: 203.7
    ],
)
def test_of_few_images_several_rounds_make_an_epoch(
    options, steps, epochs, epoch_images, tmp_path, fits
):
    for i in range(60):  # of which 54 are for training
        tiny = np.full((8, 8), 4 * i, np.uint8)
        (tmp_path / "few").mkdir(exist_ok=True)
        Image.fromarray(tiny).save(tmp_path / "few" / f"{i}.png")
    out = str(tmp_path / "run")
    command = ["train", "--width", "2", "--data", str(tmp_path / "few")]
    assert gan_keras_cli.main([*command, *options, "--out", out]) == 0
    ((_, data, found, _),) = fits
    assert (len(data), found) == (steps, epochs)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["epoch_images"] == epoch_images
    assert config["epochs"] == epochs


@pytest.mark.slow
def test_the_settings_are_brought_to_the_disk(noise, tmp_path, monkeypatch):
    synced = []

    def fsync(number):
        synced.append(os.readlink(f"/proc/self/fd/{number}"))

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("there is no telling which file it is")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        train(noise, tmp_path / "run", "--epochs", 1, "--width", 2)
    names = [os.path.basename(path) for path in synced]
    assert names[0] == "config.partial.json"


def test_the_seed_is_that_of_the_order_too(tmp_path, fits):
    command = ["train", "--width", "2", "--seed", "5"]
    assert gan_keras_cli.main([*command, "--out", str(tmp_path / "run")]) == 0
    ((gan, data, _, _),) = fits
    assert gan.seed == 5
    data.set_epoch(0)
    images, _ = datasets.load("digits")
    first = images[datasets.epoch_order(4000, 5, 0)[:48]]
    np.testing.assert_allclose(
        next(iter(data)), datasets.to_float(first), atol=1e-6
    )


@pytest.mark.slow
def test_a_run_that_diverges_keeps_the_last_good_state(
    noise, tmp_path, monkeypatch, capsys
):
    def spoil(self, epoch, logs=None):
        if epoch == 2:
            weight = self.model.generator.trainable_variables[0]
            weight.assign(np.full(weight.shape, np.nan))
        begin(self, epoch, logs)

    begin = callbacks.Pace.on_epoch_begin
    monkeypatch.setattr(callbacks.Pace, "on_epoch_begin", spoil)
    out = tmp_path / "run"
    with pytest.warns(UserWarning, match="Training diverged"):
        assert train(noise, out, "--epochs", 5, "--width", 2) == 1
    said = capsys.readouterr().out
    assert "Stopped in epoch 3 of 5: the training diverged" in said
    assert f"{out}/model.keras holds the last good state" in said
    assert "Done" not in said
    kept = state.read(model(out))
    assert all(map(state.is_finite, kept))
    # That of the end of the second epoch.
    with np.load(out / "checkpoints" / "epoch_00002.npz") as archive:
        assert same(kept, [archive[name] for name in archive.files])
    assert int(kept[0]) == 2 * 4
    assert not (out / "checkpoints" / "epoch_00003.npz").exists()


@pytest.mark.slow
def test_what_is_asked_for_is_what_is_left_behind(run, noise, tmp_path):
    asked, plain = tmp_path / "asked", tmp_path / "plain"
    settings = ["--epochs", 3, "--width", 2, "--latent-dim", 7, "--seed", 3]
    assert train(noise, asked, *settings, "--raw", "--histograms") == 0
    assert train(noise, plain, *settings) == 0
    gan, other = model(asked), model(run)
    config = json.loads((asked / "config.json").read_text())
    assert config["seed"] == gan.seed == 3
    assert config["latent_dim"] == gan.latent_dim == 7
    assert gan.generator.input_shape == (None, 7)
    # Other pictures and events, the same training.
    assert same(weights(gan), weights(model(plain)))
    assert history(asked) == history(plain)
    assert other.seed == 4 and not same(weights(gan), weights(other))
    # It began with other weights already: the noise of grids is always one.
    first, others = (out / "samples" / "epoch_0000.png" for out in (plain, run))
    assert first.read_bytes() != others.read_bytes()

    # --raw: the average's images to the left, the generator's to the right.
    latents = gan.grid_inputs(seed=0)
    average, raw = (
        plots.image_grid(gan.generate_from(latents, use_ema=use_ema))[..., 0]
        for use_ema in (True, False)
    )
    height, width = raw.shape
    assert not np.array_equal(average, raw)
    with Image.open(asked / "samples" / "epoch_0003.png") as image:
        both = np.asarray(image)[:height]
    np.testing.assert_array_equal(both[:, :width], average)
    np.testing.assert_array_equal(both[:, -width:], raw)
    assert both.shape[1] > 2 * width
    with Image.open(plain / "samples" / "epoch_0003.png") as image:
        np.testing.assert_array_equal(np.asarray(image)[:height], average)

    # --histograms: every weight and gradient, once an epoch.
    tags = event_tags(asked)
    for kind in ("weights", "gradients"):
        for network in (gan.generator, gan.discriminator):
            found = [t for t in tags if t.startswith(f"{kind}/{network.name}/")]
            assert len(found) == len(network.trainable_variables)
            assert {tags[tag] for tag in found} == {3}
    assert {t for t in tags if "/" not in t} == event_tags(plain).keys()


def timed_steps(gan, data, minutes, monkeypatch):
    """What `seconds_a_step` returns; after how many steps it saw the clock."""
    clock = itertools.accumulate([0, 4, 9, 2, 9, 1, 9, 3, 9, 5])
    made = []

    def monotonic():
        made.append(int(gan.steps.numpy()))
        return next(clock)

    with monkeypatch.context() as patch:
        patch.setattr(
            planning, "time", types.SimpleNamespace(monotonic=monotonic)
        )
        return planning.seconds_a_step(gan, data, minutes), made


@pytest.mark.slow
@pytest.mark.parametrize(
    "minutes, rounds, fastest",
    [
        (6, 1, 4),  # 3.6 seconds may be spent, and 4 are after one round
        (9, 2, 2),  # 5.4: 4 + 2
        (10.1, 3, 1),  # 6.06: 4 + 2 are less, 4 + 2 + 1 more
    ],
)
def test_steps_are_timed_for_a_hundredth_of_the_time(
    minutes, rounds, fastest, monkeypatch
):
    gan = tiny_recipe("dcgan")
    seconds, made = timed_steps(gan, data_for(gan), minutes, monkeypatch)
    assert seconds == fastest / 8
    assert made[-1] == 8 + 8 * rounds  # the first eight are compiled
    assert int(gan.steps) == 0


@pytest.mark.parametrize(
    "recipe", ["dcgan", pytest.param("sagan", marks=pytest.mark.slow)]
)
@pytest.mark.slow
def test_timed_steps_are_undone(recipe, monkeypatch):
    def fresh():
        keras.utils.set_random_seed(0)
        gan = tiny_recipe(recipe)
        return gan, data_for(gan)

    gan, data = fresh()
    before = state.read(gan)
    # Eight steps a time, which take 4, 2, 1, 3 and 5 seconds.
    assert timed_steps(gan, data, minutes=60, monkeypatch=monkeypatch) == (
        1 / 8,
        [8, 16, 16, 24, 24, 32, 32, 40, 40, 48],
    )
    assert same(before, state.read(gan))
    assert [float(metric.result()) for metric in gan.metrics] == (
        [0] * len(gan.metrics)
    )
    # The run that follows is one that was never timed.
    untimed, others = fresh()
    gan.fit(data, verbose=0)
    untimed.fit(others, verbose=0)
    assert same(state.read(gan), state.read(untimed))


@pytest.mark.parametrize("compiling, left", [(15, 0.75), (58, 0.25)])
def test_compiling_is_a_part_of_the_minutes_asked_for(
    tmp_path, monkeypatch, compiling, left
):
    """And a quarter is for training, however long it takes."""
    now = [100.0]

    def pace(gan, data, minutes):
        now[0] += compiling
        return 0.01

    class Planned(Exception):
        pass

    def plan(minutes, epochs, write):
        raise Planned(minutes)

    clock = types.SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr(training, "time", clock)
    monkeypatch.setattr(planning, "seconds_a_step", pace)
    monkeypatch.setattr(planning, "RecordedDeadline", plan)
    arguments = ["train", "gan", "--width", "2", "--minutes", "1"]
    with pytest.raises(Planned) as planned:
        gan_keras_cli.main([*arguments, "--out", str(tmp_path / "run")])
    assert planned.value.args[0] == pytest.approx(left)


@pytest.mark.parametrize(
    "arguments, pays, told",
    [
        (["--image-size", "40"], True, True),
        (["--image-size", "40"], False, False),
        (["--image-size", "40", "--precision", "mixed_bfloat16"], True, False),
        ([], True, False),
    ],
)
def test_who_could_train_faster_is_told(
    arguments, pays, told, fits, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(training, "sixteen_bits_pay", lambda: pays)
    common = ["train", "--width", "2", "--out", str(tmp_path / "run")]
    assert gan_keras_cli.main([*common, *arguments]) == 0
    assert len(fits) == 1
    output = capsys.readouterr().out
    assert ("--precision mixed_bfloat16" in output) == told
