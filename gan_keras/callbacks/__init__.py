"""Watching a GAN learn: ordinary Keras callbacks for a plain `fit()`."""

from gan_keras.callbacks.csv_history import CSVHistory
from gan_keras.callbacks.deadline import Deadline
from gan_keras.callbacks.divergence_guard import DivergenceGuard
from gan_keras.callbacks.frames import Frames
from gan_keras.callbacks.frames import Record
from gan_keras.callbacks.frames import TensorBoardPicture
from gan_keras.callbacks.pace import Pace
from gan_keras.callbacks.quality_monitor import QualityMonitor
from gan_keras.callbacks.resume import Resume
from gan_keras.callbacks.sample_grid import SampleGrid
from gan_keras.callbacks.tensorboard import TensorBoardSamples

__all__ = [
    "CSVHistory",
    "Deadline",
    "DivergenceGuard",
    "QualityMonitor",
    "Frames",
    "Pace",
    "Record",
    "Resume",
    "SampleGrid",
    "TensorBoardPicture",
    "TensorBoardSamples",
]
