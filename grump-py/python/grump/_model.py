"""What models have in common: frozen, keyword-only, and nothing that came is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_):
        return lambda decorated: decorated


_set = object.__setattr__


@dataclass_transform(frozen_default=True, kw_only_default=True)
class _ModelType(type):
    """Makes a slot of each annotated name. Cheaper to import than dataclasses are."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]
    ) -> _ModelType:
        declared = [one for one in namespace.get("__annotations__", {}) if one[0] != "_"]
        defaults = {one: namespace.pop(one) for one in declared if one in namespace}
        made = super().__new__(mcs, name, bases, {**namespace, "__slots__": tuple(declared)})
        inherited = [base for base in bases if isinstance(base, _ModelType)]
        fields = [*declared, *(one for base in inherited for one in base._fields)]
        made._fields = tuple(fields)
        made._defaults = {**defaults, **{k: v for base in inherited for k, v in base._defaults.items()}}
        made._plan = tuple(
            (one, made._names.get(one, one), made._readers.get(one), made._defaults.get(one))
            for one in fields
            if one != "extra"
        )
        return made

    if TYPE_CHECKING:
        _fields: tuple[str, ...]
        _defaults: Mapping[str, Any]
        _plan: tuple[tuple[str, str, Callable[[Any], Any] | None, Any], ...]
        _names: Mapping[str, str]
        _readers: Mapping[str, Callable[[Any], Any]]


class Model(metaclass=_ModelType):
    """A frozen value.

    Attributes:
        extra: Members that came and that this version has no attribute for.
    """

    extra: Mapping[str, Any] = {}

    # The names of members, where they are not the attribute's, and how their values are read.
    _names: ClassVar[Mapping[str, str]] = {}
    _readers: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}

    if not TYPE_CHECKING:

        def __init__(self, **values):
            for field in self._fields:
                if field in values:
                    _set(self, field, values.pop(field))
                elif field in self._defaults:
                    _set(self, field, self._defaults[field])
                else:
                    raise TypeError(f"{type(self).__name__} needs {field!r}")
            if values:
                raise TypeError(f"{type(self).__name__} has no {next(iter(values))!r}")

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Reads a JSON object: what is missing is the default, or ``None``."""
        made = cls.__new__(cls)
        rest = dict(wire)
        for field, name, read, default in cls._plan:
            value = rest.pop(name, None)
            if value is None:
                value = default
            elif read is not None:
                value = read(value)
            _set(made, field, value)
        _set(made, "extra", rest)
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a {type(self).__name__} does not change; {name!r} stays as it is")

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def _values(self) -> dict[str, Any]:
        return {field: getattr(self, field) for field in type(self)._fields}

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), *(v for k, v in self._values().items() if k != "extra")))

    def __repr__(self) -> str:
        """Names what is not as by default."""
        told = (
            f"{name}={value!r}"
            for name, value in self._values().items()
            if value is not None and value != type(self)._defaults.get(name)
        )
        return f"{type(self).__name__}({', '.join(told)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, (type(self), self._values())


def _remake(model: type[Model], values: dict[str, Any]) -> Model:
    return model(**values)


def many(read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    """Reads a list of what ``read`` reads."""
    return lambda values: tuple(read(value) for value in values)
