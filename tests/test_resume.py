"""An interrupted run ends as if it had never been interrupted."""

import errno
import os
import shutil
import subprocess
import sys
import types
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import same
from conftest import tiny_gan
from conftest import tiny_images
from conftest import weights
from PIL import Image

import gan_keras as gk
from gan_keras import callbacks
from gan_keras import files
from gan_keras import state as callbacks_state
from gan_keras.callbacks.resume import newest
from gan_keras.files import in_use
from gan_keras.files import replace_file


def new_gan():
    gan = tiny_gan()
    schedule = gk.schedules.HoldThenDecay
    gan.compile(
        keras.optimizers.Adam(schedule(2e-3, 20), beta_1=0.5),
        keras.optimizers.Adam(schedule(2e-3, 20), beta_1=0.5),
        penalties=[gk.penalties.R1(every=3)],
    )
    return gan


def fit(gan, directory, epochs, seconds=0.0, histograms=False):
    data = gk.datasets.pipeline(tiny_images(32), batch_size=8, seed=3)
    gan.fit(
        data,
        epochs=epochs,
        verbose=0,
        callbacks=[
            callbacks.Resume(directory, seconds=seconds),
            callbacks.CSVHistory(directory / "history.csv"),
            callbacks.SampleGrid(directory, rows=1, columns=2),
            callbacks.TensorBoardSamples(
                directory / "logs", histograms=histograms
            ),
        ],
    )
    return gan


def state(gan):
    return weights(gan) + [v.numpy() for v in gan.optimizer.variables]


def event_steps(directory):
    """How often each step was logged, over all event files."""
    from tensorboard.backend.event_processing import event_accumulator

    accumulator = event_accumulator.EventAccumulator(
        str(directory / "logs" / "train"), size_guidance={"tensors": 0}
    )
    accumulator.Reload()
    return {
        tag: [event.step for event in accumulator.Tensors(tag)]
        for tag in accumulator.Tags()["tensors"]
    }


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    import keras

    keras.utils.set_random_seed(0)
    directory = tmp_path_factory.mktemp("whole")
    gan = fit(new_gan(), directory, epochs=5, histograms=True)
    return gan, directory


def start_like(uninterrupted):
    """A fresh model; its weights are the same, the seeds being the same."""
    import keras

    keras.utils.set_random_seed(0)
    return new_gan()


@pytest.mark.parametrize("stopped_after", [1, 3])
def test_resumed_run_equals_the_uninterrupted_one(
    uninterrupted, stopped_after, tmp_path
):
    whole, whole_directory = uninterrupted
    fit(start_like(uninterrupted), tmp_path, stopped_after, histograms=True)
    # Another process, another start: what it begins with does not matter.
    gan = new_gan()
    fit(gan, tmp_path, epochs=5, histograms=True)
    assert same(state(whole), state(gan))
    assert gan.steps.numpy() == 20
    for name in ("history.csv", "training.gif"):
        assert (tmp_path / name).read_bytes() == (
            whole_directory / name
        ).read_bytes()
    assert event_steps(tmp_path) == event_steps(whole_directory)


@pytest.mark.slow
def test_work_after_the_last_checkpoint_is_done_again_not_twice(
    uninterrupted, tmp_path
):
    """Rows, frames and events of epochs behind the checkpoint are replaced."""
    whole, whole_directory = uninterrupted
    fit(start_like(uninterrupted), tmp_path, epochs=4, histograms=True)
    os.remove(tmp_path / "checkpoints" / "epoch_00004.npz")
    gan = fit(new_gan(), tmp_path, epochs=5, histograms=True)
    assert same(state(whole), state(gan))
    for name in ("history.csv", "training.gif"):
        assert (tmp_path / name).read_bytes() == (
            whole_directory / name
        ).read_bytes()
    assert event_steps(tmp_path) == event_steps(whole_directory)
    with Image.open(tmp_path / "training.gif") as image:
        assert image.n_frames == 6


@pytest.fixture(scope="module")
def three_epochs(uninterrupted, tmp_path_factory):
    directory = tmp_path_factory.mktemp("three")
    fit(start_like(uninterrupted), directory, epochs=3)
    return directory


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut off", "one bit", "empty"])
def test_damaged_checkpoint_falls_back_on_the_one_before(
    uninterrupted, three_epochs, damage, tmp_path
):
    shutil.copytree(three_epochs, tmp_path, dirs_exist_ok=True)
    assert sorted(os.listdir(tmp_path / "checkpoints")) == [
        "epoch_00002.npz",
        "epoch_00003.npz",
    ]
    newest = tmp_path / "checkpoints" / "epoch_00003.npz"
    content = bytearray(newest.read_bytes())
    if damage == "cut off":
        content = content[: len(content) // 2]
    elif damage == "one bit":
        content[len(content) // 2] ^= 1
    else:
        content = b""
    newest.write_bytes(content)
    gan = new_gan()
    with pytest.warns(UserWarning, match="epoch_00003.npz is damaged"):
        fit(gan, tmp_path, epochs=5)
    assert same(state(uninterrupted[0]), state(gan))


@pytest.mark.slow
def test_what_cannot_be_read_goes_and_not_what_can(three_epochs, tmp_path):
    shutil.copytree(three_epochs, tmp_path, dirs_exist_ok=True)
    folder = tmp_path / "checkpoints"
    (folder / "epoch_00003.npz").write_bytes(b"")
    (folder / "epoch_00004.partial.npz").write_bytes(b"half")  # of a kill
    (folder / "mine.partial.npz").write_bytes(b"mine")
    kept = []

    class Look(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 3:  # its checkpoint has just been written again
                kept.extend(sorted(os.listdir(folder)))

    data = gk.datasets.pipeline(tiny_images(32), batch_size=8, seed=3)
    resume = callbacks.Resume(tmp_path, seconds=0)
    with pytest.warns(UserWarning, match="epoch_00003.npz is damaged"):
        new_gan().fit(data, epochs=4, verbose=0, callbacks=[resume, Look()])
    mine = "mine.partial.npz"
    # The damaged one, of the same epoch, has been written anew.
    assert kept == ["epoch_00002.npz", "epoch_00003.npz", mine]
    left = ["epoch_00003.npz", "epoch_00004.npz", mine]
    assert sorted(os.listdir(folder)) == left


@pytest.mark.slow
def test_of_two_damaged_ones_the_one_before_stays(three_epochs, tmp_path):
    shutil.copytree(three_epochs, tmp_path, dirs_exist_ok=True)
    folder = tmp_path / "checkpoints"
    (folder / "epoch_00003.npz").rename(folder / "epoch_00009.npz")
    (folder / "epoch_00009.npz").write_bytes(b"")
    with pytest.warns(UserWarning, match="epoch_00009.npz is damaged"):
        fit(new_gan(), tmp_path, epochs=4, seconds=1000.0)
    # Only the last epoch's is written; 2 is the one that it went on from.
    assert sorted(os.listdir(folder)) == ["epoch_00002.npz", "epoch_00004.npz"]


@pytest.mark.slow
def test_an_epoch_that_runs_out_of_data_is_one(tmp_path):
    gan = new_gan()
    data = gk.datasets.pipeline(tiny_images(32), batch_size=8, seed=3)
    resume = callbacks.Resume(tmp_path, seconds=0)
    with pytest.warns(UserWarning, match="ran out of data"):
        gan.fit(
            data, epochs=3, steps_per_epoch=5, verbose=0, callbacks=[resume]
        )
    steps = int(gan.steps)
    assert steps == 12  # three epochs of the four batches that there are
    assert "epoch_00003.npz" in os.listdir(tmp_path / "checkpoints")
    fit(gan, tmp_path, epochs=3)  # finished, and nothing is taken back
    assert int(gan.steps) == steps


@pytest.mark.slow
def test_without_a_checkpoint_that_can_be_read_nothing_is_overwritten(
    tmp_path,
):
    fit(new_gan(), tmp_path, epochs=3)
    for path in (tmp_path / "checkpoints").iterdir():
        path.write_bytes(b"")
    before = (tmp_path / "history.csv").read_bytes()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*going on.*")
        with pytest.raises(
            ValueError, match="checkpoints cannot be read.*00002"
        ):
            fit(new_gan(), tmp_path, epochs=5)
    assert (tmp_path / "history.csv").read_bytes() == before


@pytest.mark.slow
def test_a_finished_run_is_not_trained_further(uninterrupted, tmp_path):
    fit(start_like(uninterrupted), tmp_path, epochs=2)
    before = (tmp_path / "training.gif").read_bytes()
    gan = fit(new_gan(), tmp_path, epochs=2)
    assert gan.steps.numpy() == 8
    assert (tmp_path / "training.gif").read_bytes() == before


@pytest.mark.slow
def test_checkpoints_are_not_written_more_often_than_asked(tmp_path):
    fit(new_gan(), tmp_path, epochs=3, seconds=1000.0)
    # Only the last epoch's.
    assert os.listdir(tmp_path / "checkpoints") == ["epoch_00003.npz"]


@pytest.mark.slow
def test_the_last_epoch_gets_one_whatever_made_it_the_last(tmp_path):
    gan = new_gan()
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(
            gan, "stop_training", epoch == 1
        )
    )
    data = gk.datasets.pipeline(tiny_images(32), batch_size=8, seed=3)
    resume = callbacks.Resume(tmp_path, seconds=1000.0)
    gan.fit(data, epochs=9, verbose=0, callbacks=[resume, stop])
    assert os.listdir(tmp_path / "checkpoints") == ["epoch_00002.npz"]


@pytest.mark.slow
def test_a_fit_after_a_resumed_one_begins_where_it_is_told(tmp_path):
    fit(new_gan(), tmp_path, epochs=2)
    gan = fit(new_gan(), tmp_path, epochs=3)
    data = gk.datasets.pipeline(tiny_images(32), batch_size=8, seed=3)
    assert gan.fit(data, epochs=2, verbose=0).epoch == [0, 1]
    assert gan.steps.numpy() == 5 * 4
    history = gan.fit(data, epochs=7, initial_epoch=6, verbose=0)
    assert history.epoch == [6]


def test_replace_file_leaves_the_old_one_when_writing_fails(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def half(partial):
        with open(partial, "w") as file:
            file.write("ne")
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        replace_file(path, half)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_replace_file_waits_for_a_reader(tmp_path, monkeypatch):
    """As on Windows, where a file that is open cannot be replaced."""
    path, waits, replace = tmp_path / "a.txt", [], os.replace

    def busy(*args):
        if len(waits) < 2:
            raise PermissionError(13, "Permission denied")
        replace(*args)

    # (With `os.name` changed, nobody could make a path.)
    windows = types.SimpleNamespace(**vars(os))
    windows.name, windows.replace = "nt", busy
    monkeypatch.setattr(files, "os", windows)
    monkeypatch.setattr(files.time, "sleep", waits.append)
    replace_file(path, lambda partial: Path(partial).write_text("new"))
    assert path.read_text() == "new" and waits == [0.1, 0.3]
    windows.replace = lambda *args: busy(waits.clear())
    with pytest.raises(OSError, match="close the program that has it open"):
        replace_file(path, lambda partial: Path(partial).write_text("newer"))
    assert path.read_text() == "new"


def test_lock_ends_with_its_process(tmp_path):
    code = (  # by its path: the package would load TensorFlow
        "import runpy, sys\n"
        "in_use = runpy.run_path(sys.argv[2])['in_use']\n"
        "lock = in_use(sys.argv[1]); lock.__enter__()\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), files.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    with pytest.raises(ValueError, match="Another process is writing"):
        with in_use(tmp_path):
            pass
    process.kill()
    process.wait()
    with in_use(tmp_path):
        pass


@pytest.mark.parametrize("code", [errno.EWOULDBLOCK, errno.EACCES])
def test_a_lock_that_is_held_keeps_others_out(tmp_path, monkeypatch, code):
    def lock(file):
        raise OSError(code, "held")

    monkeypatch.setattr("gan_keras.files._lock", lock)
    with pytest.raises(ValueError, match="Another process is writing"):
        with in_use(tmp_path):
            pass


def test_a_drive_without_locks_is_written_to(tmp_path, monkeypatch):
    def lock(file):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("gan_keras.files._lock", lock)
    entered = False
    with in_use(tmp_path):
        entered = True
    assert entered


@pytest.mark.slow
def test_damage_is_not_reported_where_there_is_none(uninterrupted, tmp_path):
    fit(start_like(uninterrupted), tmp_path, epochs=1)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*damaged.*")
        gan = fit(new_gan(), tmp_path, epochs=5)
    assert np.all(gan.steps.numpy() == 20)


@pytest.mark.slow
def test_what_the_guard_took_back_is_no_epoch(tmp_path):
    """An epoch's last step may spoil the weights, and its losses tell not."""
    gan = new_gan()

    class Spoil(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                bias = gan.generator.trainable_variables[-1]
                bias.assign(np.full(bias.shape, np.nan))

    data = gk.datasets.pipeline(tiny_images(32), batch_size=8, seed=3)
    order = [Spoil(), callbacks.DivergenceGuard(), callbacks.Resume(tmp_path)]
    with pytest.warns(UserWarning, match="Training diverged"):
        gan.fit(data, epochs=9, verbose=0, callbacks=order)
    assert int(gan.steps) == 8
    epoch, (steps, *_) = newest(tmp_path / "checkpoints")
    assert (epoch, int(steps)) == (2, 8)


@pytest.mark.slow
def test_a_rate_that_gives_way_to_the_checkpoints_is_named(tmp_path):
    def trained(rate, epochs):
        gan = tiny_gan()
        gan.compile(
            d_optimizer=keras.optimizers.Adam(rate),
            g_optimizer=keras.optimizers.Adam(1e-3),
        )
        gan.fit(
            tiny_images(16),
            batch_size=8,
            epochs=epochs,
            callbacks=[callbacks.Resume(tmp_path)],
            verbose=0,
        )
        return gan

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        trained(2e-3, epochs=1)
        trained(2e-3, epochs=2)  # the same rate
    with pytest.warns(UserWarning, match="rate 0.002 takes.*0.0002, in `d_o"):
        gan = trained(2e-4, epochs=3)
    assert float(gan.d_optimizer.learning_rate) == pytest.approx(2e-3)


@pytest.mark.parametrize("behind", [False, True])
def test_weights_that_early_stopping_restores_mix_no_epochs(
    tmp_path, monkeypatch, behind
):
    gan, ends = new_gan(), []
    data = gk.datasets.pipeline(tiny_images(32), batch_size=8, seed=3)

    class Worse(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["fd"] = float(epoch)  # the first epoch is the best
            ends.append(state(gan))

    stop = keras.callbacks.EarlyStopping(
        "fd", mode="min", patience=2, restore_best_weights=True
    )
    order = [stop, callbacks.Resume(tmp_path)]
    order = [Worse(), *(order if behind else order[::-1])]
    gan.fit(data, epochs=9, verbose=0, callbacks=order)
    assert len(ends) == 3 and int(gan.steps) == 4  # the best, of epoch 1
    # In front of `EarlyStopping` it knows the end of epoch 3; behind it the
    # last that is whole is that of epoch 2.
    epoch, values = newest(tmp_path / "checkpoints")
    assert epoch == (2 if behind else 3)
    other = new_gan()
    callbacks_state.write(other, values, "the checkpoint")
    assert same(state(other), ends[epoch - 1])


@pytest.mark.slow
def test_a_figure_of_ones_own_may_be_missing(tmp_path):
    class Sometimes(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["mine"] = float("nan")  # not measured

    resume = callbacks.Resume(tmp_path, seconds=0)
    new_gan().fit(
        tiny_images(16),
        batch_size=8,
        epochs=3,
        verbose=0,
        callbacks=[Sometimes(), resume],
    )
    assert newest(tmp_path / "checkpoints")[0] == 3
