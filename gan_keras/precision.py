"""The numbers that networks calculate with."""

import contextlib
import re
from pathlib import Path

import keras

CPUINFO = Path("/proc/cpuinfo")  # on Linux; there is no such file elsewhere


@contextlib.contextmanager
def precision(name):
    """Layers that are made inside calculate with such numbers.

    | name               | weights | what layers multiply | digits |
    | ------------------ | ------- | -------------------- | ------ |
    | `"float32"`        | 32 bits | 32 bits              | seven  |
    | `"mixed_bfloat16"` | 32 bits | 16 bits              | three  |

    Some processors multiply matrices of 16 bits much faster (see
    `sixteen_bits_pay`), and all others are slower with them:
    `benchmarks/README.md` has the table.

    Example:

    ```python
    from gan_keras.precision import precision

    with precision("mixed_bfloat16"):
        gan = gk.recipes.dcgan((64, 64, 3), steps=20_000)
    ```

    (Or as a decorator of the function that makes the layers.)

    Args:
        name: String, a Keras dtype policy.

    Raises:
        ValueError: If Keras knows no policy of that name. (`float16` is
            refused by `GAN`.)
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def sixteen_bits_pay():
    """Whether `"mixed_bfloat16"` trains large images faster on this processor.

    On Intel's with AMX a step at 64x64 takes 0.6 times as long, on AMD's with
    AVX512-BF16 (Zen 4 and later) 0.65 to 0.75 times. Intel's AVX512-BF16
    without AMX is slower than float32. Small images gain nothing anywhere.

    Returns:
        Boolean; False where the processor cannot be asked.
    """
    try:
        text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    found = re.search(r"^flags\s*:(.*)$", text, re.MULTILINE)
    flags = found[1].split() if found else []
    amd = "AuthenticAMD" in text
    return "amx_bf16" in flags or (amd and "avx512_bf16" in flags)
