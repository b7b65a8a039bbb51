"""Several augmentations, one after the other."""

import difflib

import keras
import tensorflow as tf

from gan_keras.augment.base import Augmentation
from gan_keras.augment.base import get
from gan_keras.augment.base import register
from gan_keras.augment.colours import Brightness
from gan_keras.augment.colours import Contrast
from gan_keras.augment.colours import Saturation
from gan_keras.augment.places import Cutout
from gan_keras.augment.places import Translation
from gan_keras.registry import PACKAGE


@keras.saving.register_keras_serializable(PACKAGE)
class Chain(Augmentation):
    """Several augmentations, one after the other.

    Example:

    ```python
    Chain([Flip(), DiffAugment(["translation"])])
    ```

    Args:
        transforms: List of augmentations, or of their names. A chain among
            them is taken apart, so that `transforms` holds single links.
        seed: Int; see `Augmentation`. The seeds of the links do not count.
        name: String, the layer's name.
    """

    def __init__(self, transforms, seed=None, name=None):
        super().__init__(seed=seed, name=name)
        if not (isinstance(transforms, (list, tuple)) and transforms):
            raise ValueError(
                "`transforms` must be a list of augmentations, at least one. "
                f"Received: transforms={transforms!r}"
            )
        links = [get(transform).parts() for transform in transforms]
        self.transforms = sum(links, [])
        self.numbers = sum(link.numbers for link in self.transforms)

    def transform(self, images, u):
        sizes = [link.numbers for link in self.transforms]
        for link, own in zip(self.transforms, tf.split(u, sizes, axis=1)):
            images = link.transform(images, own)
        return images

    @property
    def needs_boundary(self):
        return any(link.needs_boundary for link in self.transforms)

    def parts(self):
        return list(self.transforms)

    def begin(self, images):
        for link in self.transforms:
            link.begin(images)

    def update(self, real_logits, boundary=0.0):
        for link in self.transforms:
            link.update(real_logits, boundary)

    def logs(self, batch_size):
        logs = {}
        for link in self.transforms:
            logs.update(link.logs(batch_size))
        return logs

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "transforms": [serialize(link) for link in self.transforms],
            **super().get_config(),
        }


@register
class DiffAugment(Chain):
    """DiffAugment: every image is changed, in up to three ways.

    - `"colour"`: `Brightness`, `Saturation` and `Contrast`,
    - `"translation"`: `Translation` by up to an eighth of the size,
    - `"cutout"`: `Cutout` of half the height and width.

    Source: Zhao et al., 2020, arXiv:2006.10738.

    Args:
        policies: List of the names above, in the order of their turns.
        seed: Int; see `Augmentation`.
        name: String, the layer's name.
    """

    POLICIES = {
        "colour": [Brightness, Saturation, Contrast],
        "translation": [Translation],
        "cutout": [Cutout],
    }

    def __init__(
        self,
        policies=("colour", "translation", "cutout"),
        seed=None,
        name=None,
    ):
        if not (isinstance(policies, (list, tuple)) and policies):
            raise ValueError(
                "`policies` must be a list of names, at least one of "
                f"{list(self.POLICIES)}. Received: policies={policies!r}"
            )
        for policy in policies:
            if policy not in self.POLICIES:
                near = difflib.get_close_matches(str(policy), self.POLICIES, 1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise ValueError(
                    f"`policies` holds an unknown name.{hint} Known names: "
                    f"{list(self.POLICIES)}. Received: {policy!r}"
                )
        links = [cls() for policy in policies for cls in self.POLICIES[policy]]
        super().__init__(links, seed=seed, name=name)
        self.policies = list(policies)

    def get_config(self):
        return {
            "policies": list(self.policies),
            "seed": self.seed,
            "name": self.name,
        }
