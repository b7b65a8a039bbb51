"""Images in, batches out.

Two calls are all that training needs:

```python
images, labels = gan_keras.datasets.load("digits")  # uint8 [N, H, W, C]
data = gan_keras.datasets.pipeline(images)  # float32 batches in [-1, 1]
```

Reading order: `loading.py` (which name is read by whom), `pipelines.py` (how
the order of an epoch is decided), then the readers `digits.py`, `files.py` and
`folder.py` (with `decoded.py` for large folders and `inspection.py` for a look
at one), and their helpers `splits.py`, `resizing.py`, `pixels.py` and
`checks.py`. `faces.py` draws colour images to train on.
"""

from gan_keras.datasets.decoded import ImagesOnDisk
from gan_keras.datasets.decoded import decoded
from gan_keras.datasets.faces import drawn_faces
from gan_keras.datasets.faces import write_drawn_faces
from gan_keras.datasets.folder import ImageFolder
from gan_keras.datasets.inspection import describe
from gan_keras.datasets.inspection import inspect
from gan_keras.datasets.inspection import statistics
from gan_keras.datasets.loading import load
from gan_keras.datasets.pipelines import epoch_flips
from gan_keras.datasets.pipelines import epoch_order
from gan_keras.datasets.pipelines import pipeline
from gan_keras.datasets.pixels import to_float
from gan_keras.datasets.pixels import to_uint8

__all__ = [
    "ImageFolder",
    "ImagesOnDisk",
    "decoded",
    "describe",
    "drawn_faces",
    "epoch_flips",
    "epoch_order",
    "inspect",
    "load",
    "pipeline",
    "statistics",
    "to_float",
    "to_uint8",
    "write_drawn_faces",
]
