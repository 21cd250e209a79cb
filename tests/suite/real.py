"""Suite (vi): public projects and public data. Nothing of them is kept here; without them a case is skipped.

  $WEIR_JAFFLE_DUCKDB  a checkout of dbt-labs/jaffle_shop_duckdb
  $WEIR_JAFFLE_SHOP    a checkout of dbt-labs/jaffle-shop (its profile is replaced by a DuckDB one)
  $WEIR_SHARED_DATA    a folder of public data sets (default: shared/data beside the repository)
  $WEIR_PUBLIC_PROJECTS  a folder of checkouts (OWNER+NAME): what dbt reads of them must be the same (tests/peers/public)
  $DBT                 an installed dbt: then all tables must equal the ones it builds
"""
import os
import shutil
import subprocess
import sys
import tempfile

from . import compare, observe, projects, tables

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOREIGN = ("target", "logs", ".git", "*.duckdb", "*.wal", "*.pyc")


def build(program, project, home, *commands):
    for args in commands:
        code, out, err = observe.run_program(program, list(args), project, home, timeout=600)
        assert code == 0, "`%s`: exit %d\n%s" % (" ".join(args), code, (out + err)[-3000:])


def _project(program, checkout, profile, commands):
    def check():
        with tempfile.TemporaryDirectory(prefix="weir-real-") as top:
            home, seen = os.path.join(top, "home"), []
            os.mkdir(home)
            programs = [program] + ([[os.environ["DBT"]]] if os.environ.get("DBT") else [])
            for one in programs:
                project = os.path.join(top, "same_place")          # views hold no paths, but names of files count
                shutil.rmtree(project, ignore_errors=True)
                shutil.copytree(checkout, project, ignore=shutil.ignore_patterns(*FOREIGN))
                if profile:
                    with open(os.path.join(project, "profiles.yml"), "w", encoding="utf-8") as file:
                        file.write(profile)
                build(one, project, home, *commands)
                seen.append(tables.read(project))
            assert len([name for name in seen[0] if not name.startswith("!")]) >= 5, "too few tables: %s" % sorted(seen[0])
            if len(seen) == 2:
                found = compare.differences(seen[1], seen[0])
                assert not found, "\n".join(found)
    return check


def _hotel(program, folder):
    """A CSV of 15,000 rows and 32 columns as a seed and as a source: the counts must be those of the file."""
    def check():
        with tempfile.TemporaryDirectory(prefix="weir-real-") as top:
            home = os.path.join(top, "home")
            os.mkdir(home)
            data = os.path.join(folder, "hotel", "hotel_bookings.csv")
            project = projects.write(os.path.join(top, "hotel"), {
                **projects.frame("hotel"),
                "models/sources.yml": "sources:\n  - name: raw\n    meta: {external_location: \"read_csv('%s', all_varchar=true)\"}\n"
                                      "    tables: [{name: bookings}]\n" % data,
                "models/bookings.sql": "{{ config(materialized='table') }}\nselect * from {{ source('raw', 'bookings') }}\n",
                "models/by_hotel.sql": "{{ config(materialized='table') }}\nselect count(*) as n from {{ ref('bookings') }}\n"})
            build(program, project, home, ["build"])
            connection_rows = len(tables.read(project)["warehouse.main.bookings"]["rows"])
            with open(data, encoding="utf-8") as file:
                lines = sum(1 for line in file if line.strip()) - 1
            assert connection_rows == lines, "%d rows, the file has %d" % (connection_rows, lines)
    return check


def _nested(program, folder):
    def check():
        with tempfile.TemporaryDirectory(prefix="weir-real-") as top:
            home = os.path.join(top, "home")
            os.mkdir(home)
            data = os.path.join(folder, "nested_json")
            project = projects.write(os.path.join(top, "nested"), {
                **projects.frame("nested"),
                "models/sources.yml": "sources:\n  - name: raw\n    meta: {external_location: \"%s/{name}.json\"}\n"
                                      "    tables: [{name: github_events}, {name: github_issues}, {name: ethereum_blocks}]\n" % data,
                **{"models/%s_rows.sql" % name: "{{ config(materialized='table') }}\nselect count(*) as n from {{ source('raw', '%s') }}\n" % name
                   for name in ("github_events", "github_issues", "ethereum_blocks")}})
            build(program, project, home, ["build"])
            got = tables.read(project)
            for name, relation in got.items():
                assert int(relation["rows"][0][0]) > 0, name
            assert len(got) == 3, sorted(got)
    return check


def _commands(checkout):
    """Packages are taken from the checkout where they lie in it; else `deps` fetches them."""
    build_all = ["build", "--vars", "{load_source_data: true}"]
    return [build_all] if os.path.isdir(os.path.join(checkout, "dbt_packages")) else [["deps"], build_all]


def _public(program, folder):
    """Every project of a folder, by dbt and by weir; what differs is in the output of tests/peers/public."""
    def check():
        script = os.path.join(ROOT, "tests", "peers", "public")
        made = subprocess.run([sys.executable, script, folder, "--weir", program, "--dbt", os.environ["DBT"]], capture_output=True, text=True)
        wrong = [line for line in made.stdout.split("\n") if " other nodes " in line or " exit code " in line or " failed " in line]
        assert " equal, " in made.stdout and not wrong, "\n".join(wrong) or (made.stdout + made.stderr)[-3000:]
    return check


def cases(options):
    jaffle = os.environ.get("WEIR_JAFFLE_DUCKDB", "")
    shop = os.environ.get("WEIR_JAFFLE_SHOP", "")
    data = os.environ.get("WEIR_SHARED_DATA", os.path.join(os.path.dirname(ROOT), "shared", "data"))
    absent = lambda path, name: None if path and os.path.isdir(path) else "$%s names no checkout" % name
    public = os.environ.get("WEIR_PUBLIC_PROJECTS", "")
    no_public = absent(public, "WEIR_PUBLIC_PROJECTS") or (None if os.environ.get("DBT") else "no $DBT to compare with")
    no_data = None if os.path.isdir(data) else "no shared data at $WEIR_SHARED_DATA"
    profile = "default:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: jaffle.duckdb, threads: 2}\n"
    return [
        ("real/jaffle_shop_duckdb", _project(options.program, jaffle, None, [["build"]]), absent(jaffle, "WEIR_JAFFLE_DUCKDB")),
        ("real/jaffle_shop", _project(options.program, shop, profile, _commands(shop)), absent(shop, "WEIR_JAFFLE_SHOP")),
        ("real/public_projects", _public(options.program, public), no_public),
        ("real/hotel_bookings", _hotel(options.program, data), no_data),
        ("real/nested_json", _nested(options.program, data), no_data)]
