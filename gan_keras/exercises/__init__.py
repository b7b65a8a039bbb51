"""Exercises that check themselves, for the tutorials.

```python
from gan_keras import exercises

def discriminator_loss(real_logits, fake_logits):
    ...

exercises.check("discriminator_loss", discriminator_loss)
```
"""

from gan_keras.exercises.core import check
from gan_keras.exercises.core import claim
from gan_keras.exercises.core import names
from gan_keras.exercises.core import setting

__all__ = ["check", "claim", "names", "setting"]
