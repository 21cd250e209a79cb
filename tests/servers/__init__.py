"""Real servers on loopback for the tests, the examples and the benches: see README.md.

    from servers import Postgres, MariaDb, S3, Sftp, Cdn, Api, Proxy
    with Postgres() as server:
        server.sql("create table t (a int)")
"""
from . import mixed
from .api import Api
from .cdn import Cdn
from .faults import Faults
from .ftp import Ftp
from .hub import Hub
from .mariadb import MariaDb
from .postgres import Postgres
from .process import Missing, Server
from .proxy import Proxy
from .replay import Replay
from .s3 import S3
from .sftp import Sftp

SERVERS = {"postgres": Postgres, "mariadb": MariaDb, "s3": S3, "sftp": Sftp, "cdn": Cdn, "ftp": Ftp, "api": Api, "proxy": Proxy,
           "replay": Replay, "hub": Hub}


def missing(*kinds):
    """What the machine lacks for these classes, as a reason to skip; None if nothing."""
    for kind in kinds:
        try:
            getattr(kind, "find", lambda: None)()
        except Missing as problem:
            return str(problem)
    return None


__all__ = ["missing", "mixed", "Api", "Cdn", "Faults", "Ftp", "Hub", "MariaDb", "Missing", "Postgres", "Proxy", "Replay", "S3", "SERVERS", "Server", "Sftp"]
