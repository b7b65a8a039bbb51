"""A training that ends on time, by a clock that the test winds."""

import keras
import pytest
from conftest import data_for
from conftest import tiny_recipe

import gan_keras as gk
from gan_keras import recipes
from gan_keras.cli import planning


def tiny(name="gan", calls_of=1, **kwargs):
    """A recipe's model, which makes so many steps in one call."""
    gan = tiny_recipe(name, **kwargs)
    gan.steps_per_execution = calls_of
    return gan


class Clock(keras.callbacks.Callback):
    """A training step takes as many seconds as its epoch's entry says."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds
        self.now = 1000.0

    def __call__(self):
        return self.now

    def on_epoch_begin(self, epoch, logs=None):
        self.step = self.seconds[min(epoch, len(self.seconds) - 1)]
        self.steps = int(self.model.steps)

    def on_train_batch_end(self, batch, logs=None):
        steps = int(self.model.steps)
        self.now += self.step * (steps - self.steps)
        self.steps = steps


class Rates(keras.callbacks.Callback):
    """Keeps G's learning rate, of the steps to come."""

    def __init__(self):
        super().__init__()
        self.rates = []

    def on_train_begin(self, logs=None):
        self.full = float(self.model.g_optimizer.learning_rate)

    def on_epoch_end(self, epoch, logs=None):
        rate = float(self.model.g_optimizer.learning_rate)
        self.rates.append(rate / self.full)


def trained(seconds, minutes, epochs, **kwargs):
    """A run of epochs of four steps; returns what it left behind."""
    gan = tiny(steps=4 * epochs, **kwargs)
    clock, rates = Clock(seconds), Rates()
    deadline = gk.callbacks.Deadline(minutes, clock=clock)
    history = gan.fit(
        data_for(gan, steps=4),
        epochs=epochs,
        callbacks=[clock, deadline, rates],
        verbose=0,
    )
    return gan, deadline, len(history.epoch), rates.rates


def test_the_epochs_that_fit_in():
    # Four seconds an epoch: 41 of them are ten epochs and a little.
    gan, deadline, epochs, rates = trained([1.0], 41 / 60, epochs=100)
    assert epochs == deadline.epochs == 10
    assert int(gan.steps) == 40
    # The full rate until half of the ten, then linearly to zero.
    assert rates == pytest.approx(
        [1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2, 0], abs=1e-6
    )


class Work(keras.callbacks.Callback):
    """Evaluating takes time, the first time more, and so does an epoch's end.

    Seconds of the clock: 15 to compile the evaluation, 1 for each, 2 at the
    end of an epoch.
    """

    def __init__(self, clock):
        super().__init__()
        self.clock = clock
        self.evaluated = False

    def on_test_batch_end(self, batch, logs=None):
        self.clock.now += 1 if self.evaluated else 16
        self.evaluated = True

    def on_epoch_end(self, epoch, logs=None):
        self.clock.now += 2


@pytest.mark.parametrize(
    ("validation", "calls_of", "seconds", "plans"),
    [
        # 8 steps of 1 s and 2 s of a callback behind: four epochs and a
        # little. The first ends when the 2 s are still to come, the second is
        # planned by the median of 8 and 10.
        (False, 1, 41, [5, 5, 4, 4]),
        (False, 4, 41, [5, 5, 4, 4]),
        # With 1 s of evaluation 11 s an epoch: the first ends after 8 + 16 s,
        # of which 8 tell the pace, the others at 35 and 46.
        (True, 1, 48, [4, 3, 3]),
        (True, 4, 48, [4, 3, 3]),
        (True, 4, 39, [3, 2]),
        # All steps in the first call: the second epoch, which ends at 35, is
        # the first to tell, that it took 11.
        (True, 8, 48, [None, 3, 3]),
    ],
)
def test_what_an_epochs_end_takes_is_counted_and_compiling_is_not(
    validation, calls_of, seconds, plans
):
    gan = tiny(steps=400, calls_of=calls_of)
    clock, found = Clock([1.0]), []
    deadline = gk.callbacks.Deadline(seconds / 60, clock=clock)
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: found.append(deadline.epochs)
    )
    gan.fit(
        data_for(gan, steps=8),
        epochs=100,
        validation_data=data_for(gan, steps=1) if validation else None,
        callbacks=[clock, deadline, look, Work(clock)],
        verbose=0,
    )
    assert found == plans
    assert float(gan.g_optimizer.learning_rate) == 0


@pytest.mark.slow
def test_rates_of_optimizers_that_gather_gradients():
    gan = tiny(steps=400)
    schedule = gk.schedules.HoldThenDecay
    gan.compile(
        keras.optimizers.Adam(
            schedule(1e-3, 400), gradient_accumulation_steps=8
        ),
        keras.optimizers.Adam(
            schedule(1e-3, 400), gradient_accumulation_steps=8
        ),
    )
    clock, rates = Clock([1.0]), Rates()
    gan.fit(
        data_for(gan, steps=4),  # fewer than are gathered
        epochs=100,
        callbacks=[clock, gk.callbacks.Deadline(41 / 60, clock=clock), rates],
        verbose=0,
    )
    assert rates.rates == pytest.approx(
        [1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2, 0], abs=1e-6
    )


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("steps", "calls_of", "seconds", "plans"),
    [
        # Four seconds an epoch: ten of them, and a little.
        (4, 2, 41, [10] * 10),
        # With all steps in the first call, which is compiled, the first epoch
        # tells nothing; the second does.
        pytest.param(4, 4, 41, [None] + [10] * 9, marks=SLOW),
        # Unless the time is over by then.
        pytest.param(4, 4, 2, [1], marks=SLOW),
        # Nine seconds an epoch, of which the first call is eight: 41 are 4.6.
        pytest.param(9, 8, 41, [5] * 5, marks=SLOW),
    ],
)
def test_several_steps_in_one_call(steps, calls_of, seconds, plans):
    gan = tiny(steps=400, calls_of=calls_of)
    clock, found = Clock([1.0]), []
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: found.append(deadline.epochs)
    )
    deadline = gk.callbacks.Deadline(seconds / 60, clock=clock)
    data = data_for(gan, steps=steps)
    gan.fit(data, epochs=100, callbacks=[clock, deadline, look], verbose=0)
    assert found == plans
    assert int(gan.steps) == steps * len(plans)
    assert float(gan.g_optimizer.learning_rate) == 0


@pytest.mark.slow
def test_a_machine_that_slows_down():
    # Four epochs of 4 s, then of 8 s: 40 s are over in the middle of the
    # seventh, at 16 + 3 * 8.
    _, deadline, epochs, rates = trained([1, 1, 1, 1, 2], 40 / 60, epochs=100)
    assert epochs == deadline.epochs == 7
    assert rates[-1] == pytest.approx(0, abs=1e-6)


@pytest.mark.slow
def test_never_more_epochs_than_it_was_given():
    gan, deadline, epochs, rates = trained([1.0], 10.0, epochs=5)
    assert epochs == deadline.epochs == 5
    # The plan was the same all the time.
    assert rates == pytest.approx([1, 1, 0.8, 0.4, 0], abs=1e-6)


@pytest.mark.slow
def test_several_turns_of_d():
    gan, _, epochs, _ = trained([1.0], 12 / 60, epochs=100, name="sagan")
    assert epochs == 3
    assert int(gan.d_optimizer.iterations) == 24
    assert float(gan.d_optimizer.learning_rate) == 0


def test_the_plan_is_what_other_callbacks_see(tmp_path):
    gan = tiny(steps=400)
    clock, told = Clock([1.0]), []

    class Told(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            told.append(self.params["epochs"])

    gan.fit(
        data_for(gan, steps=4),
        epochs=100,
        callbacks=[
            clock,
            gk.callbacks.Deadline(12 / 60, clock=clock),
            # No checkpoint but that of the last epoch.
            gk.callbacks.Resume(tmp_path, seconds=1e6),
            Told(),
        ],
        verbose=0,
    )
    assert told == [100, 3, 3]
    assert [path.name for path in tmp_path.rglob("*.npz")] == [
        "epoch_00003.npz"
    ]


@pytest.mark.slow
def test_a_resumed_run_counts_its_own_steps(tmp_path):
    resume = gk.callbacks.Resume(tmp_path, seconds=0)
    gan = tiny(steps=400)
    gan.fit(data_for(gan, steps=4), epochs=8, callbacks=[resume], verbose=0)
    gan = tiny(steps=400)
    clock = Clock([1.0])
    gan.fit(
        data_for(gan, steps=4),
        epochs=20,
        callbacks=[
            clock,
            gk.callbacks.Deadline(60, clock=clock),
            resume,
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: setattr(
                    gan, "stop_training", True
                )
            ),
        ],
        verbose=0,
    )
    # Nine epochs done, eleven of four steps to come.
    assert int(gan.steps) == 36
    assert gan.g_optimizer._learning_rate.steps == 80


@pytest.mark.slow
def test_the_command_writes_every_plan_down():
    gan = tiny(steps=400)
    clock, plans = Clock([1, 1, 1, 1, 2]), []
    deadline = planning.RecordedDeadline(40 / 60, 6, plans.append)
    deadline.clock = clock
    data = data_for(gan, steps=4)
    told = []
    look = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: told.append(
            deadline.params["epochs"]
        )
    )
    gan.fit(data, epochs=100, callbacks=[clock, deadline, look], verbose=0)
    assert told[:2] == [6, 10]  # what `Pace` goes by: the first plan, not 100
    # By the median of the last five epochs, 4 s until there are three of 8 s.
    assert plans == [10, 10, 10, 10, 9, 8, 7]


@pytest.mark.parametrize("minutes", [0, -1.0, float("nan")])
def test_no_time_at_all(minutes):
    with pytest.raises(ValueError, match="`minutes` must be above 0. Received"):
        gk.callbacks.Deadline(minutes)


@pytest.mark.slow
def test_rates_of_a_model_that_was_compiled_anew():
    gan = tiny(steps=40)
    gan.fit(data_for(gan, steps=4), epochs=5, verbose=0)
    gan.compile(**recipes.adams((8, 8, 1), steps=400, width=4))
    clock = Clock([1.0])
    deadline = gk.callbacks.Deadline(12 / 60, clock=clock)
    data = data_for(gan, steps=4)
    gan.fit(data, epochs=100, callbacks=[clock, deadline], verbose=0)
    # 20 steps before, which the new optimizers know nothing of; 12 since.
    assert int(gan.steps) == 32
    assert int(gan.g_optimizer.iterations) == 12
    assert float(gan.g_optimizer.learning_rate) == 0


@pytest.mark.slow
def test_a_training_that_diverges_keeps_its_plan(tmp_path):
    gan = tiny(steps=40)
    poison = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: logs.update(d_loss=float("nan"))
    )
    clock = Clock([1.0])
    deadline = gk.callbacks.Deadline(40 / 60, clock=clock)
    guard = gk.callbacks.DivergenceGuard()
    with pytest.warns(UserWarning, match="d_loss"):
        gan.fit(
            data_for(gan, steps=4),
            epochs=10,
            callbacks=[clock, deadline, poison, guard],
            verbose=0,
        )
    assert guard.diverged and deadline.epochs is None
    # Back at the beginning, where there is everything still to be trained.
    assert int(gan.steps) == 0
    assert gan.g_optimizer._learning_rate.steps == 40
    gan.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.g_optimizer._learning_rate.steps == 40
