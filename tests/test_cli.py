"""The command line, from the outside."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from PIL import Image

import gan_keras_cli

TRAIN = [
    "train", "--epochs", "2", "--width", "2", "--latent-dim", "4",
    "--batch-size", "64",
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
    assert "Epoch 2/2" in result.stdout
    assert result.stderr == ""  # none of TensorFlow's start-up notes


def test_config_tells_every_setting(run):
    config = json.loads((run[0] / "config.json").read_text())
    assert config["epochs"] == 2 and config["seed"] == 0
    assert config["images"] == [128, 8, 8, 1]
    assert config["versions"]["keras"] == keras.__version__
    assert config["compile"]["loss"]["class_name"] == "NonSaturating"
    parser = gan_keras_cli.build_parser()
    options = vars(parser.parse_args(["train"]))
    assert set(options) - {"command", "overwrite", "resume"} <= set(config)


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


def test_sample_truncated(run, tmp_path):
    from gan_keras.plots import image_grid

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
    with Image.open(path) as gif:
        assert gif.n_frames == 12


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
    assert named == list(gan_keras_cli.RECIPES)
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
    from gan_keras.plots import image_grid

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
    for size in (8, 9):
        Image.new("L", (size, size)).save(tmp_path / f"{size}.png")
    assert gan_keras_cli.main(["data", str(tmp_path)]) == 0
    sheet = tmp_path / "sheet.out.png"
    arguments = ["data", str(tmp_path), "--preview", str(sheet)]
    assert gan_keras_cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert "--image-size" in error and len(error.splitlines()) == 1
    assert not sheet.exists()
    assert gan_keras_cli.main([*arguments, "--image-size", "8"]) == 0


@pytest.mark.slow
def test_a_folder_on_the_disk_resumes_bit_identical(colour_classes, tmp_path):
    arguments = [
        "train", "cgan", "--epochs", 3, "--width", 2, "--latent-dim", 4,
        "--batch-size", 8, "--data", colour_classes, "--image-size", 8,
        "--flip", "--memory", 0, "--checkpoint-seconds", 0,
        "--precision", "mixed_bfloat16",
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
        "train", "--minutes", "0.03", "--width", 2, "--batch-size", 4,
        "--data", tmp_path / "many.npz", "--out", out,
    ]  # fmt: skip
    assert gan_keras_cli.main([*map(str, arguments)]) == 0
    config = json.loads((out / "config.json").read_text())
    # Of 15,000 steps, one whole epoch would take far more than two seconds.
    # The plan is 20 epochs; with other tests beside this one, fewer fit in.
    assert 2 <= config["epochs"] <= 42
    assert 0 < config["epoch_images"] < 60_000
    gan = keras.saving.load_model(out / "model.keras")
    assert gan.steps.numpy() * 4 == config["epochs"] * config["epoch_images"]
    assert float(gan.g_optimizer.learning_rate) == 0


def test_a_run_of_an_older_version_resumes(digits, tmp_path):
    out = tmp_path / "run"
    assert (
        gan_keras_cli.main([*TRAIN, "--data", str(digits), "--out", str(out)])
        == 0
    )
    config = json.loads((out / "config.json").read_text())
    for name in ("flip", "memory", "snapshot_minutes", "epoch_images"):
        del config[name]
    (out / "config.json").write_text(json.dumps(config))
    assert gan_keras_cli.main(["train", "--resume", str(out)]) == 0


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


def test_warnings_are_one_line(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_text("no image")
    result = gan_keras("train", "--data", tmp_path, "--out", tmp_path / "run")
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
        options = gan_keras_cli.build_parser().parse_args(
            ["train", "--data", str(tmp_path / name) + "/"]
        )
        gan_keras_cli.check_train(options)
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
    assert gan.steps.numpy() == 2 * config["epochs"]
    assert float(gan.g_optimizer.learning_rate) == 0


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
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
    (["train", "--snapshot-minutes", "-1"], "above 0. Received: '-1'"),
    (["data"], "required: FOLDER"),
    (["data", "no/such"], "must be a folder of images"),
    (["data", "{file}"], "must be a folder of images"),
    (["data", ".", "--preview", "x.jpg"], "--preview must end in .png"),
    (["data", ".", "--preview", "no/such/x.png"], "directory that exists"),
    (["data", ".", "--image-size", "0"], "1 or more. Received: '0'"),
    (["train", "--resume", ".", "--width", "9"], "leave out --width"),
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
    assert "Traceback" not in error
    assert sum("error:" in line for line in error.splitlines()) == 1
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--data", "nonsense"], "name_or_path='nonsense'"),
        (["train", "--batch-size", "5000"], "batch_size=5000"),
        (["sample", "{broken}"], "cannot load"),
    ],
)
def test_mistakes_found_later_are_one_line_too(
    arguments, message, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.keras").write_bytes(b"PK\x03\x04 cut off")
    arguments = [a.format(broken=tmp_path / "broken.keras") for a in arguments]
    assert gan_keras_cli.main(arguments) == 2
    error = capfd.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists()
