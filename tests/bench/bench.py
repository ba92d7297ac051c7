"""What the benchmarks share: the release build, logs, timed commands, tables.
Knows no benchmark."""
import atexit
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = pathlib.Path(os.environ.get("PLAINTIFF_RULES",
                                    ROOT / "agent" / "rules"))
ZONE = ["--zone", "UTC", "--now", "2026-12-31T00:00:00Z"]


class Failure(Exception):
    """The benchmark cannot be run, or a command failed."""


def release_build(folder=None, hub=False):
    """Builds what is measured, agent or hub, and the tests as released
    (asserts stay); returns the folder.  Its own folder, so that no other
    build is disturbed."""
    folder = pathlib.Path(folder or ROOT / (
        "build-bench-hub" if hub else "build-bench"))
    if not (folder / "build.ninja").exists():
        run(["meson", "setup", folder, ROOT, "-Dbuildtype=release",
             "-Db_ndebug=false", "-Db_lto=true",
             "-Dagent=%s" % str(not hub).lower(),
             "-Dhub=%s" % str(hub).lower(), "-Dtests=true"])
    run(["ninja", "-C", folder, *(
        ["hub/plaintiff-hub", "hub/plaintiff", "tests/bench/delay"] if hub
        else ["agent/plaintiff-agent", "tests/bench/logs"])])
    return folder


class HugePages:
    """Room for so many MB of shared memory, if the kernel gives it; given back
    when the program ends."""

    SETTING = pathlib.Path("/proc/sys/vm/nr_hugepages")

    def __init__(self, mb):
        before = self.SETTING.read_text()
        kb = int(self.of("Hugepagesize"))
        # what PostgreSQL shares beside its buffers is a twentieth
        wanted = mb * 1024 * 21 // 20 // kb
        try:
            self.SETTING.write_text(str(int(before) + wanted))
        except OSError:
            return
        atexit.register(self.SETTING.write_text, before)

    @staticmethod
    def of(name):
        return re.search(r"%s:\s+(\d+)" % name,
                         pathlib.Path("/proc/meminfo").read_text())[1]

    def used(self):
        """Are any in use or promised?"""
        taken = (int(self.of("HugePages_Total"))
                 - int(self.of("HugePages_Free"))
                 + int(self.of("HugePages_Rsvd")))
        return "on" if taken else "off"


def run(command):
    done = subprocess.run([str(c) for c in command], capture_output=True,
                          text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise Failure("%s: exit %d\n%s%s" % (
            command[0], done.returncode, done.stdout[-4000:],
            done.stderr[-4000:]))
    return done


def size_of(text):
    """Bytes from 100M or 1G (decimal)."""
    m = re.fullmatch(r"(\d+)([KMG]?)", text)
    if not m:
        raise ValueError(text)
    return int(m[1]) * {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}[m[2]]


def need_room(folder, size):
    free = shutil.disk_usage(folder).free
    if free < size * 1.1 + 10**9:
        raise Failure("%s has %.1f GB free, %.1f GB are needed" % (
            folder, free / 1e9, size / 1e9 + 1))


def make_log(build, path, size, permille=50, form="3339", mix="mixed",
             seed=1):
    """Writes a log; returns its truth: lines, bytes, hits."""
    need_room(path.parent, size)
    with open(path, "wb") as out:
        done = subprocess.run(
            [str(build / "tests" / "bench" / "logs"), "-s", str(seed), "-h",
             str(permille), "-f", form, "-m", mix, str(size)], stdout=out,
            stderr=subprocess.PIPE, check=True)
    return json.loads(done.stderr)


def scan(build, path, rules=RULES):
    return [str(build / "agent" / "plaintiff-agent"), "scan", "--json", *ZONE,
            "--rules", str(rules), str(path)]


def peak_of(pid):
    """Most memory this process ever had; 0 when it has gone.  Not wait4's
    figure: that one holds what its parent had at the fork."""
    try:
        status = pathlib.Path("/proc/%d/status" % pid).read_text()
    except OSError:
        return 0
    m = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(m[1]) * 1024 if m else 0


class Run:
    """One finished command: wall seconds and, if watched, peak memory."""

    def __init__(self, command, stdin=None, stdout=None, okay=(0,),
                 watch=False):
        self.peak_bytes = 0
        with open(stdin or os.devnull, "rb") as given, \
                open(stdout or os.devnull, "wb") as taken, \
                tempfile.TemporaryFile() as said:
            start = time.perf_counter()
            child = subprocess.Popen(command, stdin=given, stdout=taken,
                                     stderr=said)
            while watch and child.poll() is None:
                self.peak_bytes = max(self.peak_bytes, peak_of(child.pid))
                time.sleep(0.002)
            child.wait()
            self.seconds = time.perf_counter() - start
            said.seek(0)
            if child.returncode not in okay:
                raise Failure("%s: exit %d: %s" % (
                    command[0], child.returncode,
                    said.read().decode("utf-8", "replace")[-2000:]))


def in_turn(contenders, rounds):
    """Runs the contenders, name -> function that gives seconds, one after
    the other, round by round, so that a neighbour's noise hits all; returns
    name -> list of seconds."""
    taken = {name: [] for name in contenders}
    for i in range(rounds):
        for name, once in contenders.items():
            progress("round %d of %d: %s" % (i + 1, rounds, name))
            taken[name].append(once())
    progress("")
    return taken


def ratio(taken, name, base):
    """Median of the ratios within the rounds."""
    return statistics.median(a / b for a, b in zip(taken[name], taken[base]))


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K" + text)
        sys.stderr.flush()


class Gates:
    """Limits, each printed with what was measured."""

    def __init__(self):
        self.failed = 0

    def check(self, name, value, limit, at_most=True, form="%.2f"):
        good = value <= limit if at_most else value >= limit
        self.failed += not good
        print("%-6s %-44s %10s  (%s %s)" % (
            "ok" if good else "FAILED", name, form % value,
            "at most" if at_most else "at least", form % limit))

    def equal(self, name, value, wanted):
        good = value == wanted
        self.failed += not good
        print("%-6s %-44s %10s  (must be %s)" % (
            "ok" if good else "FAILED", name, value, wanted))


def main(body):
    """Runs body(folder) in a folder of its own; the exit code: 0, 1 when a
    limit is not met, 2 when it could not be run."""
    try:
        with tempfile.TemporaryDirectory(prefix="plaintiff-bench.") as folder:
            return 1 if body(pathlib.Path(folder)) else 0
    except (Failure, ValueError, OSError,
            subprocess.CalledProcessError) as e:
        print("%s: %s" % (os.path.basename(sys.argv[0]), e), file=sys.stderr)
        return 2
