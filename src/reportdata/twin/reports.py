"""The calls about one report: comments, statistics, readers, receivers; and the templates.

What happened to a withdrawn report cannot be asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from reportdata.twin.activity import BEIJING, Comment, Report
from reportdata.twin.answers import BAD_PARAMETER, Failed, number_of, text_of
from reportdata.twin.habits import TEMPLATES
from reportdata.twin.troubles import chance
from reportdata.twin.world import Parameters, Result, World, part

COMMENT_MARK = "孪生评论内容"
"""In the text of every comment."""
LARGEST_PAGE = 20
LARGEST_LIST = 100


def comment_list(world: World, parameters: Parameters) -> Result:
    """``topapi/report/comment/list``: the comments on a report, which have no ids."""
    comments = [comment for comment in _report(world, parameters).comments if comment.at <= world.now]
    if "shuffle" in world.trouble:
        comments.sort(key=lambda comment: chance(world.seed, comment.at, comment.person))
    shown, result = part(parameters, comments, LARGEST_PAGE)
    return {"comments": [_comment(world, comment) for comment in shown], **result}


def statistics(world: World, parameters: Parameters) -> Result:
    """``topapi/report/statistics``: how many comments, commenters, likes and readers a report has."""
    report = _report(world, parameters)
    comments = [comment for comment in report.comments if comment.at <= world.now]
    return {
        "comment_num": len(comments),
        "comment_user_num": len({comment.person for comment in comments}),
        "like_num": len(_likers(world, report)),
        "read_num": len(_readers(world, report)),
    }


def statistics_by_type(world: World, parameters: Parameters) -> Result:
    """``topapi/report/statistics/listbytype``: who read (0), commented on (1) or liked (2) a report."""
    report = _report(world, parameters)
    kind = number_of(parameters, "type")
    if kind > 2:
        raise Failed(*BAD_PARAMETER)
    commenters = dict.fromkeys(comment.person for comment in report.comments if comment.at <= world.now)
    people = (_readers(world, report), list(commenters), _likers(world, report))[kind]
    return _users(world, parameters, people)


def receiver_list(world: World, parameters: Parameters) -> Result:
    """``topapi/report/receiver/list``: to whom a report was sent."""
    return _users(world, parameters, world.organisation.people[_report(world, parameters).person].readers)


def unread_count(world: World, parameters: Parameters) -> Result:
    """``topapi/report/getunreadcount``: how many reports a user has not read."""
    return {"count": int(chance(world.seed, text_of(parameters, "userid"), world.now // 3_600_000) * 9)}


def template_list(_world: World, parameters: Parameters) -> Result:
    """``topapi/report/template/listbyuserid``: the templates that a user sees."""
    shown, result = part(parameters, TEMPLATES, LARGEST_LIST)
    return {
        "template_list": [
            {
                "icon_url": "https://static.dingtalk.com/media/twin.png",
                "name": name,
                "report_code": f"{_digits(name):032x}",
                "url": f"https://landray.dingtalkapps.com/alid/app/report/create.html?template={_digits(name):x}",
            }
            for name in shown
        ],
        **{name: value for name, value in result.items() if name != "has_more"},
    }


def _digits(text: str) -> int:
    return int(chance(text) * 2**32)


def _comment(world: World, comment: Comment) -> Result:
    at = datetime.fromtimestamp(comment.at / 1000, BEIJING)
    return {
        "content": f"{COMMENT_MARK} {comment.at % 9973}",
        "create_time": f"{at:%Y-%m-%d %H:%M:%S}",
        "userid": world.organisation.people[comment.person].user_id,
    }


def _report(world: World, parameters: Parameters) -> Report:
    found = world.activity.find(text_of(parameters, "report_id"))
    if found is None or not found.seen_at(world.now):
        raise Failed(*BAD_PARAMETER)
    return found


def _readers(world: World, report: Report) -> list[int]:
    hours = (world.now - report.at) / 3_600_000
    readers = world.organisation.people[report.person].readers
    return [reader for reader in readers if chance(report.report_id, reader) * 24 < hours]


def _likers(world: World, report: Report) -> list[int]:
    return [reader for reader in _readers(world, report) if chance(reader, report.report_id) < 0.2]


def _users(world: World, parameters: Parameters, people: Iterable[int]) -> Result:
    shown, result = part(parameters, list(people), LARGEST_LIST)
    user_ids = [world.organisation.people[person].user_id for person in shown]
    if "next_cursor" in result:
        return {"has_more": True, "next_cursor": result["next_cursor"], "userid_list": user_ids}
    return {"has_more": False, "userid_list": user_ids}
