# SPDX-License-Identifier: ISC
"""A file system on a disk whose power can be cut (tests/powercut.c), with the
spool and the mail of an instance on it.

Everything is mounted in mount namespaces of its own: of the process that is the
disk, and of the daemons.  What is left when a test is killed goes by itself.
"""
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import uuid

from pabal import BUILD, Failed, alive, wait

POWERCUT = os.path.join(BUILD, "powercut")
FILE_SYSTEMS = ("ext4", "xfs", "btrfs")
MKFS = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"],
        "btrfs": ["mkfs.btrfs", "-q", "-f"]}
# What xfs and btrfs take at the least, and room for the mail of a test.
IMAGE_BYTES = 512 << 20
# A disk's flush takes its time: what comes meanwhile shares the next one.
FLUSH_MS = 3
# A power cut is the end of a run of the kernel as well.
MOUNT = """
mount $1 "$2" "$3" && mount --bind "$3/spool" "$4" &&
    mount --bind "$3/mail" "$5" &&
    mount --bind "$6" /proc/sys/kernel/random/boot_id &&
    shift 6 && exec "$@"
"""
FILL = 'mount -o loop "$1" "$2" && cp -a "$3" "$4" "$2" && umount "$2"'


def is_known(fs):
    """Has this kernel the file system, or a module of it?"""
    with open("/proc/filesystems") as f:
        known = f.read().split()
    with contextlib.suppress(OSError):
        if fs not in known:
            return subprocess.run(["modprobe", "-q", fs],
                                  check=False).returncode == 0
    return fs in known


def why_not(fs):
    """The reason why there is no such disk here; None when there is."""
    if os.getuid() != 0:
        return "powercut: mounts file systems: root only"
    if shutil.which(MKFS[fs][0], path=os.environ["PATH"] + ":/usr/sbin") is None:
        return f"powercut: no {MKFS[fs][0]} (make torture installs it)"
    if not is_known(fs):
        return f"powercut: this kernel has no {fs}"
    try:
        Disk().close()
    except (Failed, OSError) as e:
        return f"powercut: no FUSE or no loop devices here: {e}"
    return None


class Disk:
    """An empty disk; self.device until its end, self.image before and after."""

    def __init__(self, flush_ms=FLUSH_MS):
        self.dir = tempfile.mkdtemp(prefix="pabal-powercut-")
        self.image = os.path.join(self.dir, "image")
        with open(self.image, "wb") as f:
            f.truncate(IMAGE_BYTES)
        self.process, self.device, self.flush_ms = None, None, flush_ms
        try:
            self.plug()
            self.unplug()
        except BaseException:
            self.close()
            raise

    def plug(self):
        fuse = os.path.join(self.dir, "fuse")
        os.makedirs(fuse, exist_ok=True)
        self.process = subprocess.Popen(
            [POWERCUT, self.image, fuse, str(self.flush_ms)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.device = self.process.stdout.readline().strip()
        if not self.device:
            raise Failed(self.process.stderr.read().strip())

    def say(self, order):
        """Tell the disk; its answer."""
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def unplug(self):
        """The image is as it would be; nobody has it mounted."""
        if self.process is None:
            return
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
        self.process = None
        if self.device:
            wait(lambda: not self.is_bound(), f"the end of {self.device}")

    def is_bound(self):
        """Does the device show our file?"""
        path = f"/sys/block/{os.path.basename(self.device)}/loop/backing_file"
        try:
            with open(path) as f:
                return f.read().startswith(self.dir)
        except OSError:
            return False

    def close(self):
        try:
            self.unplug()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)


class PowerCut:
    """An instance's spool and mail on such a disk."""

    def __init__(self, p, fs):
        self.p, self.fs, self.disk = p, fs, Disk()
        self.at = os.path.join(p.dir, "disk")
        os.makedirs(self.at)
        self.spool = os.path.join(p.dir, "spool")
        self.mail = os.path.join(p.dir, "mail")
        try:
            run([*MKFS[fs], self.disk.image])
            run(["unshare", "-m", "sh", "-c", FILL, "sh", self.disk.image,
                 self.at, self.spool, self.mail])
            self.disk.plug()
        except BaseException:
            self.disk.close()
            raise

    def start(self, options="", device=None):
        """Start the instance with its disk, or with what is left of it."""
        p = self.p
        boot = os.path.join(self.disk.dir, "boot_id")
        with open(boot, "w") as f:
            f.write(f"{uuid.uuid4()}\n")
        os.chmod(boot, 0o644)
        p.prefix = ["unshare", "-m", "sh", "-c", MOUNT, "sh", options,
                    device or self.disk.device, self.at, self.spool,
                    self.mail, boot]
        try:
            p.start()
        finally:
            p.prefix = []

    def restart(self):
        """On what the disk holds; all of it has been looked at."""
        since = self.p.mark()
        self.disk.unplug()
        self.start("-oloop", self.disk.image)
        self.p.wait_event("queue.scanned", since)

    def kill(self):
        """Nothing goes on."""
        p = self.p
        p.running = False
        with contextlib.suppress(OSError, ValueError):
            for pid in p.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                wait(lambda pid=pid: not alive(pid), f"the end of {pid}")

    def see(self, path):
        """PATH of the instance as its daemons see it."""
        return f"/proc/{self.p.master_pid()}/root{path}"

    def close(self):
        try:
            self.kill()
        finally:
            self.disk.close()


def run(command):
    r = subprocess.run(command, capture_output=True, text=True, check=False)
    if r.returncode != 0:
        raise Failed(f"{command[0]}: {r.stdout}{r.stderr}")
