"""A private PostgreSQL for tests: one cluster in a temporary folder, on a unix
socket only, run by an ordinary user (postgres when we are root).  Used by
conftest.py; knows nothing of Plaintiff but its program that makes the schema.
"""
import glob
import os
import pwd
import re
import shutil
import subprocess
import tempfile

import psycopg2

SETTINGS = """
listen_addresses = ''
max_connections = 100
shared_buffers = 64MB
wal_level = minimal
max_wal_senders = 0
full_page_writes = off
max_wal_size = 2GB
checkpoint_timeout = 30min
autovacuum_naptime = 10min
jit = off
timezone = 'UTC'
log_min_messages = warning
log_line_prefix = '%m [%p] %d '
"""


def bin_folder():
    """Where this machine's newest server programs are."""
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    if found:
        return os.path.dirname(max(
            found, key=lambda p: int(re.search(r"/(\d+)/bin", p).group(1))))
    initdb = shutil.which("initdb")
    if initdb is None:
        raise RuntimeError("no initdb found: install postgresql")
    return os.path.dirname(os.path.realpath(initdb))


class Cluster:
    """start(), stop(mode), restart(mode); superuser "postgres", no password."""

    def __init__(self, settings="", env=None):
        """settings: lines for postgresql.conf, after ours.  env: more of the
        server's environment."""
        self.env = env or {}
        self._folders()
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust",
                  "-E", "UTF8", "--locale=C", "--no-sync")
        self._configure(SETTINGS + settings)
        self.start()

    env = None

    def _folders(self):
        self.bin = bin_folder()
        # sockets have short names: not below pytest's long folders
        self.folder = tempfile.mkdtemp(prefix="ptpg.", dir="/tmp")
        self.data = self.folder + "/data"
        self.log = self.folder + "/log"
        self.as_user = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.as_user = ["setpriv", "--reuid=postgres",
                            "--regid=postgres", "--clear-groups"]
        os.chmod(self.folder, 0o755)

    def _configure(self, settings):
        with open(self.data + "/postgresql.conf", "a") as f:
            f.write(settings)
            f.write("unix_socket_directories = '%s'\n" % self.folder)

    def _run(self, program, *args, env=None):
        # env(1) behind the change of user: what is preloaded must not have
        # run as root before
        done = subprocess.run(
            self.as_user + ["env", *("%s=%s" % e for e in (env or {}).items()),
                            self.bin + "/" + program, *args],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, cwd="/",
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"})
        if done.returncode != 0:
            raise RuntimeError("%s failed:\n%s" % (program, done.stdout))

    def start(self):
        # -l: the server must not hold our pipe open
        self._run("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", "60",
                  "start", env=self.env)

    def stop(self, mode="fast"):
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-m", mode,
                  "stop")

    def restart(self, mode="immediate"):
        """As after a crash, unless another mode is asked for."""
        self.stop(mode)
        self.start()

    def remove(self):
        try:
            self.stop("immediate")
        except RuntimeError:
            pass  # a test has stopped it already
        shutil.rmtree(self.folder, ignore_errors=True)

    def dsn(self, database):
        """A libpq connection string without a user."""
        return "host=%s dbname=%s" % (self.folder, database)

    def connect(self, database="postgres", user="postgres"):
        c = psycopg2.connect(self.dsn(database) + " user=" + user)
        c.autocommit = True
        return c

    def create(self, name, template=None):
        with_template = " TEMPLATE " + template if template else ""
        c = self.connect()
        try:
            c.cursor().execute("CREATE DATABASE " + name + with_template)
        finally:
            c.close()
        return Database(self, name)


class Database:
    """One test's own database.  connect: libpq connection string without a
    user, as the setting database.connect wants it."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.connect = cluster.dsn(name)
        self.owner_connect = self.connect + " user=postgres"
        self._c = None

    def connection(self, user="postgres"):
        """A new autocommit psycopg2 connection with our search path."""
        c = self.cluster.connect(self.name, user)
        c.cursor().execute("SET search_path = plaintiff; SET timezone = 'UTC'")
        return c

    def query(self, sql, *args):
        """Rows as tuples, [] for a statement without; as superuser.  The
        arguments follow one by one, or are one dict.
        Reconnects once when the server was restarted in between."""
        for again in (True, False):
            try:
                if self._c is None or self._c.closed:
                    self._c = self.connection()
                cursor = self._c.cursor()
                if len(args) == 1 and isinstance(args[0], dict):
                    args, = args
                cursor.execute(sql, args or None)
                return cursor.fetchall() if cursor.description else []
            except psycopg2.Error as e:
                # what the server says has a code; a lost connection has none
                if not again or e.pgcode not in (None, "57P01", "57P02"):
                    raise
                self._c = None

    def one(self, sql, *args):
        """The only value of the only row."""
        rows = self.query(sql, *args)
        assert len(rows) == 1 and len(rows[0]) == 1, rows
        return rows[0][0]

    def drop(self):
        if self._c is not None:
            self._c.close()
        c = self.cluster.connect()
        try:
            c.cursor().execute(
                "DROP DATABASE IF EXISTS %s WITH (FORCE)" % self.name)
        finally:
            c.close()
