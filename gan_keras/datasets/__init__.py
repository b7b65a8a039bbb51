"""Images in, batches out.

Two calls are all that training needs:

```python
images, labels = gan_keras.datasets.load("digits")  # uint8 [N, H, W, C]
data = gan_keras.datasets.pipeline(images)  # float32 batches in [-1, 1]
```

Reading order: `loading.py` (which name is read by whom), `pipelines.py` (how
the order of an epoch is decided), then the readers `digits.py`, `files.py` and
`folder.py`, and their helpers `splits.py`, `resizing.py`, `pixels.py` and
`checks.py`.
"""

from gan_keras.datasets.folder import ImageFolder
from gan_keras.datasets.loading import load
from gan_keras.datasets.pipelines import epoch_order
from gan_keras.datasets.pipelines import pipeline
from gan_keras.datasets.pixels import to_float
from gan_keras.datasets.pixels import to_uint8

__all__ = [
    "ImageFolder",
    "epoch_order",
    "load",
    "pipeline",
    "to_float",
    "to_uint8",
]
