# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server for the tests: a cluster of its own in a temporary folder, reached by a Unix socket in it alone, ended
with the process that started it, whatever becomes of that. Its settings are those that a node insists on: fsync,
full_page_writes and synchronous_commit are on; where there is room the folder lies in memory, so that they cost little."""
import ctypes
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

ROOM = 2 << 30  # octets that the folder in memory must have
SETTINGS = {"listen_addresses": "", "max_connections": 200, "shared_buffers": "64MB", "wal_level": "minimal",
            "max_wal_senders": 0, "autovacuum": "off", "log_min_messages": "warning", "max_locks_per_transaction": 256,
            "max_wal_size": "256MB"}
PASSWORD = "Grün & grau"
RULES = "local all guarded scram-sha-256\nlocal all all trust\n"


class Missing(Exception):
    """No server is installed."""


def programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    if not found:
        raise Missing("PostgreSQL's server is not installed (Debian: postgresql-15)")
    return found[-1]


def die_with_parent():
    """In the child, after it has become its user: SIGQUIT, PostgreSQL's immediate end, when the parent is gone."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def memory():
    """A folder in memory, where there is room for tests; else None."""
    there = os.statvfs("/dev/shm") if os.path.isdir("/dev/shm") else None
    return "/dev/shm" if there is not None and there.f_bavail * there.f_frsize > ROOM else None


class Cluster:
    def __init__(self, base=None, **settings):
        self.bin, self.process, self.databases = programs(), None, 0
        self.dir = tempfile.mkdtemp(prefix="wasl-pg-", dir=base or memory())
        os.chmod(self.dir, 0o755)
        self.user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None  # it refuses to run as root
        self.data = os.path.join(self.dir, "data")
        os.mkdir(self.data, 0o700)
        if self.user:
            os.chown(self.data, self.user.pw_uid, self.user.pw_gid)
            os.chown(self.dir, self.user.pw_uid, self.user.pw_gid)
        try:
            self.make({**SETTINGS, **settings})
            self.start()
            self.ask("postgres", "CREATE ROLE node LOGIN; CREATE ROLE guarded LOGIN PASSWORD '" + PASSWORD + "'")
        except BaseException:
            self.remove()
            raise

    def words(self):
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}

    def make(self, settings):
        subprocess.run([os.path.join(self.bin, "initdb"), "-D", self.data, "-U", "postgres", "-E", "UTF8", "--locale=C",
                        "-A", "trust", "-N"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       cwd=self.dir, **self.words())
        self.set(unix_socket_directories=self.dir, **settings)
        with open(os.path.join(self.data, "pg_hba.conf"), "w", encoding="ascii") as conf:
            conf.write(RULES)

    def set(self, **settings):
        """For the next start; the last line of a setting counts."""
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="ascii") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def start(self):
        with open(os.path.join(self.dir, "log"), "ab") as log:
            # No thread of ours forks here while another holds a lock: the function calls the kernel alone.
            self.process = subprocess.Popen([os.path.join(self.bin, "postgres"), "-D", self.data], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd=self.dir, start_new_session=True,
                                            preexec_fn=die_with_parent, **self.words())
        late = time.monotonic() + 60
        while subprocess.run([os.path.join(self.bin, "pg_isready"), "-q", "-h", self.dir, "-U", "postgres"], check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > late:
                with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as log:
                    raise OSError("PostgreSQL does not start: " + log.read()[-2000:])
            time.sleep(0.05)

    def stop(self, number=signal.SIGQUIT):
        """SIGQUIT: as in a power cut, but for the kernel; SIGINT: in order."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(60)
            self.process = None

    def ask(self, database, sql):
        return subprocess.run([os.path.join(self.bin, "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.dir, "-U",
                               "postgres", database], input=sql, text=True, check=True, capture_output=True).stdout.strip()

    def uri(self, database, user="node"):
        return f"postgresql://{user}@/{database}?host={self.dir}"

    def database(self, name=None, user="node"):
        """A new one, its user's own; gives its URI."""
        self.databases += 1
        name = name or f"node{os.getpid()}_{self.databases}"
        self.ask("postgres", f"CREATE DATABASE {name} OWNER {user} TEMPLATE template0")
        return self.uri(name, user)

    def copy(self, name, to):
        """What a backup restored elsewhere gives; whoever uses them stands still."""
        self.ask("postgres", f"DROP DATABASE IF EXISTS {to};\nCREATE DATABASE {to} OWNER node TEMPLATE {name}")

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


def from_environment():
    """The cluster of the run of tests, as databases are made in it; else one of our own."""
    folder = os.environ.get("WASL_TEST_POSTGRESQL_DIR")
    if not folder:
        return Cluster()
    shared = object.__new__(Cluster)
    shared.bin, shared.process, shared.databases, shared.dir, shared.user = programs(), None, 0, folder, None
    shared.remove = lambda: None
    return shared
