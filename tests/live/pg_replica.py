"""A streaming replica of a private cluster, and copies of its data, for tests
of failover and of restored databases."""
import shutil
import subprocess

import pg
from conftest import wait_until

# what a cluster needs so that it can have a replica
PRIMARY = """
wal_level = replica
max_wal_senders = 4
wal_keep_size = 256MB
hot_standby = on
wal_receiver_status_interval = 1
wal_retrieve_retry_interval = 200ms
"""


class Replica(pg.Cluster):
    """Follows primary; promote() makes it one.  With synchronous, no commit
    of the primary is answered before it is here."""

    def __init__(self, primary, synchronous=True):
        self._folders()
        self._run("pg_basebackup", "-D", self.data, "-R", "-X", "stream",
                  "-c", "fast", "--no-sync", "-U", "postgres",
                  "-h", primary.folder)
        self._configure("")
        self.start()
        if synchronous:
            c = primary.connect()
            c.cursor().execute("ALTER SYSTEM SET synchronous_standby_names "
                               "= '*'")
            c.cursor().execute("SELECT pg_reload_conf()")
            c.close()
        wanted = "sync" if synchronous else "async"
        wait_until(lambda: self._state(primary) == wanted, 20,
                   "the replica follows")

    @staticmethod
    def _state(primary):
        c = primary.connect()
        try:
            cursor = c.cursor()
            cursor.execute("SELECT sync_state FROM pg_stat_replication "
                           "WHERE state = 'streaming'")
            rows = cursor.fetchall()
        finally:
            c.close()
        return rows[0][0] if rows else None

    def promote(self):
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "30", "promote")


def copy_of(cluster):
    """A copy of its data as of now, for put_back."""
    cluster.stop("fast")
    copy = cluster.folder + "/copy"
    shutil.rmtree(copy, ignore_errors=True)
    subprocess.run(["cp", "-a", cluster.data, copy], check=True)
    cluster.start()
    return copy


def put_back(cluster, copy):
    """What has happened since the copy is forgotten."""
    cluster.stop("immediate")
    shutil.rmtree(cluster.data)
    subprocess.run(["cp", "-a", copy, cluster.data], check=True)
    cluster.start()
