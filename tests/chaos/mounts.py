"""File systems for faults: a small one in memory, and one on a loop device
whose power can be cut.  Needs root."""
import fcntl
import os
import pathlib
import struct
import subprocess
import time

from cell import Skip

EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2
ENV = dict(os.environ, PATH=os.environ["PATH"] + ":/sbin:/usr/sbin")


def command(*argv, check=True):
    done = subprocess.run([str(a) for a in argv], text=True, env=ENV,
                          capture_output=True, check=False)
    if check and done.returncode != 0:
        raise RuntimeError("%s: %s" % (argv, done.stderr.strip()))
    return done


class Memory:
    """A file system of size bytes in memory, at .path."""

    def __init__(self, world, name, size):
        self.path = world.folder / name
        self.path.mkdir()
        if command("mount", "-t", "tmpfs", "-o", "size=%d" % size, "chaos",
                   self.path, check=False).returncode:
            raise Skip("no mount of tmpfs here")
        world.undo.callback(command, "umount", "-l", self.path, check=False)

    def fill(self):
        """Leaves no byte."""
        with open(self.path / "filler", "ab", buffering=0) as f:
            for size in (65536, 4096, 1):
                try:
                    while f.write(bytes(size)) == size:
                        pass
                except OSError:
                    pass

    def free(self):
        pathlib.Path(self.path / "filler").unlink(missing_ok=True)


class Disk:
    """ext4 on a loop device, mounted at .path."""

    def __init__(self, world, name, size):
        self.path = world.folder / name
        self.image = world.folder / (name + ".img")
        self.path.mkdir()
        with open(self.image, "wb") as f:
            f.truncate(size)
        command("mkfs.ext4", "-q", "-F", self.image)
        # one device for all mounts: what "mount -o loop" attaches goes away
        # some time after umount, and a mount just then gets errors
        done = command("losetup", "-f", "--show", self.image, check=False)
        if done.returncode:
            raise Skip("no loop devices here")
        self.device = done.stdout.strip()
        world.undo.callback(command, "losetup", "-d", self.device,
                            check=False)
        self.mounted = False
        world.undo.callback(self.umount)
        if not self.mount():
            raise Skip("loop devices cannot be mounted here")

    def mount(self):
        self.mounted = command("mount", self.device, self.path,
                               check=False).returncode == 0
        return self.mounted

    def cut(self):
        """The power is gone: what is not on the disk now never will be."""
        fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(fd)

    def again(self):
        """Power is back.  Whoever used it must be gone."""
        self.umount()
        # a mount namespace that somebody made meanwhile has a copy of the
        # mount, and a new one would be of the file system that was cut
        end = time.monotonic() + 60
        while self.is_held():
            if time.monotonic() > end:
                raise Skip("another mount namespace holds the disk")
            time.sleep(0.1)
        if not self.mount():
            raise RuntimeError("cannot mount after the cut: %s" % command(
                "fsck.ext4", "-n", self.image, check=False).stdout[-500:])

    def is_held(self):
        for mounts in pathlib.Path("/proc").glob("[0-9]*/mountinfo"):
            try:
                if " %s " % self.device in mounts.read_text():
                    return True
            except OSError:
                pass
        return False

    def umount(self):
        if self.mounted:
            command("umount", self.path)
            self.mounted = False
