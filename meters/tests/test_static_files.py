"""Static files are served under hashed names, the imports inside modules included."""

import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.utils.module_loading import import_string

ROOT = Path(settings.BASE_DIR)
HASHED = re.compile(r"\.[0-9a-f]{12}\.js$")


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """Hash the files as a release does; return the folder and the manifest."""
    folder = tmp_path_factory.mktemp("collected") / "static"
    shutil.copytree(ROOT / "static", folder)
    names = [str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()]
    backend = import_string(settings.STORAGES["staticfiles"]["BACKEND"])
    storage = backend(location=folder, base_url="/static/")
    source = FileSystemStorage(folder)
    for name, _, fault in storage.post_process({n: (source, n) for n in names}):
        assert not isinstance(fault, Exception), f"{name}: {fault}"
    return folder, storage.hashed_files


def test_every_import_of_a_module_leads_to_a_hashed_file(collected):
    folder, _ = collected
    modules = [
        path
        for path in (folder / "js").rglob("*.js")
        if HASHED.search(path.name) and "tests" not in path.parts
    ]
    imports = 0
    for module in modules:
        for name in re.findall(r'^import\b[^;"]*"([^"]+)"', module.read_text(), re.M):
            imports += 1
            # Without the semicolon at its end, an import would stay as it was
            assert HASHED.search(name), f"{module.name} imports {name}"
            assert (module.parent / name).is_file()
    assert imports > 20


def test_every_file_that_a_template_names_is_there(collected):
    _, hashed = collected
    for template in (ROOT / "templates").rglob("*.html"):
        for name in re.findall(r'{% static "([^"]+)"', template.read_text()):
            assert name in hashed, f"{template.name} names {name}"


def test_every_icon_that_a_template_names_is_there():
    sprite = (ROOT / "static/icons/icons.svg").read_text()
    for template in (ROOT / "templates").rglob("*.html"):
        for name in re.findall(r'{% icon "([^"]+)"', template.read_text()):
            assert f'id="{name}"' in sprite, f"{template.name} names {name}"


def test_vendored_libraries_stand_beside_their_licence():
    for library in (ROOT / "static/vendor").iterdir():
        assert (library / "LICENSE").is_file(), library.name


@pytest.mark.parametrize("template", sorted((ROOT / "templates").rglob("*.html")))
def test_no_template_has_a_script_or_a_handler_inline(template):
    text = template.read_text()
    assert not re.search(r"<script(?![^>]*\b(src|type=\"application/json\"))", text)
    assert not re.search(r"\son[a-z]+=\"", text)
