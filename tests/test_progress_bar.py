"""The bar that `fit` shows, as it stands on the screen."""

import re
import time

import keras
import pytest
from conftest import data_for
from conftest import tiny_recipe


class Slow(keras.callbacks.Callback):
    """Longer between two calls than the bar waits before it is drawn anew."""

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.1)


def shown(capsys, callbacks, epochs=2, verbose=1, calls_of=8, gan=None):
    """What a training of epochs of twelve steps prints, without colours."""
    gan = gan or tiny_recipe("gan")
    gan.steps_per_execution = calls_of
    data = data_for(gan, steps=12)
    gan.fit(data, epochs=epochs, verbose=verbose, callbacks=callbacks)
    return re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out)


def test_the_last_call_of_an_epoch_makes_fewer_steps(capsys):
    printed = shown(capsys, [Slow()])
    assert re.findall(r"Epoch (\d+/\d+)", printed) == ["1/2", "2/2"]
    steps = re.findall(r"(\d+)/12", printed)
    assert steps == ["8", "12", "12"] * 2  # the last call, the epoch's end


@pytest.mark.slow
@pytest.mark.parametrize("callbacks", [None, Slow(), [Slow()]])
def test_nothing_is_shown_where_nothing_is_wanted(capsys, callbacks):
    assert shown(capsys, callbacks, verbose=0) == ""


@pytest.mark.slow
def test_a_bar_of_the_users_own_is_the_only_one(capsys):
    printed = shown(capsys, [keras.callbacks.ProgbarLogger()])
    assert printed.count("Epoch 1/2") == 1
    gan = tiny_recipe("gan")
    listed = keras.callbacks.CallbackList(
        [], add_history=True, add_progbar=True, model=gan, epochs=2, steps=12,
        verbose=1,
    )  # fmt: skip
    printed = shown(capsys, listed, gan=gan)
    assert printed.count("Epoch 1/2") == 1


@pytest.mark.slow
def test_it_counts_towards_the_newest_plan(capsys):
    class Plan(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.params["epochs"] = 4

        def on_epoch_end(self, epoch, logs=None):
            self.params["epochs"] = 2
            self.model.stop_training = epoch == 1

    printed = shown(capsys, [Plan()], epochs=9, verbose=2, calls_of=1)
    assert re.findall(r"Epoch (\d+/\d+)", printed) == ["1/4", "2/2"]
