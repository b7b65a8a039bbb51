"""`python -m gan_keras_cli` is `gan-keras`."""

import sys

from gan_keras_cli import main

sys.exit(main())
