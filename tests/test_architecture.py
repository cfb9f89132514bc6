"""What no single test sees: the direction of imports, texts for every error, the schedule, names, what is committed."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from leads_infinitos.celery import BEAT, app
from leads_infinitos.kernel.errors import DomainError

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("leads_infinitos", "accounts", "billing", "extraction", "aicopy", "campaigns")
NOT_OURS = ("static/vendor/", "tests/fixtures/", "docs/screenshots/", "leads_infinitos/sandbox/hotmart_events/")
TEXT_FILES = {".py", ".html", ".txt", ".css", ".js", ".md", ".toml", ".yml", ".yaml", ".in", ".json", ".sh", ".svg", ""}
# In two parts, so that this file does not find itself.
FORBIDDEN = {
    "a machine's path": r"(?<![\w.:/}-])/(wor" + r"k|roo" + r"t|hom" + r"e|User" + r"s)/\w",
    "a package registry's host": r"pyp" + r"i\.org|pythonhosted\.or" + r"g|npmj" + r"s\.(org|com)",
    "an unfinished note": r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b",
}


def our_files() -> Iterator[Path]:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listing.splitlines():
        path = ROOT / name
        if not name.startswith(NOT_OURS) and path.suffix in TEXT_FILES and path.is_file():
            yield path


def our_modules() -> Iterator[str]:
    for package in PACKAGES:
        yield package
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if ".migrations." not in module.name and not module.name.endswith("__main__"):
                yield module.name


def all_subclasses(parent: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in parent.__subclasses__():
        yield child
        yield from all_subclasses(child)


def test_imports_point_one_way() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports"))]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_every_error_has_a_sentence_in_portuguese() -> None:
    from leads_infinitos.portal import texts

    for module in our_modules():
        importlib.import_module(module)
    ours = {error for error in all_subclasses(DomainError) if error.__module__.startswith(PACKAGES)}

    missing = {
        f"{error.__module__}.{error.__name__}: {error.code}" for error in ours if not texts.all_texts().get(error.code)
    }

    assert ours
    assert not missing


def test_two_errors_never_share_a_code() -> None:
    codes = [error.code for error in all_subclasses(DomainError) if "code" in vars(error)]

    assert sorted(codes) == sorted(set(codes))


def test_the_schedule_names_tasks_that_exist() -> None:
    app.loader.import_default_modules()

    assert {beat.task for beat in BEAT.values()} <= set(app.tasks)


def test_routes_name_tasks_that_exist() -> None:
    app.loader.import_default_modules()

    assert set(app.conf.task_routes) <= set(app.tasks)


def test_migrations_are_named_by_intent() -> None:
    names = [path.stem for package in PACKAGES for path in (ROOT / package).rglob("migrations/0*.py")]

    assert names
    assert not [name for name in names if re.search(r"_auto_|_and_more$|^\d+_(alter|remove|rename|delete)_", name)]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_committed_holds(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in our_files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if re.search(FORBIDDEN[what], line)
    ]

    assert not found


def test_every_variable_of_the_settings_is_documented() -> None:
    settings = (ROOT / "leads_infinitos/settings.py").read_text() + (
        ROOT / "leads_infinitos/gunicorn_conf.py"
    ).read_text()
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", settings)) | set(
        re.findall(r"environ\.get\(\"([A-Z_]+)\"", settings)
    )
    documented = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert read - documented <= {"ENV_FILE"}
