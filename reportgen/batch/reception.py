"""Takes in what an LMS or a person gives: whose each folder, zip and loose file is, with zips unpacked.

Nothing is written to where it came from: zips are unpacked, and loose files copied, into the output.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from reportgen.batch.class_file import Class, ClassError, Group
from reportgen.batch.contents import folder_name
from reportgen.batch.downloads import belongs_to_group, holds_groups, holds_lms_names
from reportgen.batch.own_files import KEEP_APART, find_in_received
from reportgen.batch.roster import UploadName, read_name, simplify
from reportgen.batch.unpacking import OF_CLASS, UNPACKED, Archive, Unpacker, is_zip
from reportgen.dataset.names import capped, escaped, is_ignored
from reportgen.text import as_sentence, did_you_mean

_DEEPEST = 3

_SUBMITTED = (".pdf", ".zip", ".html", ".htm", ".json")
"""Endings of loose files that may be a submission, or part of one."""

_RENAME = "Rename one of them, or name the groups in a class.toml."


@dataclass(frozen=True)
class UnassignedFile:
    """A file or folder of the input that belongs to no group, and why; ``ignored``: it holds nothing of
    value.
    """

    file: str
    reason: str
    ignored: bool


@dataclass(frozen=True)
class Received:
    """The groups, each with its folders or none; ``labels``: what the list calls a folder or file.

    ``late``: the slugs of those that the LMS calls late; ``downloaded``: what it called the folders and files
    of each, by slug.
    """

    groups: tuple[Group, ...]
    labels: Mapping[Path, str] = field(default_factory=dict)
    archives: Mapping[Path, Archive] = field(default_factory=dict)
    unassigned: tuple[UnassignedFile, ...] = ()
    late: frozenset[str] = frozenset()
    downloaded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def refusal(self, group: Group) -> str:
        """Why a zip of the group was not unpacked, "" if none was refused."""
        found = (each.refusal for each in self.archives.values() if each.slug == group.slug)
        return next(filter(None, found), "")


@dataclass(frozen=True)
class _Item:
    """A folder, a zip or a loose file as it was found; ``within``: the zip of several groups that it was in,
    "" if it was in none, or in the download that was named.
    """

    path: Path
    label: str
    name: UploadName
    within: str = ""

    @property
    def plain_folder(self) -> bool:
        """Whether it is a folder that a person named."""
        return self.path.is_dir() and not self.name.lms


@dataclass(frozen=True)
class _Owner:
    """Somebody who handed something in; ``ident``: the number that the LMS knows them by; ``refused``: what
    a zip has under that name, though they handed in something themselves.
    """

    name: str
    ident: str
    items: tuple[_Item, ...]
    refused: tuple[_Item, ...] = ()


@dataclass(frozen=True)
class _Reading:
    """What it takes to say whose an item is, and where the rest is written down; ``people`` as in
    :func:`receive`.
    """

    chosen: Class
    desk: Unpacker
    unassigned: list[UnassignedFile]
    say: Callable[[str], None]
    people: Mapping[str, str]


def receive(
    chosen: Class,
    out: Path,
    say: Callable[[str], None] = lambda _line: None,
    people: Mapping[str, str] = MappingProxyType({}),
) -> Received:
    """Find every group's folders in what the class file names, and unpack zips into ``out``.

    ``people``: the groups of students, by their names in small letters. A group that the class file names
    and of which nothing is found stays without a folder. Raises ``ClassError`` if there is no group at all,
    or two have names that cannot be distinguished; ``StorageError`` if nothing can be written.
    """
    desk, unassigned = Unpacker(out), list[UnassignedFile]()
    reading = _Reading(chosen, desk, unassigned, say, people)
    items = list(_list_items(reading, out)) if chosen.submissions else []
    owned: dict[str, list[_Item]] = {group.slug: [] for group in chosen.groups}
    groups = {group.slug: group for group in chosen.groups}
    owners = _find_owners(items, chosen)
    _refuse_own(chosen, items, out)
    for owner in owners:
        group = _match(owner, chosen, people)
        if group is None:
            group = _make_group(owner, owners, chosen)
            # Not put together: two groups would get the points of one.
            if group.slug in groups:
                raise ClassError(
                    f"{chosen.submissions}: '{group.name}' and '{groups[group.slug].name}': their reports "
                    f"would go to the same folder, '{group.slug}'.",
                    _RENAME,
                )
            groups[group.slug] = group
        owned.setdefault(group.slug, []).extend(owner.items)
        _refuse_added(owner.refused, group, desk)
    if not groups:
        raise ClassError(
            f"{chosen.submissions}: has no folders of groups, and no zips or PDFs.",
            "Name a folder with one folder a group, the download of an LMS, or a class.toml.",
        )
    for slug, found in owned.items():
        # Once more: a group's own folder and a zip may call it by its name and by that of a student.
        owned[slug], added = _part(found, outside=groups[slug].folder is not None)
        _refuse_added(added, groups[slug], desk)
    gathered = tuple(_gather_files(group, owned[group.slug], desk) for group in groups.values())
    # Last: by now everything that is still needed has been asked for again.
    desk.clear()
    late = {slug for slug, found in owned.items() if any(item.name.late for item in found)}
    names = {slug: tuple(item.path.name for item in found if item.name.lms) for slug, found in owned.items()}
    return Received(gathered, desk.labels, desk.archives, tuple(unassigned), frozenset(late), names)


def _part(items: Sequence[_Item], *, outside: bool = False) -> tuple[list[_Item], list[_Item]]:
    """What counts of one owner's items, and what does not: a zip can be anybody's, so nothing in it is added
    to what the owner has outside of it (``outside``: there is more of that than the items).
    """
    outside = outside or not all(item.within for item in items)
    if not outside:
        return list(items), []
    return [item for item in items if not item.within], [item for item in items if item.within]


def _refuse_added(items: Sequence[_Item], group: Group, desk: Unpacker) -> None:
    for item in items:
        reason = f"is in {item.within}, and not added to what lies outside of it under the same name"
        desk.refuse(item.path, item.label, group.slug, f"{item.label}: {reason}")


def _refuse_own(chosen: Class, items: Sequence[_Item], out: Path) -> None:
    """Raise ``ClassError`` if the instructor's rubric, weights or images are among the submissions."""
    locations = [*(item.path for item in items), out / UNPACKED]
    beside = chosen.submissions.iterdir() if chosen.submissions and chosen.submissions.is_dir() else ()
    # Loose files that are no report are in no group, but an LMS says whose they are.
    locations += [path for path in beside if path.is_file() and read_name(path.name, folder=False).lms]
    if faults := list(find_in_received(chosen.named, locations)):
        raise ClassError("\n".join(f"{chosen.submissions}: {fault}." for fault in faults), KEEP_APART)


def _list_items(reading: _Reading, out: Path) -> Iterator[_Item]:
    """What lies in a folder or zip of a whole class, one item each; what is nobody's is written down."""
    chosen, desk, unassigned = reading.chosen, reading.desk, reading.unassigned
    source = chosen.submissions
    if source is None:
        return
    folder: Path | None = source
    label = ""
    if source.is_file():
        reading.say(f"{source.name} is unpacked.")
        folder, label = desk.unpack(source, source.name, "", OF_CLASS), f"{source.name}/"
    if folder is None:
        raise ClassError(f"{desk.archives[source].refusal}.", "Unpack it yourself, and name the folder.")
    folder, label = _descend(folder, label, unassigned)
    named = {path.resolve() for path in (chosen.data, *(group.data for group in chosen.groups)) if path}
    # The instructor's: neither somebody's submission nor an unassigned file that must be reported.
    own = {out.resolve(), *([chosen.roster.resolve()] if chosen.roster else [])}
    own.update(group.folder.resolve() for group in chosen.groups if group.folder)
    found = [path for path in sorted(folder.iterdir()) if path.resolve() not in own]
    theirs = [path for path in found if path.resolve() not in named]
    alone = sum(not is_ignored(path.name) for path in theirs) == 1
    for path in found:
        if path not in theirs:
            unassigned.append(UnassignedFile(f"{label}{path.name}", "the images of the class", ignored=True))
        else:
            yield from _read_item(path, f"{label}{path.name}", reading, alone=alone)


def _descend(folder: Path, label: str, unassigned: list[UnassignedFile]) -> tuple[Path, str]:
    """The folder that holds the groups: one that has nothing but another folder is not it."""
    for _ in range(_DEEPEST):
        hidden = [path.name for path in sorted(folder.iterdir()) if is_ignored(path.name)]
        inside = [path for path in folder.iterdir() if not is_ignored(path.name)]
        if len(inside) != 1 or inside[0].is_symlink() or not holds_groups(inside[0]):
            break
        unassigned += [UnassignedFile(f"{label}{name}", _HIDDEN, ignored=True) for name in hidden]
        folder, label = inside[0], f"{label}{inside[0].name}/"
    return folder, label


_HIDDEN = "hidden, or left by a system"


def _read_item(
    path: Path, label: str, reading: _Reading, within: str = "", depth: int = 0, *, alone: bool = False
) -> Iterator[_Item]:
    label, name, unassigned = escaped(label), read_name(path.name, folder=path.is_dir()), reading.unassigned
    if is_ignored(path.name):
        unassigned.append(UnassignedFile(label, _HIDDEN, ignored=True))
    elif path.is_symlink():
        unassigned.append(UnassignedFile(label, "a symbolic link, which is not followed", ignored=False))
    # A zip may hold itself, so that there is no end of them.
    elif depth < _DEEPEST and is_zip(path) and _is_download(path, reading, alone=alone):
        # The only one there is what somebody downloaded; one beside others may be anybody's.
        yield from _open_download(path, label, reading, "" if alone else label, depth)
    elif name.owner and (path.is_dir() or path.suffix.casefold() in _SUBMITTED):
        yield _Item(path, label, name, within)
    elif path.is_dir() or path.suffix.casefold() in _SUBMITTED:
        reason = "whose it is cannot be known: its name says nothing, and it lies in no group's folder"
        unassigned.append(UnassignedFile(label, reason, ignored=False))
    else:
        unassigned.append(UnassignedFile(label, "no folder, no zip and no report", ignored=False))


def _is_download(path: Path, reading: _Reading, *, alone: bool = False) -> bool:
    """Whether a zip is taken for the download of an LMS; ``alone``: there is nothing else."""
    if not holds_lms_names(path):
        return False
    known = {*reading.people, *(simplify(group.name) for group in reading.chosen.groups)}
    if belongs_to_group(path, known, alone=alone):
        reading.say(
            f"{escaped(path.name)} holds names as an LMS gives them, but is called like a group: it counts "
            "as what that group handed in. If it is the download of a class, name it alone."
        )
        return False
    return True


def _open_download(path: Path, label: str, reading: _Reading, within: str, depth: int = 0) -> Iterator[_Item]:
    """The items in a zip of several groups."""
    reading.say(f"{label} holds what several groups handed in, and is unpacked.")
    folder = reading.desk.unpack(path, label, "", OF_CLASS)
    for child in sorted(folder.iterdir()) if folder else ():
        yield from _read_item(child, f"{label}/{child.name}", reading, within, depth + 1)


def _find_owners(items: Sequence[_Item], chosen: Class) -> list[_Owner]:
    """Those who handed something in. What bears no number is of the only one of that name who has one."""
    found: dict[tuple[str, str], list[_Item]] = {}
    for item in items:
        found.setdefault((simplify(item.name.owner), item.name.ident), []).append(item)
    for plain, _ in [key for key in found if not key[1]]:
        numbered = [key for key in found if key[0] == plain and key[1]]
        if len(numbered) == 1:
            found[numbered[0]] += found.pop((plain, ""))
    owners = []
    for (_, ident), all_items in found.items():
        each, refused = _part(all_items)
        folders = [item for item in each if item.plain_folder]
        # Spellings of one name are one owner; but two folders that only look alike are two.
        parts = _by_slug(each, chosen) if len(folders) > 1 else [each]
        made = [_Owner(part[0].name.owner, ident, tuple(part)) for part in parts]
        owners += [replace(made[0], refused=tuple(refused)), *made[1:]]
    return owners


def _by_slug(items: Sequence[_Item], chosen: Class) -> list[list[_Item]]:
    parts: dict[str, list[_Item]] = {}
    for item in items:
        part = parts.setdefault(folder_name(item.name.owner), [])
        twin = next((other for other in part if other.plain_folder and item.plain_folder), None)
        if twin is not None:
            name, other = escaped(item.name.owner), escaped(twin.name.owner)
            raise ClassError(
                f"{chosen.submissions}: the folder = '{name}': its report would go to the same folder, "
                f"'{folder_name(name)}', as that of '{other}'.",
                _RENAME,
            )
        part.append(item)
    return list(parts.values())


def _match(owner: _Owner, chosen: Class, people: Mapping[str, str]) -> Group | None:
    """The group that a name means: its own, with its number, a student's, or that before Moodle's hyphen.

    Raises ``ClassError`` if two of the class file are meant alike.
    """
    plain = simplify(owner.name)
    for key in filter(None, (plain, f"{plain}{owner.ident}", simplify(people.get(plain, "")))):
        meant = [group for group in chosen.groups if simplify(group.name) == key]
        if meant:
            return _only_one(meant, owner, chosen)
    spelt = _respell(owner.name)
    before = [group for group in chosen.groups if spelt.startswith(f"{_respell(group.name)}-")]
    # The longest: with a group "1" and a group "1-b", "1-b-Ann" begins with both.
    longest = max((len(_respell(group.name)) for group in before), default=0)
    before = [group for group in before if len(_respell(group.name)) == longest]
    return _only_one(before, owner, chosen) if before else None


def _respell(name: str) -> str:
    """A name with its punctuation, but in small letters and with a blank for whatever an LMS made of one."""
    plain = unicodedata.normalize("NFKC", name).casefold().replace("_", " ")
    return re.sub(r" ?- ?", "-", " ".join(plain.split()))


def _only_one(meant: Sequence[Group], owner: _Owner, chosen: Class) -> Group:
    """Of several groups the one that is spelt as the owner is."""
    if len(meant) > 1:
        spelt = f"{_respell(owner.name)}-"
        meant = [group for group in meant if spelt.startswith(f"{_respell(group.name)}-")] or meant
    first = owner.items[0]
    # What an LMS wrote has lost its underscores; a name that a person gave says which one is meant.
    if len(meant) > 1 and not first.name.lms and first.path.name.startswith(owner.name):
        meant = [group for group in meant if group.name == owner.name] or meant
    if len(meant) > 1:
        names = " or ".join(f"'{escaped(group.name)}'" for group in meant)
        raise ClassError(
            f"{chosen.submissions}: '{escaped(owner.name)}': whose it is cannot be known: that of {names}.",
            "Give the groups names that differ in letters or digits.",
        )
    return meant[0]


def _make_group(owner: _Owner, owners: Sequence[_Owner], chosen: Class) -> Group:
    """A group of that name, and with the number where the name alone is that of several."""
    alike = [other for other in owners if simplify(other.name) == simplify(owner.name)]
    name = escaped(f"{owner.name} {owner.ident}" if len(alike) > 1 and owner.ident else owner.name)
    slug = folder_name(name)
    if not slug:
        raise ClassError(f"{chosen.submissions}: '{name}': has no letter and no digit.", _RENAME)
    return Group(name, None, slug, data=chosen.data)


def _gather_files(group: Group, items: Sequence[_Item], desk: Unpacker) -> Group:
    """The group with all its folders: in place where they are folders, unpacked or copied where not."""
    own = group.folder
    sources = [_Item(own, escaped(own.name), read_name(own.name, folder=own.is_dir()))] if own else []
    roots: list[Path] = []
    for item in (*sources, *items):
        if item.path.is_dir():
            desk.labels[item.path] = item.label
            roots.append(item.path)
        elif is_zip(item.path):
            # A zip that is refused has a row in the list of files, and the group goes on without it.
            roots += filter(None, [desk.unpack(item.path, item.label, group.slug)])
        else:
            roots.append(desk.copy(item.path, item.label, group.slug, item.name.file))
    roots = desk.unpack_below(roots, group.slug)
    return replace(group, folder=roots[0] if roots else None, more=tuple(roots[1:]))


_MOST = 5


def check_releases(released: frozenset[str], groups: Sequence[Group]) -> None:
    """Raise ``ClassError`` for a name in ``release`` that is no group's: its points would stay held."""
    names = [group.name for group in groups]
    for name in sorted(released - set(names)):
        raise ClassError(
            f"release = '{name}': there is no group of that name.",
            as_sentence(did_you_mean(name, names, f"The groups are {', '.join(capped(names, _MOST))}.")),
        )
