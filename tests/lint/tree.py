"""The source tree as lint sees it: which files there are, their text, their
includes.  Knows no law."""
import fnmatch
import pathlib
import re
import subprocess

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)
COMMENT = re.compile(
    r'("(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')|/\*.*?\*/|//[^\n]*', re.S)
CODE = ("agent", "hub", "proto", "schema", "tests")


def matches(path, pattern):
    """Does the path match?  "*" stays inside a folder, "**" does not."""
    if pattern.endswith("/**"):
        return path.startswith(pattern[:-2])
    return (path.count("/") == pattern.count("/")
            and fnmatch.fnmatchcase(path, pattern))


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-co",
             "--exclude-standard"], cwd=self.root, capture_output=True,
            text=True, check=False)
        if listed.returncode == 0:
            names = listed.stdout.splitlines()
        else:
            names = [str(p.relative_to(self.root))
                     for p in self.root.rglob("*") if p.is_file()]
        self.files = sorted(n for n in set(names)
                            if (self.root / n).is_file())
        self._texts = {}

    def text(self, name):
        if name not in self._texts:
            self._texts[name] = (self.root / name).read_bytes().decode(
                "utf-8", "replace")
        return self._texts[name]

    def code(self, name):
        """The text of a C file without its comments, lines kept."""
        return COMMENT.sub(
            lambda m: m.group(1) or re.sub(r"[^\n]", " ", m.group(0)),
            self.text(name))

    def c_files(self, *endings):
        endings = endings or (".c", ".h")
        return [n for n in self.files
                if n.endswith(endings) and n.split("/")[0] in CODE]

    def includes(self, name):
        """(line, header) of each include, in order."""
        code = self.code(name)
        for m in INCLUDE.finditer(code):
            yield code.count("\n", 0, m.start(2)) + 1, m.group(2)
