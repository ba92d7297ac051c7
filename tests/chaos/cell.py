"""One scenario in a process of its own: with a time limit, with everything it
started ended and every mount undone when it is over.  Used by run.

A scenario is scenarios/NAME.py: its docstring's first line says what it does;
run(world); LIMIT_S = (short, long); optional NEEDS = words of NEED below.
"""
import ctypes
import importlib
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
PR_SET_CHILD_SUBREAPER = 36

NEED = {
    "root": (lambda: os.geteuid() == 0, "root"),
    "loop": (lambda: os.path.exists("/dev/loop-control")
             and shutil.which("mkfs.ext4", path=os.environ["PATH"] + ":/sbin"),
             "loop devices and mkfs.ext4"),
    "nft": (lambda: shutil.which("nft", path=os.environ["PATH"]
                                 + ":/sbin:/usr/sbin"), "nft (nftables)"),
    "inject": (lambda: find_inject().exists(),
               "tests/chaos/inject in the build folder"),
}


class Skip(Exception):
    """The scenario cannot run here; says why."""


class Timeout(Exception):
    pass


def build_folder():
    return pathlib.Path(os.environ.get("PLAINTIFF_BUILD",
                                       HERE.parents[1] / "build"))


def find_inject():
    return build_folder() / "tests" / "chaos" / "inject"


def names():
    return sorted(p.stem.replace("_", "-")
                  for p in (HERE / "scenarios").glob("[a-z]*.py"))


def load(name):
    return importlib.import_module("scenarios." + name.replace("-", "_"))


def children_of(pid):
    """All processes below pid, the deepest first."""
    parents = {}
    for p in os.listdir("/proc"):
        if not p.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % p) as f:
                parent = int(f.read().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        parents.setdefault(parent, []).append(int(p))
    found, look = [], [pid]
    while look:
        for child in parents.get(look.pop(), []):
            found.append(child)
            look.append(child)
    return found[::-1]


def end_children(pid):
    """Ends all that pid has started and that still runs."""
    for _ in range(50):
        below = children_of(pid)
        if not below:
            return
        for child in below:
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if pid == os.getpid():
            while True:
                try:
                    if os.waitpid(-1, os.WNOHANG)[0] == 0:
                        break
                except ChildProcessError:
                    break
        time.sleep(0.05)


class Cell:
    def __init__(self, name, is_long, seed, keep):
        self.name = name
        self.started = time.monotonic()
        self.limit_s = load(name).LIMIT_S[is_long]
        self.folder = tempfile.mkdtemp(prefix="chaos-%s." % name, dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.keep = keep
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                code = self._child(is_long, seed)
            finally:
                os._exit(code)

    @property
    def _answer(self):
        return os.path.join(self.folder, "result.json")

    def _child(self, is_long, seed):
        os.setsid()
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        null = os.open(os.devnull, os.O_RDONLY)
        out = os.open(os.path.join(self.folder, "output"),
                      os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(null, 0)
        os.dup2(out, 1)
        os.dup2(out, 2)

        def late(*_):
            raise Timeout("not over after %d s" % self.limit_s)
        signal.signal(signal.SIGALRM, late)
        signal.alarm(self.limit_s)
        result = run_scenario(self.name, is_long, seed, self.folder)
        signal.alarm(0)
        end_children(os.getpid())
        with open(self._answer + ".new", "w") as f:
            json.dump(result, f)
        os.rename(self._answer + ".new", self._answer)
        return 0

    def poll(self):
        """The result when it is over, else None."""
        took = time.monotonic() - self.started
        if os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if took < self.limit_s + 60:
                return None
            end_children(self.pid)
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        try:
            with open(self._answer) as f:
                result = json.load(f)
        except (OSError, ValueError):
            result = dict(faults=0, lines=0, stored=0, lost=None,
                          doubled=None, remainder=None, drain_s=None,
                          verdict="FAIL", notes=[],
                          bad=["it left no result, see " + self.folder])
            self.keep = True
        result.update(name=self.name, took_s=took)
        if result["verdict"] == "FAIL" and self.keep:
            result["notes"].append("left: " + self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        return result


def run_scenario(name, is_long, seed, folder):
    """run(world) of the scenario, as the figures that the table shows."""
    import world as worlds
    module = load(name)
    outcome = worlds.Outcome()
    for need in getattr(module, "NEEDS", ()):
        has, words = NEED[need]
        if not has():
            outcome.notes.append("skipped: needs " + words)
            return outcome.figures("skip")
    world = worlds.World(folder, is_long, seed, outcome)
    try:
        module.run(world)
        verdict = outcome.verdict()
    except Skip as e:
        outcome.notes.append("skipped: %s" % e)
        verdict = "skip"
    except BaseException as e:  # noqa: BLE001
        outcome.bad.append("%s: %s" % (type(e).__name__, e))
        traceback.print_exc()
        verdict = "FAIL"
    if verdict == "FAIL":
        outcome.bad += world.troubles()
    try:
        signal.alarm(0)
        world.close()
    except BaseException as e:  # noqa: BLE001
        outcome.bad.append("cleaning up: %s: %s" % (type(e).__name__, e))
        verdict = "FAIL"
    return outcome.figures(verdict)
