"""The line about the whole run, against a clock that the test winds."""

import keras
import pytest
from conftest import compiled
from conftest import data_for
from conftest import tiny_gan
from PIL import Image

from gan_keras import callbacks
from gan_keras.callbacks import pace
from gan_keras.callbacks import sample_grid


class Clock:
    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    monkeypatch.setattr(sample_grid, "time", clock)
    return clock


def test_pace_by_hand(clock, capsys):
    callback = callbacks.Pace(batch_size=50, seconds=60, first=10)
    callback.set_params({"steps": 100, "epochs": 4})
    callback.on_train_begin()
    for epoch in range(4):
        callback.on_epoch_begin(epoch)
        for batch in range(100):
            # The first step takes a minute to compile, every other a second.
            clock.now += 60 if (epoch, batch) == (0, 0) else 1
            callback.on_train_batch_end(batch)
    lines = capsys.readouterr().out.split("\n")
    assert lines[:4] == [
        "",  # the progress bar's line
        "3% done, 50 images/s, 6 minutes left",  # 10 s after the first step
        "",
        "18% done, 50 images/s, 5 minutes left",  # a minute later
    ]
    # After step 371, 370 seconds after the first; then less than a minute.
    assert lines[-2] == "93% done, 50 images/s, 29 seconds left"
    assert len([line for line in lines if line]) == 7


def test_a_resumed_run_counts_from_where_it_goes_on(clock, capsys):
    callback = callbacks.Pace(batch_size=10, seconds=60, first=10)
    callback.set_params({"steps": 10, "epochs": 10})
    callback.on_train_begin()
    callback.on_epoch_begin(8)
    for batch in range(10):
        clock.now += 2
        callback.on_train_batch_end(batch)
    assert "86% done, 5 images/s, 28 seconds left" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3.4, "3 seconds"),
        (89, "89 seconds"),
        (600, "10 minutes"),
        (7200, "2.0 hours"),
    ],
)
def test_durations(seconds, text):
    assert pace.duration(seconds) == text


class Slow(callbacks.Pace):
    """Lets a minute pass in every step."""

    def __init__(self, clock):
        super().__init__(batch_size=8)
        self.clock = clock

    def on_train_batch_begin(self, batch, logs=None):
        self.clock.now += 60


def test_a_grid_within_a_long_epoch(clock, tmp_path):
    gan = compiled(tiny_gan())
    grid = callbacks.SampleGrid(tmp_path, rows=1, columns=2, minutes=1.5)
    data = data_for(gan, steps=5)
    gan.fit(data, epochs=2, verbose=0, callbacks=[Slow(clock), grid])
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == [
        "epoch_0000.png",
        "epoch_0000_step_00002.png",
        "epoch_0000_step_00004.png",
        "epoch_0001.png",
        "epoch_0001_step_00002.png",
        "epoch_0001_step_00004.png",
        "epoch_0002.png",
    ]
    with Image.open(tmp_path / "training.gif") as gif:
        assert gif.n_frames == 3  # the same in every run of the same seed


def test_a_grid_is_named_after_a_step_that_there_was(clock, tmp_path):
    gan = compiled(tiny_gan(), steps_per_execution=2)
    grid = callbacks.SampleGrid(
        tmp_path, rows=1, columns=2, minutes=2.5, gif=False
    )
    # Two steps, two and one: the third call, three minutes in, ends the epoch.
    data = data_for(gan, steps=5)
    gan.fit(data, verbose=0, callbacks=[Slow(clock), grid])
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == [
        "epoch_0000.png",
        "epoch_0000_step_00005.png",
        "epoch_0001.png",
    ]


@pytest.mark.slow
def test_grids_leave_the_training_as_it_is(clock, tmp_path):
    weights = []
    for minutes in (None, 1.0):
        keras.utils.set_random_seed(0)
        gan = compiled(tiny_gan())
        grid = callbacks.SampleGrid(tmp_path, rows=1, minutes=minutes)
        data = data_for(gan, steps=3)
        gan.fit(data, verbose=0, callbacks=[Slow(clock), grid])
        weights.append(gan.get_weights())
    for a, b in zip(*weights):
        assert (a == b).all()


def test_minutes_are_checked(tmp_path):
    with pytest.raises(ValueError, match="Received: minutes=0"):
        callbacks.SampleGrid(tmp_path, minutes=0)
