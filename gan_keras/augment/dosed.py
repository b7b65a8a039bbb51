"""An augmentation in doses: with a probability."""

import keras
import tensorflow as tf

from gan_keras.augment.base import Augmentation
from gan_keras.augment.base import get
from gan_keras.augment.chains import DiffAugment


def check_probability(p):
    """A ValueError unless `p` lies in [0, 1]."""
    if not 0 <= p <= 1:
        raise ValueError(
            f"`p` is a probability and must lie in [0, 1]. Received: p={p!r}"
        )


def check_images(images):
    """A ValueError unless `images` is 1 or more."""
    if not images >= 1:
        raise ValueError(
            "`images` is a number of images and must be 1 or more. "
            f"Received: images={images!r}"
        )


class DosedAugmentation(Augmentation):
    """Base class: each transform of an augmentation, with a probability.

    Which images it changes is decided for every transform on its own. A
    subclass says how probable it is, in `dose`.

    Args:
        augmentation: The `Augmentation` to dose, or its name; a
            `DiffAugment()` if not given.
        seed: Int; see `Augmentation`.
        name: String, the layer's name.
    """

    def __init__(self, augmentation=None, seed=None, name=None):
        super().__init__(seed=seed, name=name)
        self.augmentation = get(
            DiffAugment() if augmentation is None else augmentation
        )
        links = self.augmentation.parts()
        dosed = [x for x in links if isinstance(x, DosedAugmentation)]
        if dosed:
            raise ValueError(
                "`augmentation` is dosed already; choose one without an "
                f"{type(dosed[0]).__name__}. "
                f"Received: augmentation={augmentation!r}"
            )
        self.numbers = sum(link.numbers for link in links) + len(links)

    def dose(self):
        """The probability: float32 scalar tensor in [0, 1]."""
        raise TypeError(f"{type(self).__name__} must define `dose()`.")

    def transform(self, images, u):
        links = self.augmentation.parts()
        sizes = [link.numbers for link in links]
        *u, dice = tf.split(u, [*sizes, len(links)], axis=1)
        for i, link in enumerate(links):
            # "<=": never with 0, always with 1, as dice are in (0, 1].
            chosen = dice[:, i, None, None, None] <= self.dose()
            # 1 or 0: as `tf.where` would, which takes longer without XLA.
            chosen = tf.cast(chosen, images.dtype)
            changed = link.transform(images, u[i])
            images = chosen * changed + (1 - chosen) * images
        return images

    def get_config(self):
        return {
            "augmentation": keras.saving.serialize_keras_object(
                self.augmentation
            ),
            **super().get_config(),
        }
