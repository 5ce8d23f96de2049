# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The kinds of fields that an object can have.

A field knows four things: the options that declare it, what value the object will have once the task is done (`merge`),
whether that differs from now (`differs`), and which part of it the task owns and may show in a diff (`owned`).
An option that is not given is not ours; null empties a field or removes a key.

=============  ======================================  ====================================================
field          value                                   compared as
=============  ======================================  ====================================================
`Text`         text                                    text; null is the empty text
`Choice`       one of a few texts                      text
`Flag`         boolean                                 boolean
`Texts`        list of texts                           list, in order
`Items`        list of dictionaries                    list, in order
`Names`        list of texts                           set
`KeyValues`    dictionary of texts                     per key; merge or replace
`Devices`      dictionary of dictionaries of texts     per device; merge by name or replace, a device as a whole
=============  ======================================  ====================================================
"""

from __future__ import annotations

import typing as t

from .errors import Immutable, InvalidOption
from .secrets import Secrets, mask_pair

Spec = dict[str, dict[str, t.Any]]
Params = t.Mapping[str, t.Any]


class Field:
    """One attribute of an object.

    :param name: the option's and the attribute's name, as the system spells it
    :param default: what a new object gets where the option is not given; never written to an existing object
    :param immutable: the system cannot change it after creation
    :param required: a new object cannot do without it
    """

    type = "str"
    empty: t.Any = ""

    def __init__(self, name: str, *, default: t.Any = None, immutable: bool = False, required: bool = False) -> None:
        self.name = name
        self.default = default
        self.immutable = immutable
        self.required = required

    def spec(self) -> Spec:
        """The options of this field, as C(argument_spec) entries."""
        return {self.name: {"type": self.type}}

    def read(self, have: Params) -> t.Any:
        """The field's present value in the object as the system gives it."""
        value = have.get(self.name)
        return self.empty if value is None else value

    def merge(self, now: t.Any, want: t.Any, params: Params) -> t.Any:
        """The value that the field will have."""
        return self.empty if want is None else want

    def differs(self, now: t.Any, then: t.Any) -> list[str]:
        """The names of what changes: the field's own, or one for each of its keys."""
        return [] if now == then else [self.name]

    def owned(self, now: t.Any, then: t.Any, want: t.Any, params: Params, secrets: Secrets) -> tuple[t.Any, t.Any]:
        """The two values reduced to what the task owns, with secrets masked."""
        return (now, then) if not secrets.holds(self.name) else mask_pair(now, then)

    def check_mutable(self, now: t.Any, changed: list[str], obj: str) -> None:
        """Raise where a changed key cannot be changed on an existing object."""
        if self.immutable and changed:
            raise Immutable(
                f"field '{self.name}' is {now!r} and cannot be changed after creation",
                obj=obj,
                next_step=f"give '{self.name}' its present value, or delete the object first",
            )


class Text(Field):
    """A text. Null and the empty text are the same."""


class Choice(Field):
    """One of a few texts."""

    def __init__(self, name: str, choices: t.Sequence[str], **rest: t.Any) -> None:
        super().__init__(name, **rest)
        self.choices = list(choices)

    def spec(self) -> Spec:
        return {self.name: {"type": "str", "choices": self.choices}}


class Flag(Field):
    """True or false. Null is false."""

    type = "bool"
    empty = False


class Texts(Field):
    """A list of texts whose order counts."""

    type = "list"
    empty: t.Any = ()

    def spec(self) -> Spec:
        return {self.name: {"type": "list", "elements": "str"}}

    def read(self, have: Params) -> list[str]:
        return list(have.get(self.name) or ())

    def merge(self, now: t.Any, want: t.Any, params: Params) -> list[str]:
        return list(want or ())


Form = t.Callable[[str, t.Any], t.Any]


class Items(Field):
    """A list of dictionaries whose order counts. What an item does not give is empty there, or has its default.

    :param options: the options of an item, as C(argument_spec) entries
    :param forms: how a given value is spelled, by option: a function of its position and the value, which raises
        C(InvalidOption) where that cannot be right
    """

    type = "list"
    empty: t.Any = ()

    def __init__(self, name: str, options: Spec, *, forms: t.Mapping[str, Form] | None = None, **rest: t.Any) -> None:
        super().__init__(name, **rest)
        self.options = options
        self.forms = dict(forms or {})

    def spec(self) -> Spec:
        return {self.name: {"type": "list", "elements": "dict", "options": self.options}}

    def read(self, have: Params) -> list[dict[str, t.Any]]:
        return [self._plain(item) for item in have.get(self.name) or ()]

    def merge(self, now: t.Any, want: t.Any, params: Params) -> list[dict[str, t.Any]]:
        return [self._item(f"{self.name}[{number}]", item) for number, item in enumerate(want or ())]

    def _item(self, position: str, given: Params) -> dict[str, t.Any]:
        item = {name: option["default"] for name, option in self.options.items() if "default" in option}
        item.update({name: value for name, value in given.items() if value is not None})
        for name, form in self.forms.items():
            if item.get(name):
                item[name] = form(f"{position}.{name}", item[name])
        return self._plain(item)

    def _plain(self, item: Params) -> dict[str, t.Any]:
        """An item without what is empty, which systems show or leave out as they like."""
        return {name: item[name] for name in self.options if item.get(name)}

    def owned(self, now: t.Any, then: t.Any, want: t.Any, params: Params, secrets: Secrets) -> tuple[t.Any, t.Any]:
        return secrets.mask(now), secrets.mask(then)


class Names(Texts):
    """A list of texts whose order does not count."""

    def read(self, have: Params) -> list[str]:
        return sorted(super().read(have))

    def merge(self, now: t.Any, want: t.Any, params: Params) -> list[str]:
        return sorted(set(want or ()))


class KeyValues(Field):
    """Configuration: a dictionary of texts in which others may keep keys of their own.

    With O(config_mode=merge), only the given keys are ours and null removes one; with V(replace), all are ours but
    the protected ones.

    :param protected: prefixes of keys that belong to the system (C(volatile.)): V(replace) leaves them alone
    :param auto: keys for which V(auto) asks the system to choose: any value but V(none) satisfies it
    :param fixed: keys that the system cannot change after creation
    :param origin: keys that the system rewrites on creation, with the key under which it keeps what was asked for
    """

    type = "dict"
    empty: t.Any = {}

    def __init__(
        self,
        name: str,
        *,
        protected: t.Sequence[str] = (),
        auto: t.Sequence[str] = (),
        fixed: t.Sequence[str] = (),
        origin: t.Mapping[str, str] | None = None,
        **rest: t.Any,
    ) -> None:
        super().__init__(name, **rest)
        self.protected = tuple(protected)
        self.auto = frozenset(auto)
        self.fixed = frozenset(fixed)
        self.origin = dict(origin or {})

    @property
    def mode(self) -> str:
        """The option that chooses between merge and replace."""
        return f"{self.name}_mode"

    def spec(self) -> Spec:
        return {
            self.name: {"type": "dict"},
            self.mode: {"type": "str", "choices": ["merge", "replace"], "default": "merge"},
        }

    def read(self, have: Params) -> dict[str, t.Any]:
        return {key: value for key, value in (have.get(self.name) or {}).items() if value != ""}

    def merge(self, now: t.Any, want: t.Any, params: Params) -> dict[str, t.Any]:
        given = {key: self.value(key, value) for key, value in (want or {}).items()}
        base = {key: value for key, value in now.items() if not self._replaces(key, want, params)}
        for key, value in given.items():
            if self._satisfied(key, value, now):
                value = now[key]
            if value == "":
                base.pop(key, None)
            else:
                base[key] = value
        return base

    def _replaces(self, key: str, want: t.Any, params: Params) -> bool:
        """Whether a key that the task does not give goes all the same."""
        return (want is None or params.get(self.mode) == "replace") and not key.startswith(self.protected)

    def value(self, key: str, value: t.Any) -> t.Any:
        """A given value as the system stores it: texts only, so booleans and numbers are spelled out."""
        return scalar(f"{self.name}.{key}", value)

    def differs(self, now: t.Any, then: t.Any) -> list[str]:
        return [f"{self.name}.{key}" for key in sorted({**now, **then}) if now.get(key) != then.get(key)]

    def owned(self, now: t.Any, then: t.Any, want: t.Any, params: Params, secrets: Secrets) -> tuple[t.Any, t.Any]:
        given = want or {}
        before, after = {}, {}
        for key in sorted({*given, *(key for key in now if self._replaces(key, want, params))}):
            old, new = now.get(key), then.get(key)
            if self._satisfied(key, given.get(key), now):
                old = new = given[key]
            old, new = self.shown(key, old, new, secrets)
            if old is not None:
                before[key] = old
            if new is not None:
                after[key] = new
        return before, after

    def shown(self, key: str, old: t.Any, new: t.Any, secrets: Secrets) -> tuple[t.Any, t.Any]:
        """One key's two values as a diff may show them."""
        return mask_pair(old, new) if secrets.holds(key) else (old, new)

    def check_mutable(self, now: t.Any, changed: list[str], obj: str) -> None:
        super().check_mutable(now, changed, obj)
        for key in sorted(self.fixed):
            if f"{self.name}.{key}" in changed:
                raise Immutable(
                    f"key '{key}' of '{self.name}' is {now.get(key)!r} and cannot be changed after creation",
                    obj=obj,
                    next_step=f"give '{key}' its present value, leave it out, or delete the object first",
                )

    def _satisfied(self, key: str, value: t.Any, now: t.Mapping[str, t.Any]) -> bool:
        """Whether the system's own value is what the given one asked for."""
        if key not in now:
            return False
        if now[key] is True:  # LXD hides some values that way, so they cannot be compared
            return bool(value)
        if value == "auto" and key in self.auto:
            return now[key] != "none"
        return key in self.origin and value is not None and now.get(self.origin[key]) == value


class Devices(KeyValues):
    """Devices by name. A named device is replaced as a whole; null removes it; others stay in V(merge)."""

    def value(self, key: str, value: t.Any) -> t.Any:
        if value is None:
            return ""
        if not isinstance(value, dict):
            raise InvalidOption(
                f"device '{key}' in '{self.name}' must be a dictionary of options, not a {type(value).__name__}"
            )
        options = {option: scalar(f"{self.name}.{key}.{option}", inner) for option, inner in value.items()}
        return {option: inner for option, inner in options.items() if inner != ""}

    def shown(self, key: str, old: t.Any, new: t.Any, secrets: Secrets) -> tuple[t.Any, t.Any]:
        before, after = dict(old or {}), dict(new or {})
        for option in {**before, **after}:
            if secrets.holds(option):
                masked = mask_pair(before.get(option), after.get(option))
                before.update({option: masked[0]} if option in before else {})
                after.update({option: masked[1]} if option in after else {})
        return (before if old is not None else None), (after if new is not None else None)


def scalar(position: str, value: t.Any) -> str:
    """A text, number or boolean as the text that daemons store; null is the empty text, which removes the key."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise InvalidOption(
        f"'{position}' must be a text, a number or a boolean, not a {type(value).__name__}",
        next_step="quote it, or write it as the system spells it (lists are usually comma-separated text)",
    )


def seconds(option: str, value: float, *, zero: bool = False) -> float:
    """A number of seconds that makes sense.

    :param zero: whether 0 does
    :raises InvalidOption: it does not
    """
    if not (0 < value < float("inf") or (zero and value == 0)):
        least = "from 0 on" if zero else "above 0"
        raise InvalidOption(f"'{option}' is {value:g}", next_step=f"give a number of seconds {least}")
    return value
