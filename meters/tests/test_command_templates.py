"""Command templates: placeholders, and what a reply says."""

import pytest

from meters.domain.command_templates import (
    TemplateError,
    check_placeholders,
    check_topic,
    fill,
    meets,
    parse_conditions,
)

VALUES = {"device": "24102", "output": "2", "request": "17", "topic_prefix": ""}


def test_placeholders_are_filled_and_other_braces_stay():
    text = '{"do": {output}, "id": "{device}", "n": {request}, "x": {}}'
    assert fill(text, VALUES) == '{"do": 2, "id": "24102", "n": 17, "x": {}}'


def test_a_value_that_is_not_there_is_refused():
    with pytest.raises(TemplateError, match="topic_prefix"):
        fill("{topic_prefix}/do", VALUES)


@pytest.mark.parametrize("device", ['1","cmd":"off', "a/#", "+", "a\nb", "a\\", "\0"])
def test_a_device_cannot_change_what_a_template_means(device):
    with pytest.raises(TemplateError, match="device"):
        fill("do/{device}", {**VALUES, "device": device})


def test_an_unknown_placeholder_is_named():
    with pytest.raises(TemplateError, match="serial"):
        check_placeholders("do/{serial}")
    check_placeholders('{"a": {"b": {output}}}')


@pytest.mark.parametrize("topic", ["", "a/+", "a/#", "$SYS/x", "a\0", "x" * 65_536])
def test_no_topic_to_publish_to(topic):
    with pytest.raises(TemplateError):
        check_topic(topic)


@pytest.mark.parametrize(
    ("match", "payload", "expected"),
    [
        ("code = 0", b'{"code": 0}', True),
        ("code = 0", b'{"code": 1}', False),
        # Another kind of value
        ("code = 1", b'{"code": true}', False),
        ("code = 0", b'{"code": "0"}', False),
        # Text without quotes, text with an equals sign, positions
        ("result = ok", b'{"result": "ok"}', True),
        ("result = a=b", b'{"result": "a=b"}', True),
        ("do.1.state = on", b'{"do": [{}, {"state": "on"}]}', True),
        # All of them
        ("code = 0\nid = 17", b'{"code": 0, "id": 17}', True),
        ("code = 0\nid = 17", b'{"code": 0, "id": 18}', False),
        # Not there, not JSON, not expected
        ("code = null", b"{}", False),
        ("code = 0", b"\xff", False),
        ("", b"anything", True),
    ],
)
def test_what_a_reply_says(match, payload, expected):
    assert meets(payload, parse_conditions(match)) is expected


@pytest.mark.parametrize("line", ["code", "= 3"])
def test_a_line_that_is_no_condition(line):
    with pytest.raises(TemplateError, match="path = value"):
        parse_conditions(line)
