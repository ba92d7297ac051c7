"""The fleet of simulated agents (fleet.c) as a scenario sees it: start, one
command after the other, its truth compared with PostgreSQL."""
import json
import select
import subprocess

from cell import build_folder


class Fleet:
    """both: per cent of lines that two agents collect; before: what goes
    before the program, as of netns."""

    def __init__(self, world, agents, both, hub_key, hubs, before=()):
        self.world = world
        self.agents = agents
        self.keys = world.folder / "fleet.keys"
        self.book = world.folder / "fleet.book"
        program = build_folder() / "tests" / "chaos" / "fleet"
        with open(world.folder / "fleet.log", "ab") as log:
            self.popen = subprocess.Popen(
                [*before, str(program), str(agents), str(both),
                 str(self.keys), str(self.book), hub_key, *hubs],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                bufsize=0)
        self._rest = b""
        self._answer(30)
        self._register()

    def _register(self):
        c = self.world.database.connection()
        try:
            with open(self.keys) as keys:
                c.cursor().copy_expert("COPY agent (name, key) FROM STDIN",
                                       keys)
            c.cursor().execute("NOTIFY plaintiff_agents")
        finally:
            c.close()

    def _answer(self, seconds):
        while b"\n" not in self._rest:
            if not select.select([self.popen.stdout], [], [], seconds)[0]:
                raise AssertionError("the fleet did not answer in %g s"
                                     % seconds)
            piece = self.popen.stdout.read(4096)
            if not piece:
                raise AssertionError("the fleet ended: %s" % (
                    self.world.folder / "fleet.log").read_bytes()[-500:])
            self._rest += piece
        line, self._rest = self._rest.split(b"\n", 1)
        return json.loads(line)

    def ask(self, command, seconds=30):
        """A command of fleet.c; its answer as a dict."""
        self.popen.stdin.write(command.encode() + b"\n")
        return self._answer(seconds)

    def end(self):
        """The last answer; the book is complete."""
        last = self.ask("end")
        self.popen.wait(60)
        return last

    def compare(self):
        """Book against tables: dict of made, stored, lost, doubled, and the
        same of witnesses."""
        c = self.world.database.connection()
        try:
            q = c.cursor()
            q.execute("SET work_mem = '1GB'; CREATE TEMP TABLE truth "
                      "(id uuid, agents smallint)")
            with open(self.book, "rb") as book:
                q.copy_expert("COPY truth FROM STDIN (FORMAT binary)", book)
            q.execute("ANALYZE truth")
            q.execute("""
                SELECT count(t.id), count(e.id),
                    count(*) FILTER (WHERE e.id IS NULL),
                    count(e.id) - count(DISTINCT t.id)
                        FILTER (WHERE e.id IS NOT NULL)
                FROM truth t FULL JOIN event e ON e.id = t.id""")
            made, stored, lost, doubled = q.fetchone()
            q.execute("""
                SELECT count(t.id), count(w.event),
                    count(*) FILTER (WHERE w.event IS NULL),
                    count(w.event) - count(DISTINCT t.id)
                        FILTER (WHERE w.event IS NOT NULL)
                FROM (SELECT id FROM truth WHERE agents = 2) t
                FULL JOIN witness w ON w.event = t.id""")
            witness = q.fetchone()
            q.execute("SELECT count(*) FROM evidence")
            lines = q.fetchone()[0]
        finally:
            c.close()
        return dict(made=made, stored=stored, lost=lost, doubled=doubled,
                    shared=witness[0], witnesses=witness[1],
                    witnesses_lost=witness[2], witnesses_doubled=witness[3],
                    lines=lines)
