"""How fast `segment` is on one core, training included, and how much memory ten hours take.

    python scripts/bench_segmentation_speed.py [--hours 2] [--memory-hours 10]

Recordings are synthetic, 30 Hz proprioception. Writes realtime_factor and peak_gb_10h to
docs/results/segmentation.json. The recordings are kept under runs/bench_segmentation.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import tyro
from results import ROOT, Figure, write_results
from synthetic_recordings import RATE_HZ, write_recordings

KEPT = ROOT / "runs" / "bench_segmentation" / "synthetic"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
KIB = 1024


@dataclass(frozen=True)
class Used:
    """What one run of the command took."""

    seconds: float
    processor_seconds: float
    peak_gb: float


@dataclass(frozen=True)
class Speed:
    """Time and memory of `robot-skills segment` on long recordings."""

    hours: float = 2.0
    """Recordings whose cutting is timed, on one core."""

    memory_hours: float = 10.0
    """Recordings whose memory is measured; 0 leaves it out."""

    def run(self) -> None:
        """Measure, print and write."""
        used = segment_hours(self.hours)
        factor = 3600 * self.hours / used.seconds
        note = (
            f"{self.hours:g} h at {RATE_HZ:g} Hz in {used.seconds:.0f} s on one core "
            f"({used.processor_seconds:.0f} s of its time): start, reading, training, cutting"
        )
        figures = {"realtime_factor": Figure(factor, "x", note=note)}
        if self.memory_hours:
            long = segment_hours(self.memory_hours)
            note = f"{self.memory_hours:g} h at {RATE_HZ:g} Hz in {long.seconds:.0f} s"
            name = f"peak_gb_{self.memory_hours:g}h"
            figures[name] = Figure(long.peak_gb, "GB", note=note)
        for name, figure in figures.items():
            print(f"{name}: {figure.value:.3g} {figure.unit} ({figure.note})")
        print(f"written to {write_results('segmentation', figures, [0], keep_others=True)}")


def segment_hours(hours: float) -> Used:
    """Time and peak memory of cutting that many hours by the command, in a process of its own."""
    folder = KEPT / f"{hours:g}h"
    write_recordings(folder, hours)
    with tempfile.TemporaryDirectory() as out:
        return _measured(
            [sys.executable, "-m", "robot_skills", "segment", str(folder)]
            + ["--no-pictures", "--no-page", "--out", str(Path(out, "segments"))]
        )


def _measured(command: list[str]) -> Used:
    """Run on one core to its end; the peak is that of the process, which starts no other."""
    environment = os.environ | dict.fromkeys(THREADS, "1")
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})  # a child inherits it
    try:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    finally:
        os.sched_setaffinity(0, allowed)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Used(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * KIB / 1e9)


if __name__ == "__main__":
    tyro.cli(Speed).run()
