import keras
import numpy as np
import pytest
from conftest import tiny_recipe

from gan_keras import schedules
from gan_keras.schedules import HoldThenDecay


def test_values_by_hand():
    schedule = HoldThenDecay(0.1, steps=100, hold=0.6)
    rates = [float(schedule(step)) for step in (0, 59, 60, 80, 100, 500)]
    np.testing.assert_allclose(
        rates, [0.1, 0.1, 0.1, 0.05, 0.0, 0.0], atol=1e-7
    )


def test_steps_can_be_set_later():
    schedule = HoldThenDecay(0.1, steps=100, hold=0.0)
    schedule.steps = 200
    assert schedule.steps == 200
    assert float(schedule(100)) == pytest.approx(0.05)
    config = keras.saving.serialize_keras_object(schedule)
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == schedule.get_config()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 10), "learning_rate=0.0"),
        ((0.1, 0), "steps=0"),
        ((0.1, 10, 1.0), "hold=1.0"),
    ],
)
def test_mistakes_are_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        HoldThenDecay(*arguments)


def test_set_steps():
    gan = tiny_recipe("dcgan", steps=10)
    schedules.set_steps(gan, 40)
    gan.d_optimizer.iterations.assign(30)
    full = 2 * float(gan.g_optimizer.learning_rate)
    gan.d_optimizer.iterations.assign(40)
    assert float(gan.d_optimizer.learning_rate) == 0
    assert full > 0


def test_set_steps_counts_ds_turns():
    gan = tiny_recipe("sagan", steps=10)
    schedules.set_steps(gan, 40)
    gan.d_optimizer.iterations.assign(79)
    assert float(gan.d_optimizer.learning_rate) > 0
    gan.d_optimizer.iterations.assign(80)
    assert float(gan.d_optimizer.learning_rate) == 0


def test_set_steps_leaves_other_rates_alone():
    gan = tiny_recipe("dcgan", steps=10)
    gan.compile("adam", "adam")
    before = float(gan.g_optimizer.learning_rate)
    schedules.set_steps(gan, 40)
    assert float(gan.g_optimizer.learning_rate) == before
