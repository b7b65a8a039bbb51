"""The game's rules: what D and G are each asked to make small.

Every loss is one object with two methods, both *per sample* and both given
both sets of logits (a relativistic loss needs them; the others ignore one):

- `discriminator(real_logits, fake_logits)`: the police officer's error,
- `generator(real_logits, fake_logits)`: the counterfeiter's error.

A high logit means "real". D returns logits, never a sigmoid: the losses below
work on logits because `log(sigmoid(x))` computed in two steps overflows.
"""

import numpy as np
import tensorflow as tf

from gan_keras.registry import Registry

losses = Registry("loss", ("discriminator", "generator", "score"))
register = losses.register
get = losses.get


class Loss:
    """Base class of the GAN losses.

    To write a loss of your own, subclass it, give it the two methods and,
    so that a saved model finds it again, decorate it with
    `@keras.saving.register_keras_serializable()`.

    Example:

    ```python
    @keras.saving.register_keras_serializable("my_course")
    class Difference(gk.losses.Loss):
        def discriminator(self, real_logits, fake_logits):
            return fake_logits - real_logits

        def generator(self, real_logits, fake_logits):
            return -fake_logits
    ```
    """

    #: Where the game comes to rest (p_g = p_data), by metric name; plots draw
    #: these lines. Empty for a loss that has no such values.
    equilibrium = {}

    #: Whether `score` returns a probability of being real.
    is_probability = False

    #: The logit above which D says "real"; None where scores only compare.
    boundary = None

    def discriminator(self, real_logits, fake_logits):
        """What D minimises.

        Args:
            real_logits: float tensor `[batch]`, D's scores of real images.
            fake_logits: float tensor `[batch]`, D's scores of fake images.

        Returns:
            Float tensor `[batch]`.
        """
        raise TypeError(
            f"{type(self).__name__} must define "
            "`discriminator(real_logits, fake_logits)`."
        )

    def generator(self, real_logits, fake_logits):
        """What G minimises; arguments and result as in `discriminator`."""
        raise TypeError(
            f"{type(self).__name__} must define "
            "`generator(real_logits, fake_logits)`."
        )

    def terms(self, real_logits, fake_logits):
        """Both losses taken apart, for people to read.

        Args:
            real_logits: float tensor `[batch]`.
            fake_logits: float tensor `[batch]`.

        Returns:
            Dict with `"d_loss"` and `"g_loss"`, each a dict from a formula to
            its values `[batch]`; the values of each add up to the loss.
        """
        d_loss = self.discriminator(real_logits, fake_logits)
        g_loss = self.generator(real_logits, fake_logits)
        return {
            "d_loss": {"discriminator(real, fake)": d_loss},
            "g_loss": {"generator(real, fake)": g_loss},
        }

    def score(self, logits):
        """What people read off D: a probability, or else the logit itself.

        Args:
            logits: float tensor `[batch]`.

        Returns:
            Float tensor `[batch]`; a probability in [0, 1] where the loss
            trains D to be one, the unchanged logits otherwise.
        """
        return logits

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def cross_entropy(logits, label):
    """Binary cross-entropy of logits against one label for all.

    Formula:

    ```
    label * log(1 + exp(-logits)) + (1 - label) * log(1 + exp(logits))
    ```

    Args:
        logits: float tensor of any shape.
        label: float in [0, 1]; 1 means "real".

    Returns:
        Float tensor of the same shape; finite for every finite logit.
    """
    # softplus(x) = log(1 + exp(x)) without overflow.
    return label * tf.nn.softplus(-logits) + (1 - label) * tf.nn.softplus(
        logits
    )


class CrossEntropyLoss(Loss):
    """D's side of the original game, shared by its two generator losses.

    Args:
        real_label: Float in (0.5, 1], the target of D on real images. Below 1
            it is one-sided label smoothing (Salimans et al., 2016,
            arXiv:1606.03498): D is kept from being too sure of itself. The
            target on fakes stays 0, since smoothing it would reward fakes
            that D already sees through.
    """

    is_probability = True
    boundary = 0.0
    _g_formula = "generator(real, fake)"

    def __init__(self, real_label=1.0):
        if not 0.5 < real_label <= 1.0:
            raise ValueError(
                "`real_label` must lie in (0.5, 1]; 0.9 is usual for label "
                f"smoothing, 1.0 turns it off. Received: {real_label}"
            )
        self.real_label = float(real_label)

    def discriminator(self, real_logits, fake_logits):
        # (real scores against 1) + (fake scores against 0)
        return cross_entropy(real_logits, self.real_label) + cross_entropy(
            fake_logits, 0.0
        )

    def terms(self, real_logits, fake_logits):
        real = {"-log D(real)": tf.nn.softplus(-real_logits)}
        if self.real_label < 1:
            share, rest = self.real_label, 1 - self.real_label
            real = {
                f"-{share:g} log D(real)": share * tf.nn.softplus(-real_logits),
                f"-{rest:g} log(1 - D(real))": rest
                * tf.nn.softplus(real_logits),
            }
        fake = {"-log(1 - D(fake))": tf.nn.softplus(fake_logits)}
        g_loss = self.generator(real_logits, fake_logits)
        return {"d_loss": real | fake, "g_loss": {self._g_formula: g_loss}}

    def score(self, logits):
        return tf.sigmoid(logits)

    @property
    def equilibrium(self):
        # At p_g = p_data D cannot tell: it minimises
        # -a log D - (1 - a) log(1 - D) - log(1 - D)  at  D = a / 2.
        d = self.real_label / 2
        d_loss = -self.real_label * np.log(d)
        d_loss -= (2 - self.real_label) * np.log(1 - d)
        return {
            "d_loss": float(d_loss),
            "g_loss": self._g_equilibrium(d),
            "d_real": d,
            "d_fake": d,
        }

    def get_config(self):
        return {"real_label": self.real_label}


@register
class NonSaturating(CrossEntropyLoss):
    """The loss that everybody trains with: G wants its fakes called real.

    Formula:

    ```
    d_loss = -log D(real) - log(1 - D(fake))
    g_loss = -log D(fake)                      where D = sigmoid(logit)
    ```

    Early on D rejects every fake with ease, D(fake) = 0; there `-log D` is
    steep where the minimax form `log(1 - D)` is flat, so G learns fastest
    when it is worst.

    Source: Goodfellow et al., 2014, section 3, arXiv:1406.2661.

    Args:
        real_label: Float in (0.5, 1]; below 1, one-sided label smoothing.
    """

    _g_formula = "-log D(fake)"

    def generator(self, real_logits, fake_logits):
        return cross_entropy(fake_logits, 1.0)

    def _g_equilibrium(self, d):
        return float(-np.log(d))


@register
class Minimax(CrossEntropyLoss):
    """The original zero-sum game: G maximises what D minimises.

    Formula:

    ```
    d_loss = -log D(real) - log(1 - D(fake))
    g_loss = log(1 - D(fake))                  where D = sigmoid(logit)
    ```

    G's gradient vanishes where D is sure (D(fake) = 0): it *saturates*. Kept
    to be seen; use `NonSaturating` to train.

    Source: Goodfellow et al., 2014, equation 1, arXiv:1406.2661.

    Args:
        real_label: Float in (0.5, 1]; below 1, one-sided label smoothing.
    """

    _g_formula = "log(1 - D(fake))"

    def generator(self, real_logits, fake_logits):
        return -cross_entropy(fake_logits, 0.0)

    def _g_equilibrium(self, d):
        return float(np.log(1 - d))


@register
class LeastSquares(Loss):
    """LSGAN: a regression to 1 (real) and 0 (fake) instead of a classifier.

    Formula:

    ```
    d_loss = 1/2 (score(real) - 1)^2 + 1/2 score(fake)^2
    g_loss = 1/2 (score(fake) - 1)^2
    ```

    A fake that is on the right side but far from the real ones is still
    pulled: the square does not saturate.

    Source: Mao et al., 2017, equation 9 (0-1 coding), arXiv:1611.04076.
    """

    equilibrium = {
        "d_loss": 0.25,
        "g_loss": 0.125,
        "d_real": 0.5,
        "d_fake": 0.5,
    }
    boundary = 0.5

    def discriminator(self, real_logits, fake_logits):
        return 0.5 * tf.square(real_logits - 1) + 0.5 * tf.square(fake_logits)

    def generator(self, real_logits, fake_logits):
        return 0.5 * tf.square(fake_logits - 1)

    def terms(self, real_logits, fake_logits):
        g_loss = self.generator(real_logits, fake_logits)
        return {
            "d_loss": {
                "1/2 (score(real) - 1)^2": 0.5 * tf.square(real_logits - 1),
                "1/2 score(fake)^2": 0.5 * tf.square(fake_logits),
            },
            "g_loss": {"1/2 (score(fake) - 1)^2": g_loss},
        }


@register
class Wasserstein(Loss):
    """WGAN: how far must real scores lie above fake ones?

    Formula:

    ```
    d_loss = score(fake) - score(real)
    g_loss = -score(fake)
    ```

    D is no classifier here but a *critic*: the largest mean difference of
    scores that a function of slope at most 1 can reach is the distance by
    which p_g must be moved to become p_data. It has a gradient even where
    the two do not overlap. What keeps the slope at 1 is not in the loss:
    clip D's weights, or add a `gan_keras.penalties.GradientPenalty`.

    Source: Arjovsky et al., 2017, arXiv:1701.07875.
    """

    #: Scores have no zero: a critic may add any number to all of them.
    equilibrium = {"d_loss": 0.0}

    def discriminator(self, real_logits, fake_logits):
        return fake_logits - real_logits

    def generator(self, real_logits, fake_logits):
        return -fake_logits

    def terms(self, real_logits, fake_logits):
        return {
            "d_loss": {
                "score(fake)": fake_logits,
                "-score(real)": -real_logits,
            },
            "g_loss": {"-score(fake)": -fake_logits},
        }


@register
class Hinge(Loss):
    """D pushes real scores above 1 and fake ones below -1, and no further.

    Formula:

    ```
    d_loss = max(0, 1 - score(real)) + max(0, 1 + score(fake))
    g_loss = -score(fake)
    ```

    What is well classified no longer pulls at D, as in a support vector
    machine; SAGAN and BigGAN train with it, and SNGAN in some experiments.

    Source: Lim and Ye, 2017, arXiv:1705.02894; Miyato et al., 2018,
    arXiv:1802.05957.
    """

    #: Where real and fake are alike, `max(0, 1 - s) + max(0, 1 + s)` is at
    #: least 2, and 2 for every score in [-1, 1].
    equilibrium = {"d_loss": 2.0}
    boundary = 0.0

    def discriminator(self, real_logits, fake_logits):
        return tf.nn.relu(1 - real_logits) + tf.nn.relu(1 + fake_logits)

    def generator(self, real_logits, fake_logits):
        return -fake_logits

    def terms(self, real_logits, fake_logits):
        return {
            "d_loss": {
                "max(0, 1 - score(real))": tf.nn.relu(1 - real_logits),
                "max(0, 1 + score(fake))": tf.nn.relu(1 + fake_logits),
            },
            "g_loss": {"-score(fake)": -fake_logits},
        }


@register
class Relativistic(Loss):
    """RpGAN: is this real image more real than that fake one?

    Formula:

    ```
    d_loss = log(1 + exp(-(score(real) - score(fake))))
    g_loss = log(1 + exp(-(score(fake) - score(real))))
    ```

    The i-th real image is compared with the i-th fake. Every mode of the data
    has fakes to beat, so none can be dropped unnoticed; with R1 and R2 the
    game converges locally.

    Source: Jolicoeur-Martineau, 2018, arXiv:1807.00734; Huang et al., 2025
    (R3GAN), arXiv:2501.05441.
    """

    equilibrium = {"d_loss": float(np.log(2)), "g_loss": float(np.log(2))}

    def discriminator(self, real_logits, fake_logits):
        return tf.nn.softplus(fake_logits - real_logits)

    def generator(self, real_logits, fake_logits):
        return tf.nn.softplus(real_logits - fake_logits)

    def terms(self, real_logits, fake_logits):
        d_loss = self.discriminator(real_logits, fake_logits)
        g_loss = self.generator(real_logits, fake_logits)
        return {
            "d_loss": {"log(1 + exp(score(fake) - score(real)))": d_loss},
            "g_loss": {"log(1 + exp(score(real) - score(fake)))": g_loss},
        }
