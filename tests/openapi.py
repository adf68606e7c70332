# SPDX-License-Identifier: Apache-2.0
"""spec/openapi.json as a thing to ask: its operations, what is wrong with it as OpenAPI 3.1, and whether a value is what a
schema says. Of JSON Schema it knows what the file uses; another keyword is a fault of the file."""
import json
import os
import re

ROOT = os.environ.get("WASL_SOURCE") or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FILE = os.path.join(ROOT, "spec", "openapi.json")
METHODS = {"get", "post"}
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
KEYWORDS = {"type", "description", "properties", "required", "additionalProperties", "items", "enum", "const", "pattern", "format",
            "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "oneOf", "contentEncoding"}
OPERATION = {"operationId", "tags", "summary", "description", "parameters", "requestBody", "responses", "x-wasl-request"}
ROOT_MEMBERS = {"openapi", "info", "jsonSchemaDialect", "servers", "tags", "paths", "components"}


def load(path=FILE):
    with open(path, encoding="utf-8") as file:
        return json.load(file, object_pairs_hook=once)


def once(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError(f"a key stands twice: {[key for key, _ in pairs]}")
    return dict(pairs)


def resolve(document, value):
    """What a reference stands for; a value that is none is itself. KeyError when there is nothing."""
    while isinstance(value, dict) and "$ref" in value:
        place, target = value["$ref"], document
        if not place.startswith("#/"):
            raise KeyError(place)
        for step in place[2:].split("/"):
            target = target[step]
        value = target
    return value


def operations(document):
    """(method, path, operation)"""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def parameters(document, operation, where):
    return [parameter for parameter in (resolve(document, one) for one in operation.get("parameters", ())) if parameter["in"] == where]


def body_of(document, operation):
    """(media type, schema, example) of the body; None for an operation without one."""
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        return media, resolve(document, content["schema"]), content.get("example")
    return None


def is_type(value, name):
    return isinstance(value, TYPES[name]) and not (name == "integer" and isinstance(value, bool))


def differences(document, schema, value, where="$"):
    """How a value differs from a schema, one line each. Objects are taken as closed: an answer that tells more than the file says
    is a fault of the file."""
    schema = resolve(document, schema)
    if not schema:
        return []
    if "oneOf" in schema:
        fits = [one for one in schema["oneOf"] if not differences(document, one, value, where)]
        return [] if len(fits) == 1 else [f"{where}: fits {len(fits)} of the choices instead of one"]
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(is_type(value, name) for name in types):
        return [f"{where}: {json.dumps(value)[:60]} is not {' or '.join(types)}"]
    found = []
    if "const" in schema and value != schema["const"]:
        found.append(f"{where}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is none of {schema['enum']}")
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            found.append(f"{where}: {value[:60]!r} does not match {schema['pattern']}")
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            found.append(f"{where}: {len(value)} characters")
    if is_type(value, "integer") and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append(f"{where}: {value} is out of range")
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            found.append(f"{where}: {len(value)} items")
        for index, item in enumerate(value):
            found += differences(document, schema.get("items", {}), item, f"{where}[{index}]")
    if isinstance(value, dict):
        known, more = schema.get("properties", {}), schema.get("additionalProperties", not schema.get("properties"))
        found += [f"{where}: {name} is missing" for name in schema.get("required", ()) if name not in value]
        for name, item in value.items():
            if name in known:
                found += differences(document, known[name], item, f"{where}.{name}")
            elif more is False:
                found.append(f"{where}: {name} is not in the file")
            elif isinstance(more, dict):
                found += differences(document, more, item, f"{where}.{name}")
    return found


# --- whether the file is OpenAPI 3.1

def schema_faults(document, schema, where):
    if not isinstance(schema, dict):
        return [f"{where}: a schema is an object"]
    if "$ref" in schema:
        try:
            resolve(document, schema)
        except KeyError as error:
            return [f"{where}: nothing is at {error}"]
        return [] if set(schema) == {"$ref"} else [f"{where}: members beside $ref"]
    found = [f"{where}: unknown keyword {name}" for name in set(schema) - KEYWORDS]
    types = schema.get("type", [])
    found += [f"{where}: no type is {name}" for name in ([types] if isinstance(types, str) else types) if name not in TYPES]
    found += [f"{where}: {name} is required and no property" for name in schema.get("required", ())
              if name not in schema.get("properties", {})]
    if "pattern" in schema:
        try:
            re.compile(schema["pattern"])
        except re.error as error:
            found.append(f"{where}: {error}")
    for name, one in schema.get("properties", {}).items():
        found += schema_faults(document, one, f"{where}.{name}")
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            found += schema_faults(document, schema[name], f"{where}.{name}")
    for index, one in enumerate(schema.get("oneOf", ())):
        found += schema_faults(document, one, f"{where}.oneOf[{index}]")
    return found


def content_faults(document, content, where):
    found = [] if content else [f"{where}: no media type"]
    for media, one in content.items():
        found += schema_faults(document, one.get("schema"), f"{where}.{media}")
        if "example" in one and not found:
            found += [f"{where}: example: {fault}" for fault in differences(document, one["schema"], one["example"])]
    return found


def operation_faults(document, method, path, operation):
    where = f"{method.upper()} {path}"
    found = [f"{where}: unknown member {name}" for name in set(operation) - OPERATION]
    if method not in METHODS:
        found.append(f"{where}: an unknown method")
    if not re.fullmatch(r"[a-z]+(_[a-z]+)*", operation.get("operationId", "")) or not operation.get("summary"):
        found.append(f"{where}: operationId or summary is missing")
    seen = set()
    for one in operation.get("parameters", ()):
        key = one.get("name"), one.get("in")
        if key in seen or key[1] not in ("path", "query", "header") or set(one) - {"name", "in", "description", "required", "schema"}:
            found.append(f"{where}: parameter {key}")
        seen.add(key)
        found += schema_faults(document, one.get("schema"), f"{where}: {key[0]}")
        if key[1] == "path" and one.get("required") is not True:
            found.append(f"{where}: {key[0]} is in the path and not required")
    if {name for name, place in seen if place == "path"} != set(re.findall(r"\{(\w+)\}", path)):
        found.append(f"{where}: its parameters are not those of its path")
    if "requestBody" in operation:
        found += content_faults(document, operation["requestBody"].get("content", {}), where)
    if "200" not in operation.get("responses", {}) or not {"4XX", "5XX"} <= set(operation["responses"]):
        found.append(f"{where}: answers are missing")
    for status, answer in operation.get("responses", {}).items():
        try:
            answer = resolve(document, answer)
        except KeyError as error:
            found.append(f"{where}: nothing is at {error}")
            continue
        if not answer.get("description"):
            found.append(f"{where}: {status} has no description")
        found += content_faults(document, answer.get("content", {}), f"{where}: {status}")
        if status != "200" and set(answer.get("content", {})) != {"application/problem+json"}:
            found.append(f"{where}: {status} is no problem document")
    return found


def faults(document):
    """What is wrong with it, one line each."""
    found = [f"unknown member {name}" for name in set(document) - ROOT_MEMBERS]
    if not re.fullmatch(r"3\.1\.\d+", document.get("openapi", "")) or not {"title", "version"} <= set(document.get("info", {})):
        found.append("no OpenAPI 3.1 with a title and a version")
    for name, schema in document["components"]["schemas"].items():
        found += schema_faults(document, schema, name)
    if found:
        return found
    names, tags = [], {tag["name"] for tag in document.get("tags", ())}
    for method, path, operation in operations(document):
        found += operation_faults(document, method, path, operation)
        names.append(operation.get("operationId"))
        found += [f"{path}: unknown tag {tag}" for tag in operation.get("tags", ()) if tag not in tags]
        if not path.startswith("/"):
            found.append(f"{path}: no path")
    found += [f"{name}: two operations of this name" for name in set(names) if names.count(name) > 1]
    text = json.dumps(document)
    found += [f"{name}: nobody uses this schema" for name in document["components"]["schemas"]
              if f'"#/components/schemas/{name}"' not in text]
    return found
