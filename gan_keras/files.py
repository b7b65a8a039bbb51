"""Files that are there whole or not at all."""

import contextlib
import errno
import os
import tempfile
import time

LOCK = ".lock"
# What it means that another process has it; msvcrt says EACCES.
LOCKED = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
# Seconds from one attempt to the next at a file that another program has open,
# as a virus scanner has for a moment (on Windows; elsewhere that is no matter).
WAITS = (0.1, 0.3, 1.0, 3.0)


def replace_file(path, write):
    """Lets `write(temporary_path)` make a file, then gives it its name.

    Whenever the process is killed or the disk is full, `path` is what it was
    before, or what it should be; never half of it. (A file that must outlive
    a power cut, too, is brought to the disk by `write`, with `os.fsync`.)

    Args:
        path: The file to make or replace.
        write: Callable that writes the whole file to the path it is given
            (which has the same extension).
    """
    path = os.fspath(path)
    folder, name = os.path.split(path)
    root, extension = os.path.splitext(name)
    partial = os.path.join(folder, f"{root}.partial{extension}")
    try:
        write(partial)
        _put(partial, path)
    except BaseException as error:
        if os.path.exists(partial):
            os.remove(partial)
        if isinstance(error, OSError):
            message = (
                f"Cannot write {path}: {error.strerror or error}. Make room "
                "on the disk, close the program that has it open or choose "
                "another directory. What was there before is unchanged"
            )
            known = [] if error.errno is None else [error.errno]
            raise OSError(*known, message) from error
        raise


def _put(partial, path):
    """`os.replace`, with patience where a reader keeps others from writing."""
    for wait in WAITS if os.name == "nt" else ():
        try:
            return os.replace(partial, path)
        except PermissionError:
            time.sleep(wait)
    os.replace(partial, path)


def make_directory(path, argument="directory"):
    """Makes a directory, and those above it, unless it is there.

    Args:
        path: The directory.
        argument: String, what it is called where the caller got it from.

    Raises:
        ValueError: If a file has that name.
        OSError: If it cannot be made.
    """
    path = os.fspath(path)
    if os.path.isfile(path):
        raise ValueError(
            f"`{argument}` must be a directory, but a file has that name. "
            f"Received: {argument}={path!r}"
        )
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise OSError(
            error.errno,
            f"Cannot make the directory {path}: {error.strerror}. Choose one "
            "below a directory that you may write to",
        ) from error


def replace_directory(path, write):
    """Like `replace_file`, for a directory which does not exist yet."""
    path = os.path.abspath(path)
    above, name = os.path.split(path)
    os.makedirs(above, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=above) as folder:
        partial = os.path.join(folder, name)
        write(partial)
        os.replace(partial, path)


@contextlib.contextmanager
def in_use(directory):
    """Keeps a second process out of a directory while it is being written.

    The operating system lets go of the lock when the process ends, in
    whatever way; a file left behind locks nobody out.

    Args:
        directory: An existing directory.

    Raises:
        ValueError: If another process holds it.
    """
    path = os.path.join(os.fspath(directory), LOCK)
    with open(path, "a+b") as file:
        try:
            _lock(file)
        except OSError as error:
            # Some network drives know no locks. There is nothing to be done
            # about it, and a run without one is better than none.
            if error.errno in LOCKED:
                raise ValueError(
                    f"Another process is writing to {directory}. Wait for it, "
                    "or choose another directory."
                ) from error
        yield


def _lock(file):
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
