"""The directory APIs of the old family: users and departments. They count to no quota."""

from __future__ import annotations

from reportdata.twin.answers import BAD_PARAMETER, Failed, number_of, text_of
from reportdata.twin.organisation import ROOT, Department, Person
from reportdata.twin.troubles import chance
from reportdata.twin.world import Parameters, Result, World

_LEFT = 0.1
"""The share of people who are gone when the trouble ``left`` is on."""


def user_get(world: World, parameters: Parameters) -> Result:
    """``topapi/v2/user/get``: a user, with the ids of their departments."""
    person = _person(world, parameters)
    leads = {
        department.dept_id
        for department in world.organisation.departments.values()
        if world.organisation.people[department.leader] is person
    }
    return {
        "active": True,
        "admin": False,
        "boss": False,
        "create_time": "2024-07-15T07:05:43.000Z",
        "dept_id_list": list(person.departments),
        "dept_order_list": [
            {"dept_id": dept_id, "order": 176_000_000_000_000_000 + int(chance(person.user_id, dept_id) * 10**15)}
            for dept_id in person.departments
        ],
        "email": "",
        "exclusive_account": False,
        "hide_mobile": False,
        "job_number": "",
        "leader_in_dept": [{"dept_id": dept_id, "leader": dept_id in leads} for dept_id in person.departments],
        "name": person.name,
        "real_authed": True,
        "remark": "",
        "senior": False,
        "state_code": "86",
        "telephone": "",
        "unionid": f"twin{person.user_id}",
        "userid": person.user_id,
    }


def departments_below(world: World, parameters: Parameters) -> list[Result]:
    """``topapi/v2/department/listsub``: the departments directly below one; the result is an array."""
    department = _department(world, parameters)
    return [
        {
            "auto_add_user": True,
            "create_dept_group": True,
            "dept_id": below.dept_id,
            "name": below.name,
            "parent_id": below.parent_id,
        }
        for below in world.organisation.children(department.dept_id)
    ]


def department_ids_below(world: World, parameters: Parameters) -> Result:
    """``topapi/v2/department/listsubid``: their ids."""
    below = world.organisation.children(_department(world, parameters).dept_id)
    return {"dept_id_list": [department.dept_id for department in below]}


def parents_of_user(world: World, parameters: Parameters) -> Result:
    """``topapi/v2/department/listparentbyuser``: each department of a user with those above it, the root last."""
    person = _person(world, parameters)
    return {
        "parent_list": [{"parent_dept_id_list": world.organisation.path(dept_id)} for dept_id in person.departments]
    }


def members(world: World, parameters: Parameters) -> Result:
    """``topapi/user/listsimple``: the people directly in a department."""
    department = _department(world, parameters)
    cursor, size = number_of(parameters, "cursor"), number_of(parameters, "size")
    if not 1 <= size <= 100:
        raise Failed("40069", "无效的size")
    people = [person for person in world.organisation.members(department.dept_id) if not _has_left(world, person)]
    shown: Result = {"has_more": cursor + size < len(people)}
    shown["list"] = [{"name": person.name, "userid": person.user_id} for person in people[cursor : cursor + size]]
    if shown["has_more"]:
        shown["next_cursor"] = cursor + size
    return shown


def _person(world: World, parameters: Parameters) -> Person:
    at = world.organisation.by_id.get(text_of(parameters, "userid"))
    if at is None or _has_left(world, world.organisation.people[at]):
        raise Failed("33012", "无效的USERID")
    return world.organisation.people[at]


def _has_left(world: World, person: Person) -> bool:
    return "left" in world.trouble and chance(world.seed, "left", person.user_id) < _LEFT


def _department(world: World, parameters: Parameters) -> Department:
    dept_id = number_of(parameters, "dept_id", ROOT)
    if dept_id >= 1 << 63:
        raise Failed(*BAD_PARAMETER)
    found = world.organisation.departments.get(dept_id)
    if found is None:
        raise Failed("60003", "未找到对应部门")
    return found
