"""The command line, from the outside."""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import tiny_gan
from conftest import tiny_recipe
from conftest import two_cpus
from PIL import Image
from tensorflow.python.summary.summary_iterator import summary_iterator

import gan_keras_cli
from gan_keras import recipes
from gan_keras.plots import image_grid
from gan_keras_cli.checks import UsageError
from gan_keras_cli.checks import check_train
from gan_keras_cli.names import CRITIC_STEPS
from gan_keras_cli.names import DATA_SETS
from gan_keras_cli.names import RECIPES
from gan_keras_cli.parser import build_parser
from gan_keras_cli.runs import RUN_KEYS

TRAIN = [
    "train", "--epochs", "2", "--width", "2", "--latent-dim", "4",
    "--batch-size", "64", "--checkpoint-seconds", "1000",
]  # fmt: skip


def gan_keras(*arguments, **kwargs):
    return subprocess.run(
        [sys.executable, "-m", "gan_keras_cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        **kwargs,
    )


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """An .npz of few small digits: the commands are tested, not the quality."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "small.npz"
    images = rng.integers(0, 256, (128, 8, 8), dtype=np.uint8)
    arrays = {"x_train": images, "y_train": np.arange(128) % 10}
    np.savez(path, **arrays, x_test=images[:16], y_test=np.arange(16) % 10)
    return path


@pytest.fixture(scope="module")
def run(digits, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "first"
    result = gan_keras(*TRAIN, "--data", digits, "--out", out)
    assert result.returncode == 0, result.stderr
    return out, result


def test_train_leaves_everything_in_one_directory(run):
    out, result = run
    assert sorted(path.name for path in out.iterdir()) == [
        ".lock", "checkpoints", "config.json", "history.csv", "logs",
        "losses.png", "model.keras", "samples", "training.gif",
    ]  # fmt: skip
    assert len(list((out / "samples").iterdir())) == 3
    with Image.open(out / "training.gif") as gif:
        assert gif.n_frames == 3
    with open(out / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert {"d_loss", "g_loss", "d_real", "d_fake"} <= set(rows[0])
    # Half of the images a step: seen 0, 1/2, 1, 3/2 times, of 200 until 0.5.
    shifted = [float(row["augment_p"]) for row in rows]
    assert shifted == pytest.approx([0.25 / 400, 1.25 / 400], rel=1e-4)
    assert "Epoch 2/2" in result.stdout
    assert result.stderr == ""  # none of TensorFlow's start-up notes


def test_config_tells_every_setting(run):
    config = json.loads((run[0] / "config.json").read_text())
    assert config["epochs"] == 2 and config["seed"] == 0
    assert config["images"] == [128, 8, 8, 1]
    assert config["versions"]["keras"] == keras.__version__
    assert config["compile"]["loss"]["class_name"] == "NonSaturating"
    parser = build_parser()
    options = vars(parser.parse_args(["train"]))
    assert set(options) - {"command", "overwrite", "resume"} <= set(config)


@pytest.mark.slow
def test_model_loads_after_nothing_but_the_import(run):
    code = (
        "import sys, keras, gan_keras\n"
        "gan = keras.saving.load_model(sys.argv[1])\n"
        "print(gan.compiled, gan.generate(3, seed=0).shape)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(run[0] / "model.keras")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.stdout.strip() == "True (3, 8, 8, 1)", result.stderr


@pytest.mark.slow
def test_sample(run, tmp_path):
    for name, seed in [("a", "1"), ("b", "1"), ("c", "2")]:
        path = tmp_path / f"{name}.png"
        arguments = "sample", run[0], "-n", 6, "--seed", seed, "--out", path
        assert gan_keras_cli.main([*map(str, arguments)]) == 0
    a, b, c = (
        np.asarray(Image.open(tmp_path / f"{name}.png")) for name in "abc"
    )
    assert a.ndim == 2 and np.array_equal(a, b) and not np.array_equal(a, c)
    assert os.listdir(tmp_path).count("a.partial.png") == 0


@pytest.mark.slow
def test_sample_truncated(run, tmp_path):
    gan = keras.saving.load_model(run[0] / "model.keras")
    path = tmp_path / "a.png"
    arguments = [
        "sample", run[0], "-n", 4, "--seed", 1, "--truncation", 0.5,
        "--out", path,
    ]  # fmt: skip
    assert gan_keras_cli.main([*map(str, arguments)]) == 0
    wanted = image_grid(gan.generate(4, seed=1, truncation=0.5), 2)
    np.testing.assert_array_equal(Image.open(path), wanted[..., 0])
    whole = image_grid(gan.generate(4, seed=1), 2)
    assert not np.array_equal(wanted, whole)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "much"])
def test_truncation_is_positive(run, text, capsys):
    arguments = ["sample", str(run[0]), f"--truncation={text}"]
    with pytest.raises(SystemExit) as stop:
        gan_keras_cli.main(arguments)
    assert stop.value.code == 2
    assert "--truncation" in capsys.readouterr().err


def test_interpolate(run, tmp_path):
    path = tmp_path / "walk.gif"
    arguments = [
        "interpolate", run[0], "--out", path, "--stops", 3, "--frames", 4,
        "--seed", 1,
    ]  # fmt: skip
    assert gan_keras_cli.main([*map(str, arguments)]) == 0
    gan = keras.saving.load_model(run[0] / "model.keras")
    images = gan.generate_from(gan.walk_inputs(3, 4, 1))
    with Image.open(path) as gif:
        assert gif.n_frames == len(images) == 12
        for number, image in enumerate(images):
            gif.seek(number)
            wanted = image_grid(image[None], 1, min_width=280)
            np.testing.assert_array_equal(gif.convert("L"), wanted[..., 0])
    assert np.abs(images[0] - images[4]).max() > 1e-3


def test_recipes_are_listed_without_tensorflow(capsys):
    code = (
        "import sys, gan_keras_cli\n"
        "assert gan_keras_cli.main(['recipes']) == 0\n"
        "assert 'tensorflow' not in sys.modules"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    named = [line.split()[0] for line in lines[1:] if line][:-1]
    assert named == list(RECIPES)
    assert all(len(line) <= 80 for line in lines)


@pytest.fixture(scope="module")
def colour_classes(tmp_path_factory):
    """A folder of colour images, one sub-folder for each of three classes."""
    folder = tmp_path_factory.mktemp("data") / "flags"
    rng = np.random.default_rng(0)
    for name in ("red", "green", "blue"):
        (folder / name).mkdir(parents=True)
        for i in range(12):
            image = rng.integers(0, 256, (10, 10, 3), dtype=np.uint8)
            Image.fromarray(image).save(folder / name / f"{i}.png")
    return folder


@pytest.mark.slow
def test_a_conditional_recipe_on_a_folder(colour_classes, tmp_path, capsys):
    out = tmp_path / "flags"
    arguments = [
        "train", "cgan", "--epochs", 1, "--width", 2, "--latent-dim", 4,
        "--batch-size", 8, "--data", colour_classes, "--image-size", 8,
        "--out", out,
    ]  # fmt: skip
    assert gan_keras_cli.main([*map(str, arguments)]) == 0
    gan = keras.saving.load_model(out / "model.keras")
    assert gan.num_classes == 3
    wanted = gan.generate(4, labels=2, seed=1)
    path = tmp_path / "blue.png"
    arguments = ["sample", out, "-n", 4, "--label", 2, "--seed", 1]
    assert gan_keras_cli.main([*map(str, arguments), "--out", str(path)]) == 0
    np.testing.assert_array_equal(Image.open(path), image_grid(wanted, 2))
    path = tmp_path / "walk.gif"
    arguments = ["interpolate", out, "--out", path, "--stops", 3, "--frames", 2]
    assert gan_keras_cli.main([*map(str, arguments)]) == 0
    with Image.open(path) as gif:
        assert gif.n_frames == 6
    arguments = ["sample", out, "--label", 3, "--out", tmp_path / "no.png"]
    capsys.readouterr()
    assert gan_keras_cli.main([*map(str, arguments)]) == 2
    assert "must lie in 0 to 2" in capsys.readouterr().err


def test_data_is_described_and_shown(colour_classes, tmp_path, capsys):
    sheet = tmp_path / "sheet.png"
    (colour_classes / "red" / "bad.png").write_text("no image")
    try:
        arguments = ["data", colour_classes, "--preview", sheet]
        assert gan_keras_cli.main([*map(str, arguments)]) == 0
    finally:
        (colour_classes / "red" / "bad.png").unlink()
    out = capsys.readouterr().out
    for part in ("37 files", "class 0: blue, 12", "10x10 (36)", "bad.png"):
        assert part in out
    with Image.open(sheet) as image:
        assert image.mode == "RGB"


def test_data_of_many_sizes_needs_one_for_the_sheet(tmp_path, capsys):
    folder = tmp_path / "images"
    folder.mkdir()
    for size in (8, 9):
        Image.new("L", (size, size)).save(folder / f"{size}.png")
    assert gan_keras_cli.main(["data", str(folder)]) == 0
    sheet = tmp_path / "sheet.out.png"
    arguments = ["data", str(folder), "--preview", str(sheet)]
    assert gan_keras_cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert "--image-size" in error and len(error.splitlines()) == 1
    assert not sheet.exists()
    assert gan_keras_cli.main([*arguments, "--image-size", "8"]) == 0


def graphs_in(logs):
    return sum(
        event.HasField("graph_def")
        for path in logs.rglob("*.tfevents*")
        for event in summary_iterator(str(path))
    )


@pytest.mark.slow
def test_a_folder_on_the_disk_resumes_bit_identical(colour_classes, tmp_path):
    arguments = [
        "train", "cgan", "--epochs", 3, "--width", 2, "--latent-dim", 4,
        "--batch-size", 8, "--data", colour_classes, "--image-size", 8,
        "--flip", "--memory", 0, "--checkpoint-seconds", 0,
        "--precision", "mixed_bfloat16",
        "--graph", "--snapshot-minutes", "1e-9",
    ]  # fmt: skip
    weights = []
    for out in (tmp_path / "whole", tmp_path / "stopped"):
        assert (
            gan_keras_cli.main([*map(str, arguments), "--out", str(out)]) == 0
        )
        if out.name == "stopped":  # as if it had been killed in epoch 3
            (out / "checkpoints" / "epoch_00003.npz").unlink()
            (out / "model.keras").unlink()
            assert gan_keras_cli.main(["train", "--resume", str(out)]) == 0
        gan = keras.saving.load_model(out / "model.keras")
        assert gan.steps.numpy() == 3 * 4
        layers = gan.discriminator.layers
        assert "bfloat16" in {layer.compute_dtype for layer in layers}
        weights.append(gan.get_weights())
        # Grids within an epoch, and the graph of a step.
        assert [*(out / "samples").glob("epoch_0002_step_0000?.png")]
        assert graphs_in(out / "logs") == 1
    for a, b in zip(*weights):
        np.testing.assert_array_equal(a, b)
    # Mirroring made a difference.
    out = tmp_path / "plain"
    arguments.remove("--flip")
    assert gan_keras_cli.main([*map(str, arguments), "--out", str(out)]) == 0
    other = keras.saving.load_model(out / "model.keras").get_weights()
    assert any((a != b).any() for a, b in zip(weights[0], other))


@pytest.mark.slow
@pytest.mark.parametrize("size", [32, 48, 64, 96, 128])
def test_any_size_of_images_from_a_folder(colour_classes, size, tmp_path):
    out = tmp_path / "run"
    arguments = [
        "train", "dcgan", "--epochs", 1, "--width", 2, "--batch-size", 32,
        "--data", colour_classes, "--image-size", size, "--out", out,
    ]  # fmt: skip
    assert gan_keras_cli.main([*map(str, arguments)]) == 0
    gan = keras.saving.load_model(out / "model.keras")
    assert gan.sample_shape == (size, size, 3)


@pytest.mark.slow
def test_minutes_shorten_long_epochs(tmp_path, capsys):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60_000, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "many.npz", x_train=images, x_test=images[:9])
    out = tmp_path / "run"
    arguments = [
        "train", "--minutes", "0.3", "--width", 2, "--batch-size", 4,
        "--data", tmp_path / "many.npz", "--out", out,
    ]  # fmt: skip
    assert gan_keras_cli.main([*map(str, arguments)]) == 0
    config = json.loads((out / "config.json").read_text())
    # Keras' bar counted towards the plan, not towards all that was possible.
    last = config["epochs"]
    printed = re.findall(r"^Epoch (\d+)/(\d+)$", capsys.readouterr().out, re.M)
    assert [int(epoch) for epoch, _ in printed] == [*range(1, last + 1)]
    # (If the machine was slow in the last one, another one had been planned.)
    assert last <= int(printed[-1][1]) <= last + max(1, last // 4)
    # Of 15,000 steps, one whole epoch would take far more than that.
    # The plan is 20 epochs; with other tests beside this one, fewer fit in.
    assert 2 <= config["epochs"] <= 42
    assert 0 < config["epoch_images"] < 60_000
    gan = keras.saving.load_model(out / "model.keras")
    assert gan.steps.numpy() * 4 == config["epochs"] * config["epoch_images"]
    assert float(gan.g_optimizer.learning_rate) == 0


@pytest.mark.slow
def test_a_run_of_an_older_version_resumes(run, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(run[0], out)
    config = json.loads((out / "config.json").read_text())
    for name in ("flip", "memory", "graph", "epoch_images", "model"):
        del config[name]
    (out / "config.json").write_text(json.dumps(config))
    assert gan_keras_cli.main(["train", "--resume", str(out)]) == 0


@pytest.mark.slow
def test_a_run_goes_on_as_it_was_though_its_recipe_has_changed(
    digits, tmp_path, monkeypatch
):
    from gan_keras import recipes

    out = tmp_path / "run"
    command = ["train", "--epochs", "1", "--data", str(digits)]
    assert gan_keras_cli.main([*command, "--out", str(out)]) == 0
    config = json.loads((out / "config.json").read_text())
    # Nothing of that was said; it is the recipe's.
    assert config["batch_size"] == 48 and config["latent_dim"] == 32
    assert config["ema_decay"] == 0.9985 and config["class_names"] is None
    network = config["model"]["config"]["discriminator"]["config"]
    assert network["layers"][1]["config"]["filters"] == 16
    (out / "config.json").write_text(json.dumps(config | {"epochs": 2}))
    before = recipes.RECIPES["dcgan"]

    def changed(image_shape, steps, latent_dim=None, width=None, seed=None):
        return before(image_shape, steps, 7, 3, seed)

    changed.steps, changed.batch_size, changed.classes = 100, 32, False
    monkeypatch.setitem(recipes.RECIPES, "dcgan", changed)
    assert gan_keras_cli.main(["train", "--resume", str(out)]) == 0
    gan = keras.saving.load_model(out / "model.keras")
    assert gan.latent_dim == 32 and gan.steps.numpy() == 2 * (128 // 48)
    # The rates have come to rest after two epochs, not after one.
    assert float(gan.d_optimizer.learning_rate) == 0
    assert len((out / "history.csv").read_text().splitlines()) == 3


@pytest.mark.slow
def test_a_class_may_be_called_by_its_name(colour_classes, tmp_path, capsys):
    out, path = tmp_path / "run", tmp_path / "a.png"
    command = ["train", "cgan", "--epochs", "1", "--data", str(colour_classes)]
    command += ["--width", "2", "--batch-size", "4", "--out", str(out)]
    assert gan_keras_cli.main(command) == 0
    config = json.loads((out / "config.json").read_text())
    names = sorted(path.name for path in colour_classes.iterdir())
    assert config["class_names"] == names
    drawn = []
    for label in (names[1], "1", names[0]):
        sample = ["sample", str(out), "-n", "4", "--seed", "1", "--out"]
        assert gan_keras_cli.main([*sample, str(path), "--label", label]) == 0
        drawn.append(path.read_bytes())
    assert drawn[0] == drawn[1] != drawn[2]
    # Another class would give the others new numbers.
    shutil.copytree(colour_classes, tmp_path / "more")
    shutil.copytree(colour_classes / names[0], tmp_path / "more" / "a new one")
    config["data"] = str(tmp_path / "more")
    (out / "config.json").write_text(json.dumps(config))
    assert gan_keras_cli.main(["train", "--resume", str(out)]) == 2
    assert "The run's classes are" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "more")  # a drive that is not there today
    assert gan_keras_cli.main(["train", "--resume", str(out)]) == 2
    assert "there is no such folder now" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_resumes_from_another_directory(digits, tmp_path, monkeypatch):
    monkeypatch.chdir(digits.parent)
    out = tmp_path / "run"
    assert (
        gan_keras_cli.main([*TRAIN, "--data", digits.name, "--out", str(out)])
        == 0
    )
    assert json.loads((out / "config.json").read_text())["data"] == str(digits)
    monkeypatch.chdir(out)
    assert gan_keras_cli.main(["train", "--resume", "."]) == 0


@pytest.mark.slow
def test_warnings_are_one_line(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    Image.new("RGB", (8, 8)).save(folder / "good.png")
    (folder / "bad.png").write_text("no image")
    result = gan_keras("train", "--data", folder, "--out", tmp_path / "run")
    assert result.returncode == 2  # one image is less than a batch
    warning, error = result.stderr.strip().splitlines()
    assert warning.startswith("gan-keras: warning: Skipped 1 of 2 files")
    assert error.startswith("gan-keras: error: ")


def test_a_conditional_recipe_needs_classes(tmp_path, capsys):
    images = np.zeros((16, 8, 8), np.uint8)
    np.savez(tmp_path / "plain.npz", x_train=images, x_test=images)
    arguments = [
        "train", "cgan", "--epochs", 1, "--data", tmp_path / "plain.npz",
        "--out", tmp_path / "run",
    ]  # fmt: skip
    assert gan_keras_cli.main([*map(str, arguments)]) == 2
    assert "cgan needs a class for every image" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_label_is_for_conditional_models(run, tmp_path, capsys):
    arguments = ["sample", run[0], "--label", 1, "--out", tmp_path / "a.png"]
    assert gan_keras_cli.main([*map(str, arguments)]) == 2
    assert "--label is for conditional models" in capsys.readouterr().err


@pytest.mark.slow
def test_same_seed_same_weights_whole_command(run, digits, tmp_path):
    gan_keras(*TRAIN, "--data", digits, "--out", tmp_path / "again")
    models = [
        keras.saving.load_model(out / "model.keras")
        for out in (run[0], tmp_path / "again")
    ]
    for a, b in zip(*(model.get_weights() for model in models)):
        np.testing.assert_array_equal(a, b)
    assert (run[0] / "history.csv").read_bytes() == (
        tmp_path / "again" / "history.csv"
    ).read_bytes()


def test_an_existing_run_is_not_overwritten(run, digits):
    before = {p: p.stat().st_mtime_ns for p in run[0].rglob("*")}
    result = gan_keras(*TRAIN, "--data", digits, "--out", run[0])
    assert result.returncode == 2
    assert "not overwritten" in result.stderr
    assert before == {p: p.stat().st_mtime_ns for p in run[0].rglob("*")}


def test_two_folders_with_dots_in_their_names_are_two_runs(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    seen = []
    for name in ("v1.0", "v1.5"):
        (tmp_path / name).mkdir()
        options = build_parser().parse_args(
            ["train", "--data", str(tmp_path / name) + "/"]
        )
        check_train(options)
        seen.append(options.out)
    assert seen == [os.path.join("runs", f"dcgan-v1.{i}") for i in (0, 5)]


def test_overwrite_deletes_runs_only(tmp_path, digits):
    (tmp_path / "thesis.txt").write_text("years of work")
    result = gan_keras(
        *TRAIN, "--data", digits, "--out", tmp_path, "--overwrite"
    )
    assert result.returncode == 2
    assert "deletes earlier runs only" in result.stderr
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize("config", ['{"name": "a web page"}', "[]", "{"])
def test_overwrite_knows_the_config_of_a_run(tmp_path, config, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    (tmp_path / "config.json").write_text(config)
    assert gan_keras_cli.main([*TRAIN, "--out", str(tmp_path), "--overwrite"])
    assert "deletes earlier runs only" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize("inside", ["small.npz", "faces"])
def test_overwrite_spares_the_data(run, digits, tmp_path, inside, capsys):
    out = tmp_path / "run"
    shutil.copytree(run[0], out)
    shutil.copy(digits, out)
    (out / "faces").mkdir()
    arguments = ["--data", str(out / inside), "--out", str(out), "--overwrite"]
    assert gan_keras_cli.main([*TRAIN, *arguments]) == 2
    assert "would delete the data" in capsys.readouterr().err
    assert (out / "small.npz").exists() and (out / "model.keras").exists()


def test_an_overwrite_that_was_interrupted_can_be_repeated(
    run, tmp_path, monkeypatch
):
    from gan_keras.cli import run_directory

    removed = []
    for module, name in [(os, "remove"), (shutil, "rmtree")]:
        monkeypatch.setattr(
            module, name, lambda path: removed.append(os.path.basename(path))
        )
    run_directory.clear(run[0])
    assert removed.pop() == "config.json"
    assert {"checkpoints", "history.csv", "model.keras"} <= {*removed}


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        (".lock", False),
        ("config.partial.json", False),
        (".pixels-a1b2c3", False),  # see `decoded`, on Windows
        ("pixels.png", True),
        ("thesis.partial.txt", True),
        ("config.partial.json/", True),
        ("photos.partial/", True),
    ],
)
def test_only_our_own_leftovers_count_as_nothing(tmp_path, name, counts):
    out = tmp_path / "run"
    out.mkdir()
    if name.endswith("/"):
        (out / name).mkdir()
    else:
        (out / name).write_text("")
    arguments = ["train", "--out", str(out)]
    options = build_parser().parse_args(arguments)
    if counts:
        with pytest.raises(UsageError, match="holds files"):
            check_train(options)
    else:
        check_train(options)


def test_files_that_came_while_the_data_were_read_stay(
    digits, tmp_path, monkeypatch, capsys
):
    from gan_keras import datasets

    out = tmp_path / "run"
    load = datasets.load

    def slowly(*args, **kwargs):
        out.mkdir()
        (out / "thesis.txt").write_text("years of work")
        return load(*args, **kwargs)

    monkeypatch.setattr(datasets, "load", slowly)
    arguments = [*TRAIN, "--data", str(digits), "--out", str(out)]
    assert gan_keras_cli.main(arguments) == 2
    assert "holds files already" in capsys.readouterr().err
    assert {path.name for path in out.iterdir()} == {".lock", "thesis.txt"}


@pytest.fixture
def unread(monkeypatch):
    """Fails when images are loaded."""
    monkeypatch.setattr("gan_keras.datasets.load", None)


def damage(folder):
    """The newest checkpoint; what is left is the one of the beginning."""
    old, new = sorted(folder.iterdir())
    assert old.name == "epoch_00000.npz"
    new.write_bytes(new.read_bytes()[:-100])


@pytest.mark.parametrize("left", ["history.csv", "model.keras"])
@pytest.mark.parametrize(
    ("lose", "message"),
    [(shutil.rmtree, "needs a checkpoint"), (damage, "epoch_00002.npz is dam")],
)
def test_a_run_that_lost_its_checkpoints_is_not_begun_anew(
    run, tmp_path, lose, message, left, capsys, unread
):
    out = tmp_path / "run"
    shutil.copytree(run[0], out)
    (lost,) = {"history.csv", "model.keras"} - {left}
    (out / lost).unlink()
    lose(out / "checkpoints")
    before = (out / left).read_bytes()
    assert gan_keras_cli.main(["train", "--resume", str(out)]) == 2
    error = capsys.readouterr().err
    assert message in error and "going on" not in error
    assert len(error.strip().splitlines()) == 1
    assert (out / left).read_bytes() == before


@pytest.mark.slow
def test_a_run_killed_at_its_beginning_begins_again(run, tmp_path):
    out = tmp_path / "run"
    out.mkdir()
    shutil.copy(run[0] / "config.json", out)
    assert gan_keras_cli.main(["train", "--resume", str(out)]) == 0
    assert len((out / "history.csv").read_text().splitlines()) == 3


def test_a_second_ctrl_c_interrupts_at_once():
    from gan_keras.cli.training import CtrlC

    with CtrlC() as keys:
        signal.raise_signal(signal.SIGINT)
        assert keys.pressed
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def press_ctrl_c(epoch):
    """A method for a callback: in the first step of that epoch."""

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.steps.numpy()) == 2 * epoch + 1:
            signal.raise_signal(signal.SIGINT)

    return on_train_batch_end


@pytest.mark.parametrize("epoch", [0, 1])
@pytest.mark.slow
def test_ctrl_c_loses_no_whole_epoch(
    digits, tmp_path, epoch, monkeypatch, capsys
):
    from gan_keras.callbacks import Pace

    out = tmp_path / "run"
    arguments = [*TRAIN, "--data", str(digits), "--out", str(out)]
    # One step a call, or each epoch would be over in the first.
    monkeypatch.setattr(recipes, "steps_a_call", lambda *arguments: 1)
    with monkeypatch.context() as patch:
        patch.setattr(Pace, "on_train_batch_end", press_ctrl_c(epoch))
        assert gan_keras_cli.main(arguments) == 130
    assert f"Interrupted after {epoch} of 2 epochs" in capsys.readouterr().out
    # Though no twenty seconds have gone by since the one before.
    assert (out / "checkpoints" / f"epoch_0000{epoch}.npz").exists()
    gan = keras.saving.load_model(out / "model.keras")
    assert gan.steps.numpy() == 2 * epoch + 1
    assert gan_keras_cli.main(["train", "--resume", str(out)]) == 0
    gan = keras.saving.load_model(out / "model.keras")
    assert gan.steps.numpy() == 4
    assert len((out / "history.csv").read_text().splitlines()) == 3


def test_ctrl_c_before_the_first_step_changes_nothing(
    run, tmp_path, monkeypatch
):
    from gan_keras.callbacks import DivergenceGuard

    def interrupt(*args):
        raise KeyboardInterrupt

    out = tmp_path / "run"
    shutil.copytree(run[0], out)
    monkeypatch.setattr(DivergenceGuard, "on_train_begin", interrupt)
    before = (out / "model.keras").read_bytes()
    assert gan_keras_cli.main(["train", "--resume", str(out)]) == 130
    assert (out / "model.keras").read_bytes() == before


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        tf.errors.ResourceExhaustedError(None, None, "No space left\n\t[[x]]"),
        MemoryError("No space left"),
    ],
    ids=["python", "tensorflow", "memory"],
)
@pytest.mark.slow
def test_a_full_disk_loses_no_whole_epoch(
    digits, tmp_path, error, monkeypatch, capsys
):
    from gan_keras.callbacks import SampleGrid

    def fail(self, epoch, logs=None):
        if epoch == 1:
            raise error
        end(self, epoch, logs)

    end = SampleGrid.on_epoch_end
    out = tmp_path / "run"
    arguments = [*TRAIN, "--data", str(digits), "--out", str(out)]
    with monkeypatch.context() as patch:
        patch.setattr(SampleGrid, "on_epoch_end", fail)
        assert gan_keras_cli.main(arguments) == 2
    said = capsys.readouterr()
    (line,) = said.err.strip().splitlines()
    assert line.startswith("gan-keras: error: ") and "No space left" in line
    assert "Stopped after 1 of 2 epochs" in said.out and "--resume" in said.out
    assert (out / "checkpoints" / "epoch_00001.npz").exists()
    assert keras.saving.load_model(out / "model.keras").steps.numpy() == 4
    # The second epoch lacked its picture, and is run again.
    assert gan_keras_cli.main(["train", "--resume", str(out)]) == 0
    with Image.open(out / "training.gif") as gif:
        assert gif.n_frames == 3


@pytest.mark.slow
def test_minutes_end_with_the_learning_rate_at_zero(digits, tmp_path):
    out = tmp_path / "run"
    result = gan_keras(
        "train", "--minutes", "0.03", "--width", 2, "--data", digits,
        "--batch-size", 64, "--out", out,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    config = json.loads((out / "config.json").read_text())
    with open(out / "history.csv") as file:
        assert len(list(csv.DictReader(file))) == config["epochs"]
    gan = keras.saving.load_model(out / "model.keras")
    # The timed steps were undone, and the schedule ends with the run.
    assert gan.steps.numpy() * 64 == config["epoch_images"] * config["epochs"]
    assert float(gan.g_optimizer.learning_rate) == 0


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
@pytest.mark.slow
def test_ctrl_c_saves_what_there_is(digits, tmp_path):
    out = tmp_path / "run"
    arguments = ["train", "--epochs", "100000", "--width", "2", "--data"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gan_keras_cli", *arguments, digits, "--out",
         out],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background may have been told to ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not (out / "samples" / "epoch_0003.png").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Interrupted after" in stdout
    assert "Traceback" not in stderr
    keras.saving.load_model(out / "model.keras")
    with Image.open(out / "training.gif") as gif:
        assert gif.n_frames >= 4
    assert (out / "losses.png").exists()


@pytest.mark.slow
def test_a_run_in_use_is_left_alone(digits, tmp_path):
    from gan_keras.files import in_use

    out = tmp_path / "run"
    out.mkdir()
    with in_use(out):
        result = gan_keras(*TRAIN, "--data", digits, "--out", out)
    assert result.returncode == 2
    assert "Another process is writing" in result.stderr
    assert sorted(path.name for path in out.iterdir()) == [".lock"]


BEFORE_TENSORFLOW = [
    (["train", "dcgam"], "Received: 'dcgam'"),
    (["train", "--epochs", "0"], "1 or more. Received: '0'"),
    (["train", "--epochs", "many"], "Received: 'many'"),
    (["train", "--minutes", "-1"], "above 0. Received: '-1'"),
    (["train", "--minutes", "1", "--epochs", "2"], "not allowed with"),
    (["train", "--seed", "-3"], "Received: '-3'"),
    (["train", "--batch-size", "1.5"], "Received: '1.5'"),
    (["train", "--data", "no/such/folder"], "no such file or folder"),
    (["train", "--data", "mnsit"], "did you mean mnist? Received: 'mnsit'"),
    (["train", "--data", "{file}"], "must be a .npz file, or a folder"),
    (["evaluate", "{model}", "--data", "facse"], "no such file or folder"),
    (["sample", "{model}", "--label", "-1"], "whole number, 0 or more"),
    (["sample", "{model}", "--label", "cta"], "one of cat, dog, or a whole"),
    (["train", "--out", "{file}"], "must be a directory, but is a file"),
    (["train", "--out", "{file}/below"], "cannot write below"),
    (["sample", "no_run"], "must be the directory of a run"),
    (["sample", "{file}"], "or a .keras file"),
    (["sample", "{model}", "--out", "x.jpg"], "must end in .png"),
    (["sample", "{model}", "--out", "no/such/x.png"], "directory that exists"),
    (["interpolate", "{model}", "--out", "x.mp4"], "must end in .gif"),
    (["sample", "{model}", "-n", "0"], "Received: '0'"),
    (["train", "--resume", "no_run"], "directory of a run"),
    (["train", "--memory", "-1"], "0 or more. Received: '-1'"),
    (["train", "--snapshot-minutes", "-1"], "above 0, or 0. Received: '-1'"),
    (["train", "--snapshot-minutes", "often"], "above 0, or 0. Received: 'of"),
    (["data"], "required: FOLDER"),
    (["data", "no/such"], "must be a folder of images"),
    (["data", "{file}"], "must be a folder of images"),
    (["data", ".", "--preview", "x.jpg"], "--preview must end in .png"),
    (["data", ".", "--preview", "no/such/x.png"], "directory that exists"),
    (["data", ".", "--image-size", "0"], "1 or more. Received: '0'"),
    (["train", "--resume", ".", "--width", "9"], "leave out --width"),
    (["train", "wgan", "--batch-size", "64"], "a multiple of 5 for wgan"),
    (["train", "--data", "."], "--out must lie outside"),
    (["train", "--data", ".", "--out", "."], "--out must lie outside"),
    (["data", ".", "--preview", "x.png"], "--preview must lie outside"),
    (["evaluate", "{model}", "--data", "."], "--out must lie outside"),
    (["evaluate", "{model}", "--samples", "11"], "12 or more. Received: '11'"),
    (["train", "--data", "~nobody_at_all/x"], "no such file or folder"),
    (["sample", "{model}", "--out", "faces/x.png"], "--out must lie outside"),
    (
        ["evaluate", "{model}", "--data", "digits", "--out", "faces/x.png"],
        "--out must lie outside",
    ),
    (["fly"], "invalid choice: 'fly'"),
    ([], "required"),
]


@pytest.mark.parametrize(
    ("arguments", "message"), BEFORE_TENSORFLOW, ids=lambda v: str(v)[:40]
)
def test_mistakes_are_told_in_one_line_before_tensorflow(
    arguments, message, tmp_path, capsys, monkeypatch
):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "gan.keras").write_text("not loaded here")
    (tmp_path / "faces").mkdir()
    config = dict.fromkeys(RUN_KEYS)
    config["data"] = str(tmp_path / "faces")
    config["class_names"] = ["cat", "dog"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    monkeypatch.chdir(tmp_path)
    # Importing the package would be the point where TensorFlow comes in.
    monkeypatch.setitem(sys.modules, "gan_keras.cli", None)
    places = {"file": tmp_path / "file", "model": tmp_path / "gan.keras"}
    try:
        code = gan_keras_cli.main([a.format(**places) for a in arguments])
    except SystemExit as exit:  # argparse
        code = exit.code
    assert code == 2
    error = capsys.readouterr().err
    assert message in error
    (line,) = error.splitlines()
    assert line.startswith("gan-keras: error: ")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("how", ["variable", "file"])
def test_another_backend_is_refused_before_it_is_loaded(
    how, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "gan_keras.cli", None)
    if how == "variable":
        monkeypatch.setenv("KERAS_BACKEND", "jax")
    else:
        monkeypatch.delenv("KERAS_BACKEND", raising=False)
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        (tmp_path / "keras.json").write_text('{"backend": "jax"}')
    assert gan_keras_cli.main(["train"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "KERAS_BACKEND=tensorflow" in line and "'jax'" in line


@pytest.mark.slow
def test_what_a_critic_needs_is_known_beforehand():
    from gan_keras import recipes

    assert {
        name: gan.critic_steps
        for name in recipes.RECIPES
        if (gan := tiny_recipe(name)).critic_steps > 1
    } == CRITIC_STEPS


def test_names_of_data_sets_are_known_beforehand():
    from gan_keras.datasets.loading import NAMES

    assert DATA_SETS == NAMES


def test_how_many_samples_are_needed_is_known_beforehand():
    from gan_keras.metrics.evaluator import LEAST

    parse = build_parser().parse_args
    command = ["evaluate", "run", "--samples"]
    assert parse([*command, str(LEAST)]).samples == LEAST
    with pytest.raises(SystemExit):
        parse([*command, str(LEAST - 1)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--image-size", "200"], "8 to 128 pixels"),
        (["train", "r3gan", "--image-size", "4"], "8 to 128 pixels"),
        (["train", "cgan", "--image-size", "8"], "needs a class for every"),
    ],
)
def test_a_folder_is_not_read_in_vain(
    arguments, message, colour_classes, tmp_path, capsys, unread
):
    arguments += ["--data", str(colour_classes / "red")]
    arguments += ["--out", str(tmp_path / "run")]
    assert gan_keras_cli.main(arguments) == 2
    assert message in capsys.readouterr().err


def test_large_images_are_not_read_in_vain(tmp_path, capsys, unread):
    (tmp_path / "large").mkdir()
    for i in range(3):
        large = Image.new("RGB", (200, 150))
        large.save(tmp_path / "large" / f"{i}.png")
    arguments = ["train", "--data", str(tmp_path / "large")]
    assert gan_keras_cli.main([*arguments, "--out", str(tmp_path / "r")]) == 2
    assert (
        "--image-size 64. Received: 200x150, width" in capsys.readouterr().err
    )


def test_each_class_needs_an_image_that_can_be_read():
    from gan_keras.cli import before

    named = types.SimpleNamespace(data="pets", class_names=["cat", "dog"])
    assert before.count_classes(named, np.array([1, 0, 1])) == 2
    with pytest.raises(ValueError, match="pets has no image.*'dog' that can"):
        before.count_classes(named, np.array([0, 0]))
    named.class_names = None  # an archive has no names
    assert before.count_classes(named, np.array([0, 3])) == 4


@pytest.mark.parametrize(
    "files, images, same",
    [
        # All of a folder's files, or all but two broken ones, as there is room.
        ((40, 40), (40, 38), True),
        ((40, 40), (38, 40), True),
        ((40, 39), (40, 39), False),
        ((None, None), (40, 40), True),  # an archive
        ((None, None), (40, 39), False),
    ],
)
def test_a_run_goes_on_with_the_same_images(files, images, same):
    from gan_keras.cli import before

    options = types.SimpleNamespace(data="faces", files=files[1])
    had, has = ([n, 8, 8, 1] for n in images)
    config = {"files": files[0], "images": had}
    now = np.empty(has, np.uint8)
    if same:
        before.check_images(options, config, now)
        before.check_images(options, {"images": has}, now)  # an older run
        now = np.empty([*has[:2], 9, 1], np.uint8)
    with pytest.raises(ValueError, match="was trained on images .*faces now"):
        before.check_images(options, config, now)


def test_the_oldest_recipe_takes_any_size_and_minutes_no_workers():
    from gan_keras import recipes
    from gan_keras.cli import before

    arguments = ["train", "gan", "--image-size", "4", "--minutes", "1"]
    options = build_parser().parse_args(arguments)
    recipe = recipes.get("gan")
    before.check_before_loading(
        options, recipe, tf.distribute.get_strategy(), None
    )
    with pytest.raises(ValueError, match="--minutes is for one process"):
        before.check_before_loading(options, recipe, two_cpus(), None)


@pytest.mark.parametrize("config", ["{}", "[]", '{"recipe": "dcgan"}'])
def test_a_config_that_is_none_is_not_resumed(tmp_path, config, capsys):
    (tmp_path / "config.json").write_text(config)
    assert gan_keras_cli.main(["train", "--resume", str(tmp_path)]) == 2
    assert "is not the config.json of a run" in capsys.readouterr().err


def test_a_generator_alone_is_no_gan(tmp_path, capsys):
    path = str(tmp_path / "generator.keras")
    tiny_gan().export_generator(path)
    out = str(tmp_path / "a.png")
    assert gan_keras_cli.main(["sample", path, "--out", out]) == 2
    assert "must hold a whole GAN" in capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 119. GiB"),
        tf.errors.ResourceExhaustedError(None, None, "OOM\n\t [[node]]"),
    ],
    ids=["python", "tensorflow"],
)
def test_too_many_images_are_one_line(run, error, monkeypatch, capsys):
    from gan_keras import GAN

    def generate(*args, **kwargs):
        raise error

    monkeypatch.setattr(GAN, "generate", generate)
    assert gan_keras_cli.main(["sample", str(run[0]), "-n", "1000000000"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(error).splitlines()[0] in line


def test_without_xla_the_command_works(run, tmp_path, monkeypatch):
    """As with tensorflow-metal."""
    from gan_keras import xla

    function = tf.function

    def without_xla(*args, **kwargs):
        if kwargs.get("jit_compile"):
            raise tf.errors.NotFoundError(None, None, "no platform METAL")
        return function(*args, **kwargs)

    monkeypatch.setattr(tf, "function", without_xla)
    xla.works.cache_clear()
    try:
        out = tmp_path / "a.png"
        assert (
            gan_keras_cli.main(["sample", str(run[0]), "--out", str(out)]) == 0
        )
        monkeypatch.setattr(
            tf.config, "list_physical_devices", lambda kind: ["a GPU"]
        )
        assert not xla.pays(tiny_gan())
    finally:
        xla.works.cache_clear()
    # Where it works, a GPU wants it for networks of any size.
    monkeypatch.setattr(xla, "works", lambda: True)
    assert xla.SMALL == 0 and xla.pays(tiny_gan())


def test_a_terminal_that_knows_few_letters(colour_classes, monkeypatch):
    shown = io.BytesIO()
    terminal = io.TextIOWrapper(shown, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert gan_keras_cli.main(["data", str(colour_classes)]) == 0
    terminal.flush()
    assert b"red 1" in shown.getvalue() and b"?" in shown.getvalue()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--data", "{broken}.npz"], "one that is cut short"),
        (["train", "--batch-size", "5000"], "batch_size=5000"),
        (["sample", "{broken}"], "cannot load"),
    ],
)
def test_mistakes_found_later_are_one_line_too(
    arguments, message, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    for suffix in ("", ".npz"):
        path = tmp_path / f"broken.keras{suffix}"
        path.write_bytes(b"PK\x03\x04 cut off")
    arguments = [a.format(broken=tmp_path / "broken.keras") for a in arguments]
    assert gan_keras_cli.main(arguments) == 2
    error = capfd.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_what_lies_beside_a_model_need_not_be_of_ours(
    run, digits, tmp_path, monkeypatch
):
    shutil.copy(run[0] / "model.keras", tmp_path / "gan.keras")
    arguments = ["evaluate", str(tmp_path / "gan.keras")]
    arguments += ["--data", str(digits)]
    seen = []
    monkeypatch.setattr(
        "gan_keras.evaluation.evaluate",
        lambda options, gan, config: seen.append(config),
    )
    (tmp_path / "config.json").write_text('{"architectures": ["Other"]}')
    gan_keras_cli.main(arguments)
    shutil.copy(run[0] / "config.json", tmp_path / "config.json")
    gan_keras_cli.main(arguments)
    assert [config.get("recipe") for config in seen] == [None, "dcgan"]


def test_a_folder_of_idx_files_may_hold_the_runs(tmp_path, monkeypatch):
    options = build_parser().parse_args(["train", "--data", "."])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="must lie outside"):
        gan_keras_cli.checks.check(options)
    (tmp_path / "train-images-idx3-ubyte.gz").touch()
    gan_keras_cli.checks.check(options)
