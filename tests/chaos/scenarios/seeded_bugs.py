"""known bugs put into a copy of the source: the driver must fail on each

The short form tries one of them, chosen by the seed.

bugs/NAME.patch begins with lines "scenario: NAME" and "loses: why".  A bug
counts as found when its scenario says that events were lost, not when it
merely breaks down."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parents[1]
ROOT = HERE.parents[1]
LIMIT_S = (170, 900)
TARGETS = ("agent/plaintiff-agent", "hub/plaintiff-hub", "hub/plaintiff")
ROOMS = ("agent", "hub", "proto", "schema", "tests", "docs", "deploy",
         "meson.build", "meson_options.txt", "README.md", "LICENSE")


def call(*argv, **how):
    return subprocess.run([str(a) for a in argv], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **how)


def must(*argv, **how):
    done = call(*argv, **how)
    if done.returncode != 0:
        raise AssertionError("%s: %s" % (argv[0], done.stdout[-1500:]))


def build(source, folder):
    if not folder.exists():
        must("meson", "setup", folder, source, "-Dtests=false",
             "-Dbuildtype=debug", "-Db_pie=false")
    must("ninja", "-C", folder, *TARGETS)


def heading(patch, key):
    for line in patch.read_text().splitlines():
        if line.startswith(key + ": "):
            return line.split(": ", 1)[1]
    raise AssertionError("%s has no line \"%s:\"" % (patch, key))


def try_bug(world, patch, source, folder):
    must("patch", "-p1", "-F1", "-s", "-i", patch, cwd=source)
    try:
        build(source, folder)
        env = dict(os.environ, PLAINTIFF_BUILD=str(folder),
                   PLAINTIFF_RULES=str(source / "agent" / "rules"))
        scenario = heading(patch, "scenario")
        done = subprocess.run(
            [sys.executable, "-B", str(HERE / "run"), "--json", "--seed",
             str(world.random.randrange(10 ** 6)), scenario], env=env,
            text=True, capture_output=True, check=False)
        return scenario, json.loads(done.stdout)["results"][0]
    finally:
        must("patch", "-R", "-p1", "-F1", "-s", "-i", patch, cwd=source)


def run(world):
    source, folder = world.folder / "source", world.folder / "build"
    source.mkdir()
    for room in ROOMS:
        if (ROOT / room).is_dir():
            shutil.copytree(ROOT / room, source / room)
        elif (ROOT / room).exists():
            shutil.copy(ROOT / room, source / room)
    patches = sorted((HERE / "bugs").glob("*.patch"))
    if not world.long:
        patches = [world.random.choice(patches)]
    build(source, folder)
    for patch in patches:
        # where a kill falls is chance: twice past a bug is not
        for _ in range(2):
            scenario, result = try_bug(world, patch, source, folder)
            world.fault()
            world.outcome.lines += result["lines"]
            world.outcome.stored += result["stored"]
            found = result["verdict"] == "FAIL" and result["lost"]
            if found:
                break
        world.note("%s: %s by %s: lost %s, doubled %s, remainder %s" % (
            patch.stem, "found" if found else "NOT FOUND", scenario,
            result["lost"], result["doubled"], result["remainder"]))
        if not found:
            world.bad("%s: not found by %s: %s" % (
                patch.stem, scenario, "; ".join(result["bad"])[:800]))
