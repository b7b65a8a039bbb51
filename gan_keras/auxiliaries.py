"""Second jobs for D: further heads, and what both players earn by them.

A discriminator may return more than its logits: `{"logits": ..., "class":
...}` (`heads=` of the networks). An auxiliary objective reads such a head and
adds a term to D's loss and one to G's, both *per sample*.
"""

import numbers

import tensorflow as tf

from gan_keras.registry import Registry
from gan_keras.registry import get_all_of
from gan_keras.registry import snake_case

CODES = ("categories", "continuous")

auxiliaries = Registry("auxiliaries", ("discriminator", "heads"))
register = auxiliaries.register
get = auxiliaries.get


class Auxiliary:
    """Base of the auxiliary objectives.

    Args:
        weight: Float >= 0, what the objective counts beside the game.
        name: String, the metric's name in the logs; G's term is logged as
            `g_<name>`.
    """

    #: The heads that it reads: dict from a name to the number of units.
    heads = {}

    def __init__(self, weight=1.0, name=None):
        self.weight = checked(weight=weight)
        self.name = name or snake_case(type(self).__name__)

    def heads_for(self, gan):
        """The heads that it reads of this model; asked by `compile`.

        Raises:
            ValueError: If it is made for models of another kind.
        """
        return self.heads

    def discriminator(self, real, fake, batch):
        """What D adds to its loss.

        Args:
            real: Dict of D's heads on the real images, float32
                `[batch, units]` each, and `"logits"` `[batch]`.
            fake: The same on the fakes.
            batch: A `gan_keras.gan.Batch`: the images, what G made the fakes
                from (`batch.inputs`), and the labels.

        Returns:
            Float tensor `[batch]`.
        """
        raise TypeError(
            f"{type(self).__name__} must define "
            "`discriminator(real, fake, batch)`."
        )

    def generator(self, real, fake, batch):
        """What G adds to its loss; arguments as of `discriminator`."""
        raise TypeError(
            f"{type(self).__name__} must define `generator(real, fake, batch)`."
        )

    def get_config(self):
        return {"weight": self.weight, "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@register
class ClassLoss(Auxiliary):
    """ACGAN: D also says which class it sees, and both are paid for it.

    Formula:

    ```
    d: -weight * log p(class | real) - fake_weight * log p(class | fake)
    g: -g_weight * log p(class | fake)
    ```

    with the softmax of the head. D learns the classes from the real images,
    and G to draw what D recognises as the class that was asked for. In the
    paper all weights are 1.

    Where G can please the classifier by drawing only what is easy to
    recognise, it does: an auxiliary classifier sharpens the classes at the
    cost of variety within them, the more so if it learns from G's fakes what
    to call easy. A small `g_weight`, and no `fake_weight`, keep more of it.

    Source: Odena et al., 2017, arXiv:1610.09585.

    Args:
        weight: Float >= 0, D's weight.
        g_weight: Float >= 0, G's weight; as `weight` if not given.
        head: String, the name of D's head with a logit for each class.
        name: String, the metric's name.
        fake_weight: Float >= 0, D's weight on fakes; as `weight` if not given.
    """

    def __init__(
        self,
        weight=1.0,
        g_weight=None,
        head="class",
        name=None,
        fake_weight=None,
    ):
        super().__init__(weight, name)
        if fake_weight is None:
            fake_weight = weight
        if g_weight is None:
            g_weight = weight
        self.fake_weight = checked(fake_weight=fake_weight)
        self.g_weight = checked(g_weight=g_weight)
        self.head = head

    def heads_for(self, gan):
        if not gan.needs_labels:
            raise ValueError(
                f"`auxiliaries`: {self.name!r} is about classes: use a "
                f"`ConditionalGAN`. Received: {type(gan).__name__}"
            )
        return {self.head: gan.num_classes}

    def discriminator(self, real, fake, batch):
        return self.weight * self.errors(
            real, batch
        ) + self.fake_weight * self.errors(fake, batch)

    def generator(self, real, fake, batch):
        return self.g_weight * self.errors(fake, batch)

    def errors(self, said, batch):
        """The cross-entropy of D's answer: float tensor `[batch]`."""
        _, classes = batch.inputs
        return tf.nn.softmax_cross_entropy_with_logits(classes, said[self.head])

    def get_config(self):
        return {
            **super().get_config(),
            "fake_weight": self.fake_weight,
            "g_weight": self.g_weight,
            "head": self.head,
        }


@register
class MutualInformation(Auxiliary):
    """InfoGAN: D must be able to read G's codes off the image.

    Formula, for both players, on the fakes:

    ```
    -weight * log softmax(category head)[category]
    + continuous_weight / 2 * |continuous head - codes|^2
    ```

    Up to a constant it is an upper bound of minus the mutual information of
    codes and image. To be read, a code must do something that can be seen:
    without any labels, G finds things worth a code, such as the digit.

    Source: Chen et al., 2016, arXiv:1606.03657. (There the spread of the
    continuous codes is learnt as well; here it is fixed.)

    Args:
        categories: Int, values of the categorical code; D has a head
            `"category"` of as many units.
        continuous: Int, number of continuous codes; D has a head
            `"continuous"` of as many units. 0 for none.
        weight: Float >= 0, of the category.
        continuous_weight: Float >= 0, of the continuous codes.
        name: String, the metric's name.
    """

    def __init__(
        self,
        categories=10,
        continuous=2,
        weight=1.0,
        continuous_weight=0.5,
        name=None,
    ):
        super().__init__(weight, name)
        self.categories = categories
        self.continuous = continuous
        self.continuous_weight = checked(continuous_weight=continuous_weight)
        self.heads = {"category": categories}
        if continuous:
            self.heads["continuous"] = continuous

    def heads_for(self, gan):
        mine = (self.categories, self.continuous)
        codes = [getattr(gan, name, None) for name in CODES]
        if mine != tuple(codes):
            raise ValueError(
                f"`auxiliaries`: {self.name!r} reads {mine[0]} categories and "
                f"{mine[1]} continuous codes: use an `InfoGAN` with as many. "
                f"Received: {type(gan).__name__} with {codes[0]} and {codes[1]}"
            )
        return self.heads

    def discriminator(self, real, fake, batch):
        end = self.categories + self.continuous
        category = batch.inputs[:, : self.categories]
        codes = batch.inputs[:, self.categories : end]
        errors = self.weight * tf.nn.softmax_cross_entropy_with_logits(
            category, fake["category"]
        )
        if self.continuous:
            errors += (self.continuous_weight / 2) * tf.reduce_sum(
                tf.square(fake["continuous"] - codes), axis=1
            )
        return errors

    generator = discriminator  # what D reads, G wants to be read

    def get_config(self):
        return {
            **super().get_config(),
            "categories": self.categories,
            "continuous": self.continuous,
            "continuous_weight": self.continuous_weight,
        }


def checked(**weight):
    """The one weight that is passed, by its name, as a float of 0 or more."""
    ((name, value),) = weight.items()
    if not (isinstance(value, numbers.Real) and value >= 0):
        raise ValueError(
            f"`{name}` must be a number, 0 or more: with less, the objective "
            f"would be turned round. Received: {name}={value!r}"
        )
    return float(value)


def get_all(identifiers):
    """A list of auxiliary objectives from names, configs and objects."""
    return get_all_of("auxiliaries", get, identifiers, "[ClassLoss()]")
