"""What D pays besides its loss: penalties that keep its slope gentle.

A penalty is a callable `(discriminate, real_images, fake_images) -> [batch]`,
where `discriminate(images) -> logits [batch]` is the only door to D (it
augments, and shows D the labels of a conditional model: the i-th image must
be of the i-th class of the batch). Its values are added to D's loss, and
logged under its attribute `name`. A penalty with state is a Keras layer, so
that the state is saved.
"""

from gan_keras.penalties.base import Penalty
from gan_keras.penalties.base import get
from gan_keras.penalties.base import get_all
from gan_keras.penalties.base import penalties
from gan_keras.penalties.base import register
from gan_keras.penalties.base import squared_slope
from gan_keras.penalties.flat import R1
from gan_keras.penalties.flat import R2
from gan_keras.penalties.steady import Dragan
from gan_keras.penalties.steady import GradientPenalty

__all__ = [
    "Dragan",
    "GradientPenalty",
    "Penalty",
    "R1",
    "R2",
    "get",
    "get_all",
    "penalties",
    "register",
    "squared_slope",
]
