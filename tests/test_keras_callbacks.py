"""Keras' own callbacks and schedules, on both optimizers."""

import csv
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import same
from conftest import tiny_gan
from conftest import tiny_images
from conftest import weights

import gan_keras as gk


class Watch(keras.callbacks.Callback):
    """Notes both learning rates at the end of every epoch."""

    def on_train_begin(self, logs=None):
        self.rates = []

    def on_epoch_end(self, epoch, logs=None):
        self.rates.append(
            [
                float(optimizer.learning_rate)
                for optimizer in (
                    self.model.d_optimizer,
                    self.model.g_optimizer,
                )
            ]
        )


def compiled(d_rate=0.1, g_rate=0.1):
    gan = tiny_gan()
    gan.compile(
        keras.optimizers.SGD(d_rate),
        keras.optimizers.SGD(g_rate),
        penalties=[],
        run_eagerly=True,  # nothing to trace: fast
    )
    return gan


def fit(gan, *callbacks, epochs=2):
    watch = Watch()
    gan.fit(
        tiny_images(16), batch_size=8, epochs=epochs, verbose=0,
        callbacks=[*callbacks, watch],
    )  # fmt: skip
    return np.array(watch.rates)


def test_learning_rate_scheduler_sets_both_rates():
    schedule = keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: 0.1 / (epoch + 1)
    )
    rates = fit(compiled(), schedule)
    np.testing.assert_allclose(rates, [[0.1, 0.1], [0.05, 0.05]], 1e-6)


@pytest.mark.slow
def test_reduce_on_plateau_lowers_both_rates():
    plateau = keras.callbacks.ReduceLROnPlateau(
        monitor="g_loss", mode="min", factor=0.5, patience=1, min_delta=100
    )
    rates = fit(compiled(), plateau, epochs=3)
    # No epoch is better than the first by 100: halved after the 2nd and 3rd.
    np.testing.assert_allclose(
        rates, [[0.1, 0.1], [0.05, 0.05], [0.025, 0.025]], 1e-6
    )


@pytest.mark.parametrize(
    ("mode", "expected"), [("min", 2), ("max", 2)]
)  # fmt: skip
def test_early_stopping_stops_and_restores(mode, expected):
    gan = compiled()
    stop = keras.callbacks.EarlyStopping(
        monitor="g_loss", mode=mode, patience=1, min_delta=100,
        restore_best_weights=True,
    )  # fmt: skip
    first = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: first.append(weights(gan))
    )
    rates = fit(gan, note, stop, epochs=5)
    assert len(rates) == expected
    assert same(first[0], weights(gan)) and not same(first[1], weights(gan))


def test_a_direction_must_be_given():
    with pytest.raises(ValueError, match="mode"):
        fit(compiled(), keras.callbacks.EarlyStopping(monitor="g_loss"))


@pytest.mark.slow
def test_model_checkpoint_keeps_the_best(tmp_path):
    gan = compiled()
    d_real = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: d_real.append(logs["d_real"])
    )
    keep = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.keras", monitor="d_real", mode="max",
        save_best_only=True,
    )  # fmt: skip
    every = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
    fit(gan, note, keep, every, epochs=3)
    best = int(np.argmax(d_real)) + 1
    assert same(
        weights(keras.saving.load_model(tmp_path / "best.keras")),
        weights(keras.saving.load_model(tmp_path / f"{best}.keras")),
    )


def test_csv_logger(tmp_path):
    gan = compiled()
    history = gan.fit(
        tiny_images(16), batch_size=8, epochs=2, verbose=0,
        callbacks=[keras.callbacks.CSVLogger(tmp_path / "log.csv")],
    ).history  # fmt: skip
    with open(tmp_path / "log.csv") as file:
        rows = list(csv.DictReader(file))
    for name, values in history.items():
        assert [float(row[name]) for row in rows] == pytest.approx(values)


def test_tensorboard(tmp_path):
    from tensorboard.backend.event_processing import event_accumulator

    gan = compiled(0.1, 0.3)
    fit(gan, keras.callbacks.TensorBoard(tmp_path, write_graph=False))
    accumulator = event_accumulator.EventAccumulator(str(tmp_path / "train"))
    accumulator.Reload()
    tags = accumulator.Tags()["tensors"]
    assert {"epoch_d_loss", "epoch_g_loss"} <= set(tags)
    rates = {
        tag: [
            float(tf.make_ndarray(e.tensor_proto))
            for e in accumulator.Tensors(tag)
        ]
        for tag in tags
        if "learning_rate" in tag
    }
    if rates:  # Keras 3.12 logs the rate of a single optimizer only
        assert rates == {
            "epoch_learning_rate_d_optimizer": pytest.approx([0.1, 0.1]),
            "epoch_learning_rate_g_optimizer": pytest.approx([0.3, 0.3]),
        }


@pytest.mark.slow
def test_backup_and_restore_goes_on_bit_for_bit(tmp_path):
    def run(directory, epochs):
        keras.utils.set_random_seed(0)
        gan = tiny_gan()
        gan.compile()
        backup = keras.callbacks.BackupAndRestore(
            directory, delete_checkpoint=False
        )
        gan.fit(
            gk.datasets.pipeline(tiny_images(32), batch_size=8),
            epochs=epochs, verbose=0, callbacks=[backup],
        )  # fmt: skip
        return weights(gan) + [np.array(v) for v in gan.optimizer.variables]

    whole = run(tmp_path / "whole", 4)
    run(tmp_path / "parts", 2)
    assert same(whole, run(tmp_path / "parts", 4))


@pytest.mark.slow
@pytest.mark.parametrize(
    "schedule",
    [
        keras.optimizers.schedules.ExponentialDecay(
            0.1, 2, 0.5, staircase=True
        ),
        keras.optimizers.schedules.PiecewiseConstantDecay(
            [1, 3], [0.1, 0.05, 0.025]
        ),
    ],
    ids=["exponential", "piecewise"],
)  # fmt: skip
def test_schedules_steer_their_optimizer(schedule):
    gan = tiny_gan()
    gan.compile(keras.optimizers.SGD(schedule), keras.optimizers.SGD(0.3))
    rates = fit(gan, epochs=2)  # two steps an epoch
    np.testing.assert_allclose(rates, [[0.05, 0.3], [0.025, 0.3]], 1e-6)


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (keras.callbacks.TerminateOnNaN, "Use `gk.callbacks.DivergenceGuard"),
        (keras.callbacks.SwapEMAWeights, "see `gan.ema_generator`"),
        (keras.callbacks.EarlyStopping, "monitor='g_loss', mode='min'"),
        (
            lambda: keras.callbacks.ReduceLROnPlateau(monitor="loss"),
            "Received: monitor='loss'",
        ),
        (
            lambda: keras.callbacks.ModelCheckpoint(
                "a.keras", save_best_only=True
            ),
            "Received: monitor='val_loss'",
        ),
    ],
    ids=["terminate", "swap", "early", "plateau", "checkpoint"],
)
def test_callbacks_that_would_do_nothing_are_refused(callback, message):
    gan = compiled()
    with pytest.raises(ValueError, match=message):
        fit(gan, callback())
    assert gan.steps.numpy() == 0


# -------------------------------------------------------- divergence guard


class Explosion(keras.callbacks.Callback):
    """Makes one of D's weights infinite after some batches."""

    def __init__(self, batches):
        super().__init__()
        self.left = batches

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            kernel = self.model.discriminator.trainable_variables[0]
            kernel.assign(np.full(kernel.shape, np.inf))


@pytest.mark.slow
@pytest.mark.parametrize("batches", [4, 5])
def test_guard_goes_back_to_the_last_good_epoch(batches):
    """The weights explode at the very end of epoch 2, or in epoch 3."""

    def state(gan):
        return weights(gan) + [np.array(v) for v in gan.optimizer.variables]

    gan = compiled()
    good = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: good.append(state(gan))
    )
    guard = gk.callbacks.DivergenceGuard()
    with pytest.warns(UserWarning, match="Training diverged.*smaller learning"):
        rates = fit(gan, note, Explosion(batches), guard, epochs=6)
    assert guard.diverged
    # Epoch 3's last batch (of two) shows nan when epoch 2's weights were bad.
    assert len(rates) == {4: 2, 5: 3}[batches]
    kept = {4: 0, 5: 1}[batches]  # epoch 1, epoch 2
    assert same(state(gan), good[kept])
    assert gan.d_optimizer.iterations.numpy() == 2 * (kept + 1)
    fit(gan, guard)  # and on it goes
    assert not guard.diverged


def test_guard_names_a_batch_that_there_is():
    guard = gk.callbacks.DivergenceGuard()
    guard.set_model(compiled())
    # Of three batches, two at a time: Keras calls the last one 3, and not 2.
    guard.set_params({"steps": 3})
    guard.on_train_begin()
    guard.on_epoch_begin(4)
    guard.on_train_batch_end(1, {"d_loss": 1.0})
    with pytest.warns(UserWarning, match="at epoch 5, batch 2. It was"):
        guard.on_train_batch_end(3, {"d_loss": float("nan")})


def test_guard_is_silent_when_all_is_well_and_changes_nothing():
    gan, other = compiled(), None
    start = weights(gan)
    fit(gan, epochs=2)
    other = compiled()
    other.set_weights(start)
    guard = gk.callbacks.DivergenceGuard()
    fit(other, guard, epochs=2)
    assert same(weights(gan), weights(other))
    assert not guard.diverged


def test_guard_sees_a_real_explosion():
    gan = compiled(d_rate=1e30, g_rate=1e30)
    guard = gk.callbacks.DivergenceGuard()
    start = weights(gan)
    with pytest.warns(UserWarning, match="after 0 epochs"):
        rates = fit(gan, guard, epochs=9)
    assert guard.diverged and len(rates) < 9
    assert same(start, weights(gan))


def test_a_model_full_of_nan_is_refused():
    gan = compiled()
    variable = gan.generator.trainable_variables[0]
    variable.assign(np.full(variable.shape, np.nan))
    with pytest.raises(ValueError, match="before the training"):
        fit(gan, gk.callbacks.DivergenceGuard())


def test_no_checkpoint_is_written_of_a_diverged_epoch(tmp_path):
    gan = compiled()
    guard = gk.callbacks.DivergenceGuard()
    with pytest.warns(UserWarning, match="diverged"):
        fit(
            gan, guard, gk.callbacks.Resume(tmp_path, seconds=0), Explosion(3),
            epochs=4,
        )  # fmt: skip
    names = [p.name for p in (tmp_path / "checkpoints").iterdir()]
    assert names == ["epoch_00001.npz"]
    assert not math.isnan(gan.judge(tiny_images(2)).sum())


def test_a_callback_list_is_taken_as_keras_takes_it():
    seen = []
    data = gk.datasets.pipeline(
        np.arange(16, dtype="uint8").repeat(64).reshape(16, 8, 8, 1),
        batch_size=8,
    )
    gan = compiled()
    order = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(
            [float(images[0, 0, 0, 0]) for images in data]
        )
    )
    callbacks = keras.callbacks.CallbackList(
        [order], add_history=True, model=gan
    )
    for _ in range(2):
        history = gan.fit(data, epochs=2, callbacks=callbacks, verbose=0)
        assert history.epoch[-2:] == [0, 1]
    # The data knows the epoch before the user's callbacks look at it; the
    # second `fit` goes on where the first one ended.
    assert len(seen) == 4 and seen[0] != seen[2]
    for epoch, found in enumerate(seen):
        data.set_epoch(epoch)
        assert found == [float(images[0, 0, 0, 0]) for images in data]
    assert len(callbacks.callbacks) == 2  # theirs and the history
