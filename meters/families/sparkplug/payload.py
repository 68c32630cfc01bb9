"""The protobuf messages of Sparkplug B, built from the fields of its specification.

Field numbers and types: Sparkplug Specification 3.0, chapter 6, "Payloads". Datasets
and templates are left as bytes: no meter sends its values so.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "energy_site.sparkplug"
_TYPES = {
    "uint32": descriptor_pb2.FieldDescriptorProto.TYPE_UINT32,
    "uint64": descriptor_pb2.FieldDescriptorProto.TYPE_UINT64,
    "float": descriptor_pb2.FieldDescriptorProto.TYPE_FLOAT,
    "double": descriptor_pb2.FieldDescriptorProto.TYPE_DOUBLE,
    "bool": descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
    # Devices send texts that are not UTF-8; protobuf would refuse the whole message.
    "bytes": descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
}
_VALUES = [
    ("int_value", "uint32"),
    ("long_value", "uint64"),
    ("float_value", "float"),
    ("double_value", "double"),
    ("boolean_value", "bool"),
    ("string_value", "bytes"),
]
# Name: [(field, number, type, label)]; a type with a capital is a message of these.
_MESSAGES: dict[str, list[tuple[str, int, str, str]]] = {
    "PropertyValue": [
        ("type", 1, "uint32", "optional"),
        ("is_null", 2, "bool", "optional"),
        *(
            (name, number, kind, "value")
            for number, (name, kind) in enumerate(_VALUES, start=3)
        ),
    ],
    "PropertySet": [
        ("keys", 1, "bytes", "repeated"),
        ("values", 2, "PropertyValue", "repeated"),
    ],
    "Metric": [
        ("name", 1, "bytes", "optional"),
        ("alias", 2, "uint64", "optional"),
        ("timestamp", 3, "uint64", "optional"),
        ("datatype", 4, "uint32", "optional"),
        ("is_historical", 5, "bool", "optional"),
        ("is_transient", 6, "bool", "optional"),
        ("is_null", 7, "bool", "optional"),
        ("properties", 9, "PropertySet", "optional"),
        *(
            (name, number, kind, "value")
            for number, (name, kind) in enumerate(_VALUES, start=10)
        ),
        ("bytes_value", 16, "bytes", "value"),
        ("dataset_value", 17, "bytes", "value"),
        ("template_value", 18, "bytes", "value"),
    ],
    "Payload": [
        ("timestamp", 1, "uint64", "optional"),
        ("metrics", 2, "Metric", "repeated"),
        ("seq", 3, "uint64", "optional"),
        ("uuid", 4, "bytes", "optional"),
        ("body", 5, "bytes", "optional"),
    ],
}


def _payload_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="energy_site/sparkplug.proto", package=_PACKAGE, syntax="proto2"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        if any(label == "value" for *_, label in fields):
            message.oneof_decl.add(name="value")
        for field, number, kind, label in fields:
            added = message.field.add(name=field, number=number)
            added.label = (
                added.LABEL_REPEATED if label == "repeated" else added.LABEL_OPTIONAL
            )
            if kind in _TYPES:
                added.type = _TYPES[kind]
            else:
                added.type = added.TYPE_MESSAGE
                added.type_name = f".{_PACKAGE}.{kind}"
            if label == "value":
                added.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = pool.FindMessageTypeByName(f"{_PACKAGE}.Payload")
    return message_factory.GetMessageClass(found)


Payload: Any = _payload_class()

# The specification's numbers of types.
INT8, INT16, INT32, INT64 = 1, 2, 3, 4
DOUBLE, BOOLEAN = 10, 11
_SIGNED_BITS = {INT8: 8, INT16: 16, INT32: 32, INT64: 64}


def value_of(metric: Any, datatype: int) -> float | bool | str | None:
    """Return a metric's value: a number, a bool, a text; None where it has none.

    Signed whole numbers travel as two's complement in unsigned fields.
    """
    if datatype == DOUBLE and metric.HasField("double_value"):
        return None if metric.is_null else float(metric.double_value)
    if metric.is_null:
        return None
    which = metric.WhichOneof("value")
    if which is None:
        return None
    value = getattr(metric, which)
    if which in {"int_value", "long_value"}:
        bits = _SIGNED_BITS.get(datatype)
        if bits is None:
            return float(value)
        value &= (1 << bits) - 1
        return float(value - (1 << bits) if value >> (bits - 1) else value)
    if which in {"float_value", "double_value"}:
        # A float of four bytes has seven digits: 230.1, not 230.10000610351562.
        return float(f"{value:.7g}") if which == "float_value" else float(value)
    if which == "boolean_value":
        return bool(value)
    if which == "string_value":
        return str(value.decode("utf-8", "replace"))
    return None
