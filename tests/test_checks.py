"""Bad data sets and bad samples; the other mistakes are in test_mistakes."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import tiny_gan
from conftest import tiny_images

DATA = {
    "uint8": (
        lambda: np.zeros((16, 8, 8, 1), "uint8"),
        r"floating point in \[-1, 1\].*gk.datasets.pipeline.*uint8",
    ),
    "0 to 255": (
        lambda: 127.5 + 127.5 * tiny_images(16),
        r"must lie in \[-1, 1\].*values in \[",
    ),
    "0 to 1": (
        lambda: 0.5 + 0.5 * tiny_images(16),
        r"seem to lie in \[0, 1\].*images \* 2 - 1",
    ),
    "no channels": (
        lambda: tiny_images(16)[..., 0],
        r"Add the channel axis: `images\[..., None\]`.*\(16, 8, 8\)",
    ),
    "another size": (
        lambda: tiny_images(16, size=9),
        r"\[batch, 8, 8, 1\].*\(16, 9, 9, 1\)",
    ),
    "NaN": (
        lambda: np.full((16, 8, 8, 1), np.nan, "float32"),
        "must be finite",
    ),
}


@pytest.mark.parametrize("case", DATA)
def test_data_sets_are_checked_as_arrays_are(case):
    make, message = DATA[case]
    gan = tiny_gan()
    gan.compile()
    with pytest.raises(ValueError, match=message):
        gan.fit(tf.data.Dataset.from_tensors(make()), verbose=0)
    assert gan.steps.numpy() == 0


@pytest.mark.parametrize("n", [0, -1, 2.5, "8", True])
def test_how_many(n):
    with pytest.raises(ValueError, match="`n` must be a whole number"):
        tiny_gan().generate(n)


def test_judge_checks_its_images():
    gan = tiny_gan()
    gan.compile()
    with pytest.raises(ValueError, match="uint8"):
        gan.judge(np.zeros((2, 8, 8, 1), "uint8"))
