"""`deps`: packages from a registry, git, tarballs and folders, all served on loopback; lock files, faults, kills.

The lines and lock files that are expected here were printed by dbt-core 1.12.6 against the same server.
"""
import glob
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time

from servers import Hub, missing
from servers.hub import archive

from . import observe, projects

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def require(condition, text, shown=""):
    assert condition, "%s\n%s" % (text, str(shown)[-2500:])


class World:
    """A project beside a registry."""

    def __init__(self, options, packages=None, files=None):
        self.program = [options.program] if isinstance(options.program, str) else list(options.program)
        self.packages, self.files = packages, files or {}

    def __enter__(self):
        self.hub = Hub().__enter__()
        for version in ("0.9.0", "1.0.0", "1.1.0", "1.2.0-b1", "2.0.0"):
            self.hub.add("acme/tools", version, {"macros/which.sql": "{%% macro which() %%}%s{%% endmacro %%}\n" % version})
        self.hub.add("acme/tools", "3.0.0", require_dbt_version=">=2.0.0")
        self.hub.add("acme/base", "1.0.0", packages=[{"package": "acme/tools", "version": [">=0.9.0", "<1.2.0"]}])
        self.hub.add("acme/top", "1.0.0", packages=[{"package": "acme/base", "version": "1.0.0"},
                                                    {"package": "acme/tools", "version": [">=1.0.0"]}])
        self.hub.add("acme/twin", "1.0.0", name="tools")
        self.top = tempfile.mkdtemp(prefix="weir-deps-")
        self.project, self.home = os.path.join(self.top, "project"), os.path.join(self.top, "home")
        os.mkdir(self.home)
        projects.write(self.project, {**projects.frame("root"), "models/m.sql": "select 1 as a\n", **self.files})
        if self.packages is not None:
            self.say(*(self.packages(self.hub) if callable(self.packages) else self.packages))
        return self

    def __exit__(self, *_):
        self.hub.__exit__()
        shutil.rmtree(self.top, ignore_errors=True)

    def say(self, *packages):
        projects.write(self.project, {"packages.yml": json.dumps({"packages": list(packages)})})

    def env(self, more=None):
        return {**observe.clean_environment(self.home), **self.hub.describe()["env"], **(more or {})}

    def run(self, *args, code=0, env=None):
        made = subprocess.run([*self.program, "--no-use-colors", *args], cwd=self.project, env=self.env(env), timeout=120,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        out = made.stdout + made.stderr
        require(made.returncode == code, "`%s`: exit %d, not %d" % (" ".join(args), made.returncode, code), out)
        return "\n".join(line[10:] if line[2:3] == ":" and line[5:6] == ":" else line for line in out.split("\n"))

    def path(self, *parts):
        return os.path.join(self.project, *parts)

    def read(self, *parts):
        with open(self.path(*parts), encoding="utf-8") as file:
            return file.read()

    def installed(self):
        return sorted(name for name in os.listdir(self.path("dbt_packages")) if not name.startswith("."))


TOOLS = {"package": "acme/tools", "version": "1.0.0"}


@test
def registry(options):
    with World(options, [TOOLS]) as made:
        out = made.run("deps")
        require("Installing acme/tools\nInstalled from version 1.0.0\nUpdated version available: 2.0.0\n\nUpdates available for packages: "
                "['acme/tools']" in out, "the lines", out)
        require(made.read("package-lock.yml") == "packages:\n  - name: tools\n    package: acme/tools\n    version: 1.0.0\n"
                "sha1_hash: 4d219fdae6944846b855ac0e3c73180df1be947b\n", "dbt's lock file", made.read("package-lock.yml"))
        require(made.installed() == ["tools"] and "1.0.0" in made.read("dbt_packages", "tools", "macros", "which.sql"), "the files")
        made.run("parse")
        again = made.run("deps")
        require("Updating lock file" not in again and "Installed from version 1.0.0" in again, "the lock file holds", again)
        require(made.hub.count("/tar/") == 1, "what lies there is not fetched again")
        with open(made.path("dbt_packages", "tools", "macros", "which.sql"), "w", encoding="utf-8") as file:
            file.write("changed by hand")
        made.run("deps")
        require("1.0.0" in made.read("dbt_packages", "tools", "macros", "which.sql"), "what was changed is fetched anew")


@test
def ranges(options):
    for version, more, taken in (([">=1.0.0", "<2.0.0"], {}, "1.1.0"), ("<=1.0.0", {}, "1.0.0"), (">=0.1.0", {}, "2.0.0"),
                                 ([">=1.0.0", "<2.0.0"], {"install_prerelease": True}, "1.2.0-b1"), ("1.2.0-b1", {}, "1.2.0-b1")):
        with World(options, [{"package": "acme/tools", "version": version, **more}]) as made:
            made.run("deps", "--lock")
            require("version: %s\n" % taken in made.read("package-lock.yml"), "%s takes %s" % (version, taken), made.read("package-lock.yml"))
            require(not os.path.exists(made.path("dbt_packages")), "--lock installs nothing")


@test
def transitive(options):
    with World(options, [{"package": "acme/top", "version": "1.0.0"}]) as made:
        out = made.run("deps")
        require([line for line in out.split("\n") if line.startswith("Installing")] ==
                ["Installing acme/top", "Installing acme/base", "Installing acme/tools"], "the order", out)
        require("version: 1.1.0" in made.read("package-lock.yml"), "both bounds count", made.read("package-lock.yml"))
        made.say({"package": "acme/base", "version": "1.0.0"}, {"package": "acme/tools", "version": ">=2.0.0"})
        out = made.run("deps", code=2)
        require("Version error for package acme/tools: Could not find a satisfactory version from options: "
                "['>=2.0.0', '>=0.9.0', '<1.2.0']" in out, "the conflict", out)
        require(made.installed() == ["base", "tools", "top"], "a failure leaves what was there", made.installed())


@test
def versions_that_do_not_fit(options):
    with World(options, [{"package": "acme/tools", "version": "3.0.0"}]) as made:
        out = made.run("deps", code=2)
        require("Requested range: =3.0.0, =3.0.0\n" in out and "Compatible versions: ['0.9.0', '1.0.0', '1.1.0', '2.0.0']" in out
                and "--no-version-check" in out, "why", out)
        made.run("--no-version-check", "deps")
        made.say(TOOLS, {"package": "acme/twin", "version": "1.0.0"})
        require('Found duplicate project "tools"' in made.run("deps", code=2), "two of one name")
        made.say({"package": "acme/toolz", "version": "1.0.0"})
        out = made.run("deps", code=2)
        require("was not found in the package index" in out and "Did you mean 'acme/tools'?" in out, "nearest name", out)


@test
def registry_is_down(options):
    with World(options, [TOOLS]) as made:
        made.hub.fault("/api/v1/acme/tools.json", status=500, times=2)
        made.hub.fault("/tar/acme/tools/1.0.0.tar.gz", cut=40, times=1)
        made.run("deps")
        require(made.installed() == ["tools"], "retries help")
        made.hub.fault("/api/v1/index.json", status=404, times=99)
        out = made.run("deps")
        require("Installed from version 1.0.0" in out, "what is locked and lies there needs no registry", out)
        made.say({"package": "acme/tools", "version": "1.1.0"})
        out = made.run("deps", code=2)
        require("External connection exception occurred" in out, "and what is new does", out)
        require(made.installed() == ["tools"], "the former package stays", made.installed())


@test
def damaged_archives(options):
    bad = {"not-gzip": b"plain", "cut": archive({"dbt_project.yml": "name: t\n", "x": "y" * 9000}, "t-1")[:150],
           "climbs": archive({"dbt_project.yml": "name: t\n", "!../evil": "x"}, "t-1"),
           "link": archive({"dbt_project.yml": "name: t\n", "l": ("link", "/etc/passwd")}, "t-1"),
           "two": archive({"dbt_project.yml": "name: t\n", "!other/x": "y"}, "t-1"), "empty": b""}
    for name, content in bad.items():
        with World(options, [TOOLS]) as made:
            made.run("deps")
            made.hub.add("acme/tools", "1.0.1", tarball=content)
            made.say({"package": "acme/tools", "version": "1.0.1"})
            out = made.run("deps", code=2)
            require("1.0.1.tar.gz" in out, "%s: the archive is named" % name, out)
            require("1.0.0" in made.read("dbt_packages", "tools", "macros", "which.sql"), "%s: the former package stays" % name)
            require(not glob.glob(made.path("dbt_packages", "__*")) and not os.path.exists(made.path("evil")), "%s: nothing is left" % name)


@test
def git(options):
    def repositories(hub):
        hub.url_http, hub.url_file, hub.shas = hub.add_repository("gitp", [
            {"files": {"dbt_project.yml": "name: gitp\nversion: '1.0'\n", "macros/n.sql": "one"}, "tag": "v1"},
            {"files": {"macros/n.sql": "two"}, "tag": "v2"}, {"files": {"macros/n.sql": "three"}, "branch": "dev"}])
        return [{"git": hub.url_http, "revision": "v1"}]
    with World(options, repositories) as made:
        hub = made.hub
        for url in (hub.url_http, hub.url_file):
            for revision, text, sha in (("v1", "one", 0), ("dev", "three", 2), (hub.shas[1], "two", 1), ("main", "two", 1)):
                made.say({"git": url, "revision": revision})
                out = made.run("deps")
                require("Installed from revision " + hub.shas[sha] in out, "%s: the commit" % revision, out)
                require(made.read("dbt_packages", "gitp", "macros", "n.sql") == text, "%s: the files" % revision)
                require("revision: " + hub.shas[sha] in made.read("package-lock.yml"), "%s: locked" % revision)
        asked = hub.count("/git/")
        made.say({"git": hub.url_http, "revision": "v2"})
        made.run("deps")
        between = hub.count("/git/")
        made.run("deps")
        require(between > asked and hub.count("/git/") == between, "a locked commit that lies there is not fetched")
        made.say({"git": hub.url_http})
        require("is not pinned, using HEAD" in made.run("deps"), "unpinned")
        made.say({"git": hub.url_http, "warn-unpinned": False})
        require("pinned" not in made.run("deps"), "no warning when told so")
        require("couldn't find remote ref nope" in _refused(made, {"git": hub.url_http, "revision": "nope"}), "no such revision")
        require("not found" in _refused(made, {"git": hub.url + "/git/none.git", "revision": "v1"}), "no such repository")
        require("exactly one version" in _refused(made, {"git": hub.url_http, "revision": "v1"}, {"git": hub.url_http[:-4], "revision": "v2"}), "two")
        require("begins with a dash" in _refused(made, {"git": "--upload-pack=x", "revision": "v1"}), "no options by a URL")


def _refused(made, *packages):
    made.say(*packages)
    return made.run("deps", code=2)


@test
def git_subdirectory(options):
    def repositories(hub):
        url, _, _ = hub.add_repository("mono", [{"files": {
            "a/dbt_project.yml": "name: mono_a\n", "b/dbt_project.yml": "name: mono_b\n", "b/macros/x.sql": "x",
            "b/packages.yml": "packages:\n  - package: acme/tools\n    version: 1.0.0\n"}}])
        return [{"git": url, "revision": "main", "subdirectory": "b"}]
    with World(options, repositories) as made:
        out = made.run("deps")
        require("and subdirectory b" in out and made.installed() == ["mono_b", "tools"], "what it needs comes too", out)
        require(sorted(os.listdir(made.path("dbt_packages", "mono_b"))) == ["dbt_project.yml", "macros", "packages.yml"], "only the folder")


@test
def secrets(options):
    def repositories(hub):
        url, _, _ = hub.add_repository("gitp", [{"files": {"dbt_project.yml": "name: gitp\n"}, "tag": "v1"}])
        return [{"git": url.replace("http://", "http://{{ env_var('DBT_ENV_SECRET_TOKEN') }}@"), "revision": "v1"}]
    with World(options, repositories) as made:
        secret = {"DBT_ENV_SECRET_TOKEN": "hush-hush-4711"}
        out = made.run("--debug", "deps", env=secret)
        require("http://*****@" in out, "the URL is shown without", out)
        require("env_var('DBT_ENV_SECRET_TOKEN')" in made.read("package-lock.yml"), "the lock file asks the environment")
        made.run("deps", env=secret)
        made.say({"git": made.hub.url.replace("http://", "http://{{ env_var('DBT_ENV_SECRET_TOKEN') }}@") + "/git/no.git", "revision": "v1"})
        out += made.run("deps", code=2, env=secret)
        found = [path for path in glob.glob(made.path("**"), recursive=True) if os.path.isfile(path) and "/.git/" not in path
                 and b"hush-hush" in open(path, "rb").read()]
        require("hush-hush" not in out and not found, "no secret anywhere", out + str(found))


@test
def tarballs_and_folders(options):
    def packages(hub):
        return [{"tarball": hub.add_file("/t/x.tgz", archive({"dbt_project.yml": "name: inner\n", "macros/a.sql": "a"}, "inner-1")),
                 "name": "outer"}, {"local": "../loc"}]
    with World(options, packages, {"../loc/dbt_project.yml": "name: loc\n"}) as made:
        out = made.run("deps")
        require("Installing outer\nInstalled from tarball (url: %s/t/x.tgz)\nInstalling ../loc\nInstalled from <local @ ../loc>" % made.hub.url
                in out, "the lines", out)
        require(made.installed() == ["loc", "outer"] and os.path.islink(made.path("dbt_packages", "loc")), "the folders")
        made.say({"local": "../loc"})
        made.run("deps")
        require(made.installed() == ["loc"], "what is asked no more is removed", made.installed())
        made.say()
        out = made.run("deps")
        require("Warning: No packages were found in packages.yml" in out, "none", out)
        made.say({"local": "../nowhere"})
        require("No dbt_project.yml found at expected path" in made.run("deps", code=2), "no such folder")


@test
def adds(options):
    with World(options) as made:
        out = made.run("deps", "--add-package", "acme/tools@>=1.0.0,<2.0.0")
        require("Created packages.yml\nAdded new package acme/tools@>=1.0.0,<2.0.0 to %s" % made.path("packages.yml") in out, "the lines", out)
        require(made.read("packages.yml") == "packages:\n  - package: acme/tools\n    version:\n      - '>=1.0.0'\n      - <2.0.0\n", "the file")
        lock = made.read("package-lock.yml")
        require("Updating lock file" not in made.run("deps") and lock == made.read("package-lock.yml"), "the lock file is of it")
        out = made.run("deps", "--lock", "--add-package", "acme/tools@0.9.0")
        require("Found duplicate package in packages.yml, removing: {'package': 'acme/tools'}" in out, "replaced", out)
        require("version: 0.9.0" in made.read("package-lock.yml"), "locked")
        made.run("deps", "--add-package", "acme/tools", code=2)


@test
def lock_files(options):
    with World(options, [{"package": "acme/tools", "version": ">=1.0.0"}]) as made:
        made.run("deps")
        made.hub.add("acme/tools", "2.1.0")
        require("version: 2.0.0" in made.read("package-lock.yml"), "the highest")
        require("Updated version available: 2.1.0" in made.run("deps"), "a newer one is only told of")
        made.run("deps", "--upgrade")
        require("version: 2.1.0" in made.read("package-lock.yml"), "--upgrade takes it")
        made.say({"package": "acme/tools", "version": "<2.0.0"})
        made.run("deps")
        require("version: 1.1.0" in made.read("package-lock.yml"), "another packages.yml makes another lock file")
        shutil.rmtree(made.path("dbt_packages"))
        out = made.run("parse", code=2)
        require("dbt expects 1 package(s) based on packages specified in packages.yml, but found only 0 package(s) installed in dbt_packages"
                in out and 'Run "dbt deps"' in out, "missing packages", out)


@test
def dependencies_yml(options):
    with World(options, files={"dependencies.yml": "packages:\n  - package: acme/tools\n    version: 1.0.0\nprojects:\n  - name: upstream\n"}) as made:
        made.run("deps")
        require(made.installed() == ["tools"], "installed")
        made.say()
        require("cannot be specified in both" in made.run("deps", code=2), "not in both")


@test
def install_path(options):
    with World(options, [TOOLS], {"dbt_project.yml": projects.frame("root")["dbt_project.yml"] + "packages-install-path: vendor/dbt\n"}) as made:
        made.run("deps")
        require(os.listdir(made.path("vendor/dbt", "tools")) and not os.path.exists(made.path("dbt_packages")), "there")
        made.run("parse")


@test
def killed(options):
    """At any moment: the former package or the new one, and the next run mends all."""
    texts = lambda number: {"macros/f%03d.sql" % i: "{%% macro f%d() %%}%d{%% endmacro %%}\n" % (i, number) for i in range(150)}
    digest = lambda made: hashlib.sha1("".join(made.read("dbt_packages", "big", "macros", "f%03d.sql" % i) for i in range(150)).encode()).hexdigest()
    with World(options) as made:
        for version in ("1.0.0", "2.0.0"):
            made.hub.add("acme/big", version, texts(int(version[0])))
        known = {}
        for version in ("1.0.0", "2.0.0"):
            made.say({"package": "acme/big", "version": version})
            made.run("deps")
            known[digest(made)] = version
        chance = random.Random(options.seed)
        for turn in range(max(6, options.kills)):
            made.say({"package": "acme/big", "version": "%d.0.0" % (1 + turn % 2)})
            child = subprocess.Popen([*made.program, "deps"], cwd=made.project, env=made.env(), stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            time.sleep(chance.uniform(0.002, 0.08))
            child.send_signal(signal.SIGKILL)
            child.wait()
            require(digest(made) in known, "turn %d: neither the one nor the other" % turn)
        made.run("deps")
        require(known[digest(made)] == "%d.0.0" % (1 + turn % 2), "the next run ends it")
        require(not glob.glob(made.path("dbt_packages", "__*")), "nothing is left of the killed ones", os.listdir(made.path("dbt_packages")))
        made.run("parse")


def cases(options):
    lack = missing(Hub)
    return [("packages/" + function.__name__, lambda function=function: function(options), lack) for function in TESTS]
