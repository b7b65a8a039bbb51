"""A training process is killed again and again, and loses nothing."""

import os
import random
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from PIL import Image
from test_resume import event_steps

EPOCHS = 160
ARGUMENTS = [
    "train", "--data", "digits", "--epochs", str(EPOCHS), "--width", "2",
    "--batch-size", "1000", "--latent-dim", "4", "--checkpoint-seconds", "0",
]  # fmt: skip

# Runs the command, and dies at the n-th renaming of a checkpoint: when it is
# written, but does not have its name yet.
DIE_BEFORE_RENAMING = """
import os, signal, sys
import gan_keras_cli
rename, left = os.replace, [int(sys.argv.pop(1))]
def replace(source, target):
    if "checkpoints" in str(target):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    rename(source, target)
os.replace = replace
sys.exit(gan_keras_cli.main())
"""


def command(*arguments, die_at=None):
    if die_at is None:
        return [sys.executable, "-m", "gan_keras_cli", *arguments]
    return [sys.executable, "-c", DIE_BEFORE_RENAMING, str(die_at), *arguments]


def next_command(out):
    if not (out / "config.json").exists():
        return [*ARGUMENTS, "--out", str(out), "--overwrite"]
    return ["train", "--resume", str(out)]


def wait_for_epochs(process, count):
    """Reads the process's output until it has begun so many epochs."""
    while count:
        line = process.stdout.readline()
        assert line, "the run ended before it was killed"
        count -= line.startswith(b"Epoch ")


def check_everything_is_readable(out):
    """Whatever there is after a kill is whole."""
    for path in out.rglob("*"):
        if ".partial" in path.name or path.name.startswith("partial."):
            continue  # under its temporary name: nobody reads it
        if path.suffix in (".png", ".gif"):
            with Image.open(path) as image:
                for i in range(getattr(image, "n_frames", 1)):
                    image.seek(i)
                    image.load()
        elif path.suffix == ".csv":
            assert path.read_text().endswith("\n")
        elif path.suffix == ".keras":
            keras.saving.load_model(path)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends SIGKILL")
def test_killed_twenty_times_the_run_ends_bit_identical(tmp_path):
    moments = random.Random(0)
    whole = tmp_path / "whole"
    subprocess.run(
        command(*ARGUMENTS, "--out", str(whole)),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    out = tmp_path / "killed"
    out.mkdir()
    kills = []
    while len(kills) < 20:
        if len(kills) % 4 == 3:  # five of the twenty, right before a rename
            result = subprocess.run(
                command(*next_command(out), die_at=moments.randint(1, 4)),
                stdout=subprocess.DEVNULL,
                timeout=120,
            )
            assert result.returncode == -signal.SIGKILL
            kills.append("before renaming")
        else:
            process = subprocess.Popen(
                command(*next_command(out)),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            if moments.random() < 0.25:
                time.sleep(moments.uniform(0, 4))  # while it is starting
            else:
                wait_for_epochs(process, moments.randint(1, 6))
                time.sleep(moments.uniform(0, 0.4))
            process.kill()
            process.communicate()
            assert process.returncode == -signal.SIGKILL
            kills.append("any moment")
        check_everything_is_readable(out)
    subprocess.run(
        command(*next_command(out)), check=True, stdout=subprocess.DEVNULL
    )
    assert kills.count("before renaming") == 5

    models = [
        keras.saving.load_model(directory / "model.keras")
        for directory in (whole, out)
    ]
    for a, b in zip(*(model.get_weights() for model in models)):
        np.testing.assert_array_equal(a, b)
    for optimizer in ("d_optimizer", "g_optimizer"):
        for a, b in zip(
            *(getattr(model, optimizer).variables for model in models)
        ):
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    for name in ("history.csv", "training.gif"):
        assert (whole / name).read_bytes() == (out / name).read_bytes()
    assert event_steps(whole) == event_steps(out)
    with Image.open(out / "training.gif") as gif:
        assert gif.n_frames == EPOCHS + 1
