"""More augmentation the more often D has seen the same images."""

import math
import warnings

import tensorflow as tf

from gan_keras import replicas
from gan_keras.augment.base import register
from gan_keras.augment.dosed import DosedAugmentation
from gan_keras.augment.dosed import check_images
from gan_keras.augment.dosed import check_probability


@register
class GrowingAugmentation(DosedAugmentation):
    """An augmentation that grows with what D could know by heart.

    Formula: every transform changes every image with a probability of

    ```
    seen = real images that D has looked at / images of the data set
    p * min(1, seen / looks)
    ```

    each decided on its own. As long as the images are new to D, it gets them
    as they are, and learns fast. The more often the same ones come back, the
    more of them are changed, before D begins to know them by heart. A large
    data set, whose images come back seldom, is hardly changed at all.

    `AdaptiveAugmentation` waits for a sign that D knows images by heart; by
    then it knows many. How often it has seen them can be told beforehand.

    Source: found by experiment, see `benchmarks/README.md`. How much D
    overfits by the number of images: Karras et al., 2020, arXiv:2006.06676.

    Args:
        augmentation: The `Augmentation` to dose, or its name; a
            `DiffAugment()` if not given.
        p: Float in [0, 1], the probability in the end.
        looks: Float > 0, how often D has seen each image when p is reached.
        images: Int >= 1, how many different images there are. If not given,
            `fit` finds out, or warns where the data does not tell.
        seed: Int; see `Augmentation`.
        name: String, the layer's name.
    """

    def __init__(
        self,
        augmentation=None,
        p=0.5,
        looks=200,
        images=None,
        seed=None,
        name=None,
    ):
        super().__init__(augmentation, seed=seed, name=name)
        check_probability(p)
        if not 0 < looks < math.inf:
            raise ValueError(
                "`looks` is how often each image has been seen, and must be "
                f"above 0. Received: looks={looks!r}"
            )
        if images is not None:
            check_images(images)
        self.p = float(p)
        self.looks = float(looks)
        self.images = None if images is None else int(images)
        self.seen = self.add_weight(
            shape=(),
            dtype="float32",  # half precision would lose its small steps
            initializer="zeros",
            trainable=False,
            autocast=False,
            name="seen",
        )
        # Of one image in all of them; 0 as long as nobody has said how many.
        # No weight of Keras': it is the data's, and a checkpoint must not
        # bring back that of other data.
        self.part = tf.Variable(
            1 / self.images if self.images else 0.0,
            trainable=False,
            dtype=tf.float32,
        )

    def begin(self, images):
        """Says how many different images there are, unless that is known.

        Args:
            images: Int >= 1, or None where the data does not tell.
        """
        if self.images is not None:
            return
        if images is not None:
            self.part.assign(1 / images)
        elif float(self.part) == 0:
            warnings.warn(
                "The data does not tell how many different images there are, "
                "so `augmentation` takes them for endless and changes none: "
                "call `gan.augmentation.begin(N)` before `fit`, or pass "
                "GrowingAugmentation(..., images=N).",
                stacklevel=3,
            )

    def update(self, real_logits, boundary=0.0):
        """Counts the images that D has just looked at.

        Args:
            real_logits: Float tensor `[batch]`; only how many counts.
            boundary: Ignored: what D says of them does not matter.
        """
        batch = replicas.total(tf.cast(tf.size(real_logits), tf.float32))
        seen = self.seen.value + batch * self.part
        # Not for a batch that never came, see `gan_keras.ordering`.
        with tf.control_dependencies([real_logits]):
            # No further than it matters: a large sum forgets small terms.
            self.seen.assign(tf.minimum(seen, self.looks))

    def dose(self):
        return self.p * self.seen.value / self.looks

    def logs(self, batch_size):
        return {"augment_p": tf.fill([batch_size], self.dose())}

    def get_config(self):
        return {
            "p": self.p,
            "looks": self.looks,
            "images": self.images,
            **super().get_config(),
        }
