"""A made-up organisation: departments, people, who leads whom. It depends on the seed alone.

Names of people carry `NAME_MARK`, so that a test can look for them where no name may be. Names of departments do not:
they are kept by whoever counts reports. As at DingTalk, two departments may have one name, and a person may be in
several departments.
"""

from __future__ import annotations

import random
from typing import NamedTuple

NAME_MARK = "孪生人名"
"""In every person's name."""
ROOT = 1
"""The department that is the organisation itself."""
_NAMES = ("研发部", "销售一部", "销售二部", "市场部", "财务", "人力资源", "客户成功", "法务", "采购", "Ops & SRE")
_TEAMS = ("平台组", "业务组", "一组", "二组", "支持组")
_PEOPLE_OF_A_DEPARTMENT = 12
_IN_SEVERAL = 0.15


class Department(NamedTuple):
    """A department; the root has no parent."""

    dept_id: int
    name: str
    parent_id: int
    leader: int
    """The place of its leader in `Organisation.people`."""


class Person(NamedTuple):
    """A person and their habits."""

    user_id: str
    name: str
    departments: tuple[int, ...]
    readers: tuple[int, ...]
    """Who sees this person's reports: places in `Organisation.people`."""
    weight: float
    """How much they send, compared with others."""
    hour: float
    """When they send, in hours of the day."""
    eagerness: float
    """The share of the reports they see that they comment on."""
    patience: float
    """How long they take to comment, compared with others."""


class Organisation:
    """Departments and people.

    :param people: how many.
    """

    def __init__(self, seed: int, people: int) -> None:
        numbers = random.Random(f"organisation {seed} {people}")  # noqa: S311 - made-up data
        self.corp_id = f"dingtwin{numbers.getrandbits(48):012x}"
        self.departments = _departments(numbers, people)
        self._children: dict[int, list[Department]] = {}
        for department in self.departments.values():
            self._children.setdefault(department.parent_id, []).append(department)
        self.people = _people(numbers, people, self.departments)
        self.by_id = {person.user_id: at for at, person in enumerate(self.people)}
        self._members: dict[int, list[Person]] = {}
        for person in self.people:
            for dept_id in person.departments:
                self._members.setdefault(dept_id, []).append(person)

    def children(self, dept_id: int) -> list[Department]:
        """The departments directly below one."""
        return self._children.get(dept_id, [])

    def members(self, dept_id: int) -> list[Person]:
        """The people directly in a department."""
        return self._members.get(dept_id, [])

    def path(self, dept_id: int) -> list[int]:
        """A department and those above it, the root last."""
        found = [dept_id]
        while found[-1] != ROOT:
            found.append(self.departments[found[-1]].parent_id)
        return found

    def department_names(self, person: Person) -> str:
        """The names of a person's departments as DingTalk's report APIs give them, with commas between."""
        return ",".join(self.departments[dept_id].name for dept_id in person.departments)


def _departments(numbers: random.Random, people: int) -> dict[int, Department]:
    count = max(2, people // _PEOPLE_OF_A_DEPARTMENT)
    found = {ROOT: Department(ROOT, "孪生公司", 0, 0)}
    upper: list[int] = []
    for at in range(count):
        dept_id = numbers.randrange(30_000_000, 999_999_999)
        while dept_id in found:
            dept_id += 1
        if at % 3 == 0 or not upper:
            name = _NAMES[len(upper) % len(_NAMES)]
            parent = ROOT
            upper.append(dept_id)
        else:
            parent = upper[-1]
            name = _TEAMS[at % len(_TEAMS)]
        found[dept_id] = Department(dept_id, name, parent, at % people)
    return found


def _people(numbers: random.Random, count: int, departments: dict[int, Department]) -> list[Person]:
    homes = [dept_id for dept_id in departments if dept_id != ROOT]
    found: list[Person] = []
    for at in range(count):
        own = homes[at % len(homes)]
        several = (own, numbers.choice(homes)) if numbers.random() < _IN_SEVERAL else (own,)
        own_departments = tuple(dict.fromkeys(several))
        user_id = f"manager{at:04}" if at % 9 == 0 else str(numbers.randrange(10**15, 10**18))
        leaders = [departments[dept_id].leader for dept_id in own_departments]
        leaders += [departments[departments[dept_id].parent_id].leader for dept_id in own_departments]
        colleagues = [numbers.randrange(count) for _ in range(2)]
        readers = tuple(reader for reader in dict.fromkeys(leaders + colleagues) if reader != at)
        found.append(
            Person(
                user_id,
                f"{NAME_MARK}{at:05}",
                own_departments,
                readers,
                weight=numbers.uniform(0.4, 1.0),
                hour=numbers.gauss(18.0, 1.2),
                eagerness=numbers.betavariate(0.6, 1.2),
                patience=numbers.lognormvariate(0.0, 0.6),
            )
        )
    return found
