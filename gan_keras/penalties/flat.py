"""R1 and R2: D must be flat, at the data or at the fakes."""

from gan_keras.penalties.base import Penalty
from gan_keras.penalties.base import register


class ZeroSlope(Penalty):
    """What R1 and R2 have in common.

    Args:
        gamma: Float >= 0, the weight.
        every: Int, steps between payments; see `Penalty`.
        share: Float, the part of the batch that pays; see `Penalty`.
        name: String, the metric's name.
    """

    def __init__(self, gamma=1.0, every=1, share=1.0, name=None):
        super().__init__(every=every, share=share, name=name)
        if not gamma >= 0:
            raise ValueError(
                "`gamma` weighs the penalty and must be 0 or more. "
                f"Received: gamma={gamma!r}"
            )
        self.gamma = float(gamma)

    def price(self, squared_slope):
        return self.gamma / 2 * squared_slope

    def get_config(self):
        return {"gamma": self.gamma, **super().get_config()}


@register
class R1(ZeroSlope):
    """D must be flat where the real images are.

    Formula: `gamma / 2 * |d logit / d real_image|^2`

    At the optimum D cannot tell real from fake and is constant; R1 leads it
    there, and makes training locally convergent where the bare game circles.

    Source: Mescheder et al., 2018, equation 9, arXiv:1801.04406.

    Args:
        gamma: Float >= 0, the weight.
        every: Int, steps between payments; see `Penalty`.
        share: Float, the part of the batch that pays; see `Penalty`.
        name: String, the metric's name.
    """

    def places(self, real_images, fake_images):
        return real_images


@register
class R2(ZeroSlope):
    """D must be flat where the fake images are.

    Formula: `gamma / 2 * |d logit / d fake_image|^2`

    R1's mirror image. R1 alone lets D be steep among the fakes, away from the
    data, where a relativistic game can explode; R3GAN takes both.

    Source: Mescheder et al., 2018, equation 10, arXiv:1801.04406; Huang et
    al., 2025, arXiv:2501.05441.

    Args:
        gamma: Float >= 0, the weight.
        every: Int, steps between payments; see `Penalty`.
        share: Float, the part of the batch that pays; see `Penalty`.
        name: String, the metric's name.
    """

    def places(self, real_images, fake_images):
        return fake_images
