"""The writer (writer.py) as seen by a scenario: start, stop, its truth."""
import json
import pathlib
import subprocess
import sys

from world import Truth

WRITER = pathlib.Path(__file__).resolve().parent / "writer.py"


class Load:
    """logs: (kind, path) each; options: of writer.py, without dashes."""

    def __init__(self, world, logs, **options):
        self.book = world.folder / ("book-%d" % world.random.getrandbits(60))
        argv = [sys.executable, "-B", str(WRITER), "--book", str(self.book),
                "--seed", str(world.random.getrandbits(30))]
        for key, value in options.items():
            argv += ["--" + key, str(value)]
        self.popen = subprocess.Popen(
            argv + ["%s=%s" % log for log in logs], stdin=subprocess.DEVNULL)
        self.rotations = {}
        self.maybe_lines = 0

    @property
    def running(self):
        return self.popen.poll() is None

    def stop(self):
        """Ends the writer; what it has written."""
        if self.running:
            self.popen.terminate()
        if self.popen.wait(30) != 0:
            raise AssertionError("writer failed: %d" % self.popen.returncode)
        book = json.loads(self.book.read_text())
        truth = Truth()
        truth.lines = book["lines"]
        truth.certain.update(book["certain"])
        truth.maybe.update(book["maybe"])
        self.rotations = book["rotations"]
        self.maybe_lines = book["maybe_lines"]
        return truth
