"""What `gan-keras` does once its arguments are read (see `gan_keras_cli`)."""

import tensorflow as tf

from gan_keras.cli import finished
from gan_keras.cli import training
from gan_keras.cli.errors import DISK_ERRORS


def run(options, strategy=None):
    """Runs one parsed command; returns the exit code."""
    commands = {
        "data": finished.look_at_data,
        "sample": finished.sample,
        "interpolate": finished.interpolate,
        "evaluate": finished.evaluate,
    }
    try:
        if options.command == "train":
            strategy = strategy or tf.distribute.get_strategy()
            return training.train(options, strategy)
        return commands[options.command](options)
    except MemoryError as error:
        raise OSError(f"Not enough memory: {error}") from error
    except DISK_ERRORS as error:
        # The other lines tell where in the graph it happened.
        what = error.message.partition("\n")[0]
        raise OSError(f"TensorFlow cannot go on: {what}") from error
