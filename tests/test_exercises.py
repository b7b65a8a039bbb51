import importlib.util
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from gan_keras import exercises
from gan_keras.exercises import core

HERE = Path(__file__).parent
SOLUTIONS = HERE.parent / "tutorials" / "solutions"


def module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def solutions():
    """All solutions: each file has one function or value an exercise."""
    found = {}
    for path in sorted(SOLUTIONS.glob("[0-9][0-9]_*.py")):
        names = vars(module(path))
        found |= {n: names[n] for n in exercises.names() if n in names}
    return found


def wrong_answers():
    """All wrong answers: each file has `WRONG`, name to a list of them."""
    found = {}
    for path in sorted((HERE / "wrong_answers").glob("tutorial_*.py")):
        found |= module(path).WRONG
    return found


WRONG = wrong_answers()


def test_every_exercise_has_a_solution_and_three_wrong_answers():
    assert set(solutions()) == set(exercises.names())
    assert set(WRONG) == set(exercises.names())
    assert all(len(answers) >= 3 for answers in WRONG.values())


@pytest.mark.parametrize("name", exercises.names())
def test_the_solution_is_accepted(name):
    result = exercises.check(name, solutions()[name])
    assert result.passed, result
    assert len(result.message) > 20


@pytest.mark.parametrize(
    "name, i", [(name, i) for name in WRONG for i in range(len(WRONG[name]))]
)
def test_a_wrong_answer_gets_a_hint(name, i):
    result = exercises.check(name, WRONG[name][i])
    assert not result.passed
    # They run, and have the right form: what helps is more than that.
    assert "an error of its own" not in result.message
    assert "shape should be" not in result.message
    assert len(result.message) > 20


@pytest.mark.parametrize("name", exercises.names())
def test_an_empty_answer_gets_a_hint(name):
    result = exercises.check(name, lambda *args, **kwargs: None)
    assert not result.passed
    assert "an error of its own" not in result.message


@pytest.mark.parametrize(
    "real_is_wrong, fake_is_wrong",
    [
        (np.less, np.greater),
        (np.less_equal, np.greater_equal),
        (np.less, np.greater_equal),
    ],
)
def test_the_officer_at_one_half(real_is_wrong, fake_is_wrong):
    # "Above 0.5 she says real, else fake": at 0.5 itself she says fake.
    def mistakes(on_real, on_fake):
        wrong = real_is_wrong(on_real, 0.5).sum()
        wrong += fake_is_wrong(on_fake, 0.5).sum()
        return wrong / (len(on_real) + len(on_fake))

    found = exercises.check("mistakes", mistakes)
    assert not found and "exactly 0.5" in found.message


@pytest.mark.parametrize(
    "name",
    [
        "mistakes", "push", "heaps_found", "probability", "discriminator_loss",
        "strided_convolution", "transposed_convolution", "with_class",
        "saturating_slope", "non_saturating_loss", "logit_gradient",
        "weight_gradients", "best_discriminator", "epoch_to_keep",
        "mixed_classes", "share_as_asked", "smoothed_d_loss", "modes_found",
        "centre_square", "extra_copies", "smoothed_curve",
    ],
)  # fmt: skip
def test_an_answer_may_spoil_what_it_is_given(name):
    right = solutions()[name]

    def in_place(*arguments):
        answer = np.array(right(*arguments))
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                argument.fill(0)
            elif isinstance(argument, list):
                argument.clear()
        return answer

    assert exercises.check(name, in_place)


@pytest.mark.parametrize(
    "name, hints",
    [
        (
            "epoch_to_keep",
            [
                "best of all, but training had stopped",
                "epoch at which you stop",
                "Counted from 0",
                "best distance. Asked is its epoch",
                "Do you use `patience`?",
                "You stopped too early",
                "no *new* best",
                "Better than the epoch before is not enough",
                "the count begins again there",
            ],
        ),
        (
            "best_checkpoint",
            [
                "run which *ends* best",
                "Received: ('short', 1)",
                "Epochs count from 1",
                "largest value",
                "Received: ('long', 1)",
            ],
        ),
        (
            "extra_copies",
            [
                "all images that have a copy",
                "pictures that are there more than once",
                "upside down",
                "single level of a single pixel",
                "not the objects",
                "different pictures. These stay",
                "number of all images",
                "compared every image with itself",
                "each of them from both sides",
                "you counted pairs: three",
                "its neighbour only",
            ],
        ),
    ],
)
def test_each_mistake_gets_its_own_hint(name, hints):
    found = [exercises.check(name, wrong).message for wrong in WRONG[name]]
    assert len(found) == len(hints) == len(set(found))
    for message, hint in zip(found, hints):
        assert hint in message


def test_unknown_exercise():
    with pytest.raises(ValueError, match="Unknown exercise"):
        exercises.check("no_such", None)


def test_numbers():
    with pytest.raises(core.Hint, match="return"):
        core.numbers(None)
    with pytest.raises(core.Hint, match=r"\(2,\)"):
        core.numbers([1.0], shape=(2,))
    with pytest.raises(core.Hint, match="infinite"):
        core.numbers([float("nan")])
    assert core.numbers([1, 2], shape=(2,)).dtype == "float64"


def test_a_network_that_no_tape_saw_gets_a_hint():
    def outside(discriminator, optimizer, real_images, fake_images):
        logits = discriminator(real_images) - discriminator(fake_images)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(logits)
        weights = discriminator.trainable_variables
        optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    found = exercises.check("d_half_step", outside)
    assert not found and "*inside*" in found.message


def test_settings_and_claims(monkeypatch, capsys):
    monkeypatch.delenv("GAN_KERAS_SMOKE", raising=False)
    assert exercises.setting(full=5, smoke=1) == 5
    exercises.claim(0.5, at_least=0.4, at_most=0.6)
    monkeypatch.delenv("GAN_KERAS_CLAIMS", raising=False)
    exercises.claim(0.7, at_most=0.6)  # says so, and the reader goes on
    assert "at most 0.6; here it is 0.7." in capsys.readouterr().out
    monkeypatch.setenv("GAN_KERAS_CLAIMS", "strict")
    with pytest.raises(AssertionError, match="0.7"):
        exercises.claim(0.7, at_most=0.6)
    with pytest.raises(AssertionError):
        exercises.claim(float("nan"), at_least=0)
    monkeypatch.setenv("GAN_KERAS_SMOKE", "1")
    assert exercises.setting(full=5, smoke=1) == 1
    exercises.claim(0.7, at_most=0.6)
