"""Augmentation: random changes to every image that D looks at.

With few real images D learns them by heart, and then tells G nothing but
"not one of those". Changed at random at every look, no image can be learned
by heart. Two things make that safe in a game of two players:

- fakes are changed as the reals are: if only the reals were, G would learn
  to draw changed ones;
- every change is differentiable, so that G's gradient flows through it, from
  D's input back to the pixels that G drew.

A new augmentation is a subclass of `Augmentation` with one method. All are
made of plain operations on tensors of fixed shape, which XLA compiles.
(Keras' own `Random*` layers would switch XLA off for the whole model.)
"""

from gan_keras.augment.adaptive import AdaptiveAugmentation
from gan_keras.augment.base import Augmentation
from gan_keras.augment.base import augmentations
from gan_keras.augment.base import get
from gan_keras.augment.base import register
from gan_keras.augment.chains import Chain
from gan_keras.augment.chains import DiffAugment
from gan_keras.augment.colours import Brightness
from gan_keras.augment.colours import Contrast
from gan_keras.augment.colours import Saturation
from gan_keras.augment.growing import GrowingAugmentation
from gan_keras.augment.places import Cutout
from gan_keras.augment.places import Flip
from gan_keras.augment.places import Scale
from gan_keras.augment.places import Translation

__all__ = [
    "AdaptiveAugmentation",
    "Augmentation",
    "Brightness",
    "Chain",
    "Contrast",
    "Cutout",
    "DiffAugment",
    "Flip",
    "GrowingAugmentation",
    "Saturation",
    "Scale",
    "Translation",
    "augmentations",
    "get",
    "register",
]
