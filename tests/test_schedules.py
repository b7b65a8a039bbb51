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


@pytest.mark.parametrize(
    ("recipe", "d_rate", "turns"), [("lsgan", 2e-3, 1), ("sagan", 4e-3, 2)]
)
def test_set_steps(recipe, d_rate, turns):
    """Held for half of the 40 steps; with the first number, over after 10."""
    gan = tiny_recipe(recipe, steps=10)
    schedules.set_steps(gan, 40)
    for optimizer, full, turns_a_step in [
        (gan.d_optimizer, d_rate, turns),
        (gan.g_optimizer, 2e-3, 1),
    ]:
        parts = []
        for step in (10, 20, 30, 35, 40):
            optimizer.iterations.assign(step * turns_a_step)
            parts.append(float(optimizer.learning_rate) / full)
        np.testing.assert_allclose(parts, [1, 1, 0.5, 0.25, 0], atol=1e-5)


def test_set_steps_leaves_other_rates_alone():
    gan = tiny_recipe("dcgan", steps=10)
    gan.compile("adam", "adam")
    before = float(gan.g_optimizer.learning_rate)
    schedules.set_steps(gan, 40)
    assert float(gan.g_optimizer.learning_rate) == before
