"""The `gan-keras` command: reads its arguments before it loads TensorFlow.

It lies outside the package because importing anything from `gan_keras` imports
TensorFlow, which takes seconds; `gan-keras --help` and a mistyped argument
should not. The work is done in `gan_keras.cli`.
"""

import contextlib
import os
import sys
import tempfile
import warnings

from gan_keras_cli import checks
from gan_keras_cli.names import list_recipes
from gan_keras_cli.parser import build_parser


def main(arguments=None):
    # A terminal that cannot show a file's name must not end a training.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    with plain_warnings():
        return run(arguments)


def run(arguments):
    parser = build_parser()
    try:
        options = parser.parse_args(arguments)
        if options.command == "recipes":
            print(list_recipes())
            return 0
        if options.command == "train" and options.resume is not None:
            checks.check_nothing_else(options, arguments)
        checks.check(options)
        checks.check_backend()
        with quiet_start():
            from gan_keras import cli
            from gan_keras import replicas
            from gan_keras import xla

            # Several workers join before TensorFlow computes anything.
            strategy = None
            if options.command == "train":
                strategy = replicas.strategy()
            # TensorFlow looks for a GPU at first use, XLA introduces itself.
            xla.works()

        return cli.run(options, strategy)
    except KeyboardInterrupt:
        print("\ngan-keras: interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        # Our own messages are for the user; anything else is a defect and
        # keeps its traceback.
        if not isinstance(error, (ValueError, OSError)):
            raise
        message = " ".join(str(error).split())
        print(f"gan-keras: error: {message}", file=sys.stderr)
        return 2


@contextlib.contextmanager
def quiet_start():
    """Keeps TensorFlow's start-up notes from the terminal.

    They come from C++ (which CPU instructions, that there is no GPU, ...)
    before any log level is read, and look like errors to a learner. If the
    start fails they are shown after all.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as notes:
        os.dup2(notes.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(stderr, 2)
            notes.seek(0)
            sys.stderr.write(notes.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


@contextlib.contextmanager
def plain_warnings():
    """Shows warnings to who uses the command, and not to who wrote it."""

    def one_line(message, *where):
        return f"gan-keras: warning: {' '.join(str(message).split())}\n"

    usual = warnings.formatwarning
    warnings.formatwarning = one_line
    try:
        yield
    finally:
        warnings.formatwarning = usual
