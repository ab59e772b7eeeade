"""Reads `sources.yaml` once, into plain values that know their line; every fault becomes a sentence with its place.

Refused in the file itself: tags (`!!python/...`), anchors and aliases, double keys, anything nested deeper than
20 levels or larger than 5 MB. Strings `${NAME}` and `${NAME:-default}` are filled in from the environment.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from storage.errors import ConfigError

DEEPEST = 20
LARGEST = 5_000_000
"""Bytes."""

ADVICE = {
    "'\\t'": "a tab stands here: indent with spaces",
    "'\\u": "a character stands here that YAML does not take",
    "cannot start any token": "a value that begins with a sign such as @ must stand in quotes",
    "expected ',' or": "a bracket is open{begun}: close it, or put a value with a colon, comma or bracket in quotes",
    "expected <block end>": "this does not line up with what began{begun}: check the indentation, and quotes above",
    "mapping values are not allowed": "a colon too many: put the value in quotes, or check the indentation",
    "end of stream": "a quote is open{begun}: close it",
    "could not find expected ':'": "a key without a colon, or a quote that is not closed{begun}",
}
"""What YAML's reader complains of -> what to do about it."""

WANTED = {
    "list_type": "must be a list: [a, b], or lines that begin with -",
    "tuple_type": "must be a list: [a, b], or lines that begin with -",
    "dict_type": "must hold keys of its own, as in key: value, indented under it",
    "model_type": "must hold keys of its own, as in key: value, indented under it",
    "model_attributes_type": "must hold keys of its own, as in key: value, indented under it",
    "string_type": "must be text: put it in quotes",
    "bool_type": "must be true or false",
}
"""Pydantic's name of a wrong type -> what is wanted."""

Place = tuple[str | int, ...]
"""The way to a value: keys and list positions from the top."""


class Section(BaseModel):
    """A part of the file: unknown keys are faults, values are not turned into other types behind one's back."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


S = TypeVar("S", bound=Section)


def keys_of(*sections: type[Section]) -> tuple[str, ...]:
    """The keys that these sections take, as the file writes them."""
    return tuple(field.alias or name for section in sections for name, field in section.model_fields.items())


@dataclass(frozen=True, slots=True)
class Document:
    """The file as values, with the line each of them stands on (1-based)."""

    path: str
    values: Mapping[str, Any]
    lines: Mapping[Place, int]
    missing: Mapping[Place, str]
    """Values that the environment should have filled in and did not, with the complaint; they are "" here. To look
    at what is stored one needs no passwords, so who needs the value complains."""

    def sentence(self, place: Place, message: str) -> str:
        """`sources.yaml:12: brands.zonnebank.query: message`."""
        known = place
        while known and known not in self.lines:
            known = known[:-1]
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
        return f"{self.path}:{self.lines.get(known, 1)}: {key + ': ' if key else ''}{message}"

    def section(self, wanted: type[S], *parts: type[Section]) -> S:
        """What a section takes of the keys at the top; keys of its `parts` may have been meant by one unknown.

        Raises `ConfigError` with every complaint.
        """
        values = {key: value for key in keys_of(wanted) if (value := self.values.get(key)) is not None}
        try:
            return wanted.model_validate(values)
        except ValidationError as error:
            raise ConfigError(self.complaints(error, known=keys_of(*parts))) from None

    def complaints(self, error: ValidationError, under: Place = (), known: Iterable[str] = ()) -> list[str]:
        """A sentence for each fault that a model found in the values `under` a place."""
        found = []
        for fault in error.errors(include_url=False):
            place = under + tuple(part for part in fault["loc"] if not _is_model_name(part))
            found.append(self.sentence(place, _in_words(dict(fault), list(known))))
        return found


def read(path: Path, environment: Mapping[str, str]) -> Document:
    """Reads the file. Raises `ConfigError` with a sentence for every fault of form in it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror or error}. `webcare init` writes one."]) from None
    if len(data) > LARGEST:
        raise ConfigError([f"{path}: is larger than {LARGEST // 1_000_000} MB"])
    return parse(data, str(path), environment)


def parse(data: bytes | str, name: str, environment: Mapping[str, str]) -> Document:
    """Reads the text of a file called `name`; raises as `read` does."""
    try:
        root = yaml.compose(data, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError([f"{name}:{line}: is not YAML: {_advice(error)}"]) from None
    except yaml.YAMLError:  # bytes that are no text
        raise ConfigError([f"{name}:1: is not YAML: it must be plain text, saved as UTF-8"]) from None
    if root is None:
        return Document(name, {}, {}, {})
    tree = _Tree(name, environment)
    values = tree.value(root, ())
    if not isinstance(values, dict):
        tree.complain(root, "the file must hold keys (brands:, sources: …) at the top")
    if tree.complaints:
        raise ConfigError(tree.complaints)
    return Document(name, values, tree.lines, tree.missing)


def _advice(error: yaml.MarkedYAMLError) -> str:
    """What YAML's reader says, in words for who wrote the file, and what to do."""
    problem = error.problem or error.context or ""
    begun = f" since line {error.context_mark.line + 1}" if error.context_mark else ""
    return next((said.format(begun=begun) for part, said in ADVICE.items() if part in problem), problem)


class _Loader(yaml.SafeLoader):
    """Composes nodes, never builds objects; stops at aliases and at great depth."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            problem = "a value that begins with & or * must stand in quotes: there are no anchors and aliases here"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        self.depth += 1
        try:
            if self.depth > DEEPEST:
                raise yaml.MarkedYAMLError(problem=f"nested deeper than {DEEPEST}", problem_mark=event.start_mark)
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


class _Tree:
    """Walks the nodes once: values, lines, complaints."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self.name, self.environment = name, environment
        self.lines: dict[Place, int] = {}
        self.complaints: list[str] = []
        self.missing: dict[Place, str] = {}

    def complain(self, node: yaml.Node, message: str) -> None:
        self.complaints.append(f"{self.name}:{node.start_mark.line + 1}: {message}")

    def value(self, node: yaml.Node, place: Place) -> Any:
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*place, n)) for n, each in enumerate(node.value)]
        return self._scalar(node, place)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.complain(key_node, "a key must be a plain word")
                continue
            key = str(key_node.value)
            if key in values:
                self.complain(key_node, f"{key}: stands here a second time")
            self.lines[*place, key] = key_node.start_mark.line + 1
            values[key] = self.value(value_node, (*place, key))
        return values

    def _scalar(self, node: yaml.Node, place: Place) -> Any:
        tag = node.tag.removeprefix("tag:yaml.org,2002:")
        if tag not in ("str", "int", "float", "bool", "null", "timestamp"):
            self.complain(node, f"the tag {tag} is not allowed")
            return None
        if tag == "str":
            return self._filled(node, str(node.value), place)
        if tag in ("int", "float", "timestamp") and not re.fullmatch(r"-?\d+(\.\d+)?", str(node.value)):
            return str(node.value)  # 12:30 and 2026-11-22 are no numbers here
        try:
            return yaml.SafeLoader("").construct_object(node)
        except (ValueError, yaml.YAMLError):
            self.complain(node, f"{node.value!r} cannot be read")
            return None

    def _filled(self, node: yaml.Node, text: str, place: Place) -> str:
        def fill(match: re.Match[str]) -> str:
            name, default = match["name"], match["default"]
            if name in self.environment:
                return self.environment[name]
            if default is None:
                line = node.start_mark.line + 1
                wish = f"set it, or write ${{{name}:-default}}"
                self.missing[place] = f"{self.name}:{line}: the environment has no {name}: {wish}"
            return default or ""

        return re.sub(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}", fill, text)


def suggestion(word: str, known: Iterable[str]) -> str:
    """` (did you mean X?)`, or nothing when no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _is_model_name(part: str | int) -> bool:
    """Whether pydantic put the name of a union's branch into the place."""
    return isinstance(part, str) and ("[" in part or part in ("str", "bool", "float", "int", "function-after"))


def _in_words(fault: dict[str, Any], known: list[str]) -> str:
    kind, given = fault["type"], fault.get("input")
    if kind == "extra_forbidden":
        return f"is not a key that is known here{suggestion(str(fault['loc'][-1]), known)}"
    if kind == "missing":
        return "is missing"
    message = WANTED.get(kind) or _pydantic(fault)
    shown = f", got {given!r}"[:80] if isinstance(given, (str, int, float, bool)) and kind != "value_error" else ""
    return message + shown


def _pydantic(fault: Mapping[str, Any]) -> str:
    message = str(fault["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
