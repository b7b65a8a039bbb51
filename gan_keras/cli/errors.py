"""What may happen to a program that has done nothing wrong."""

import tensorflow as tf

# What TensorFlow raises where Python has an OSError or a MemoryError: no room
# left, or a directory that is gone or must not be written to.
DISK_ERRORS = (
    tf.errors.ResourceExhaustedError,
    tf.errors.NotFoundError,
    tf.errors.PermissionDeniedError,
)

NO_ROOM = (OSError, MemoryError, *DISK_ERRORS)
