"""The one table of quantities agrees with whatever is made from it."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from meters.domain.quantities import BY_NAME, QUANTITIES
from meters.models import Reading

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "quantities.md"
BESIDE = {"pk", "meter", "time", "received_at", "extra"}


def test_every_quantity_is_a_column_of_the_model_and_every_column_a_quantity():
    columns = {field.name for field in Reading._meta.get_fields()} - BESIDE
    assert columns == set(BY_NAME)


@pytest.mark.django_db
def test_the_table_in_the_database_has_these_columns_in_their_types():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = 'meters_reading'"
        )
        types = dict(cursor.fetchall())
    expected = {"register": "double precision", "state": "integer"}
    for quantity in QUANTITIES:
        assert types[quantity.name] == expected.get(quantity.kind, "real")


def test_no_name_stands_twice():
    assert len(BY_NAME) == len(QUANTITIES)


def test_the_documentation_is_what_the_table_says():
    written = io.StringIO()
    call_command("quantities", stdout=written)
    assert PAGE.read_text(encoding="utf-8") == written.getvalue(), (
        "Write it anew: manage.py quantities > docs/reference/quantities.md"
    )


@pytest.mark.parametrize(
    ("name", "unit", "label"),
    [
        ("voltage_l12", "V", "Voltage L1-L2"),
        ("active_power", "kW", "Active power"),
        ("active_energy_import_t1", "kWh", "Active energy import rate 1"),
        ("reactive_energy_q4", "kvarh", "Reactive energy quadrant Q4"),
        ("volume", "m³", "Volume"),
    ],
)
def test_a_quantity_has_a_unit_and_a_label(name, unit, label):
    assert (BY_NAME[name].unit, BY_NAME[name].label) == (unit, label)
