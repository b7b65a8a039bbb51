"""Learn generative adversarial networks by training them.

Reading order:

1. `gan_keras.gan`: the training step, start here
2. `gan_keras.losses`: what each player wants
3. `gan_keras.penalties`: what keeps D's slope gentle
4. `gan_keras.networks`: strided convolutions down, transposed ones up
5. `gan_keras.ema`: why the pictures come from an average of generators
6. `gan_keras.optimizers`, `gan_keras.schedules`: steps that never leap,
   and that come to rest
7. `gan_keras.recipes`: what others put together from these
8. `gan_keras.conditional`, `gan_keras.auxiliaries`, `gan_keras.infogan`:
   images by class, and second jobs for D
9. `gan_keras.layers`, `gan_keras.augment`: more ways to hold D back
10. `gan_keras.callbacks`, `gan_keras.plots`: seeing it happen
11. `gan_keras.metrics`, `gan_keras.extractors`: is it getting better?
12. `gan_keras.lab`, `gan_keras.explanation`: points of which everything is
    known, and one training step told with its numbers
"""

_NEEDS = (
    "gan_keras needs Keras' TensorFlow backend, but Keras {}. Set the "
    "environment variable KERAS_BACKEND=tensorflow before Python starts (or "
    "`os.environ['KERAS_BACKEND'] = 'tensorflow'` before the first import of "
    "keras)."
)
try:
    import keras
except (ImportError, ValueError) as error:  # its backend is not installed
    raise ImportError(_NEEDS.format(f"cannot start: {error}")) from error
if keras.backend.backend() != "tensorflow":
    raise ImportError(_NEEDS.format(f"runs on {keras.backend.backend()!r}"))

from gan_keras import augment  # noqa: E402
from gan_keras import auxiliaries  # noqa: E402
from gan_keras import callbacks  # noqa: E402
from gan_keras import constraints  # noqa: E402
from gan_keras import datasets  # noqa: E402
from gan_keras import extractors  # noqa: E402
from gan_keras import lab  # noqa: E402
from gan_keras import latent  # noqa: E402
from gan_keras import layers  # noqa: E402
from gan_keras import losses  # noqa: E402
from gan_keras import metrics  # noqa: E402
from gan_keras import networks  # noqa: E402
from gan_keras import optimizers  # noqa: E402
from gan_keras import penalties  # noqa: E402
from gan_keras import plots  # noqa: E402
from gan_keras import recipes  # noqa: E402
from gan_keras import schedules  # noqa: E402
from gan_keras._version import __version__  # noqa: E402
from gan_keras.conditional import ConditionalGAN  # noqa: E402
from gan_keras.gan import GAN  # noqa: E402
from gan_keras.infogan import InfoGAN  # noqa: E402

__all__ = [
    "ConditionalGAN",
    "GAN",
    "InfoGAN",
    "__version__",
    "augment",
    "auxiliaries",
    "callbacks",
    "constraints",
    "datasets",
    "extractors",
    "lab",
    "latent",
    "layers",
    "losses",
    "metrics",
    "networks",
    "optimizers",
    "penalties",
    "plots",
    "recipes",
    "schedules",
]
