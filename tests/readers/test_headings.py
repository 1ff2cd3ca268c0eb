"""Who sent and who commented are never mixed up, and what cannot be told is refused with the columns that were seen."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.choices import Choices
from reportdata.columns import read_columns
from reportdata.errors import BadField
from reportdata.headings import normal
from reportdata.services import read_services
from tests.support.services import KINDS

DECORATIONS = st.sampled_from(
    ["{}", "*{}", "★{}", "{}（必填）", "{} [必填]", " {} ", "{}\n（北京时间）", "{}:", "　{}"]
)


@pytest.mark.parametrize(
    ("headings", "kind", "user", "at"),
    [
        ("日志模板 发送人 部门 提交时间 今日完成工作", "sent", "发送人", "提交时间"),
        ("提交者 部门 提交时间 日志类型", "sent", "提交者", "提交时间"),
        ("填写人 部门 填写时间", "sent", "填写人", "填写时间"),
        ("範本 傳送人 部門 傳送時間", "sent", "傳送人", "傳送時間"),
        ("日誌範本 傳送人 工號 傳送時間", "sent", "工號", "傳送時間"),
        ("日誌模板 發送人 部門 提交時間", "sent", "發送人", "提交時間"),
        ("发起人姓名 发起人部门 发起时间", "sent", "发起人姓名", "发起时间"),
        ("日志发送人 部门 日志发送时间", "sent", "日志发送人", "日志发送时间"),
        ("姓名 发送人 部门 提交时间 日志模板", "sent", "发送人", "提交时间"),
        ("钉钉UserID 姓名 提交时间", "sent", "钉钉UserID", "提交时间"),
        ("发送人 工号 提交时间", "sent", "工号", "提交时间"),
        ("日志ID 发送人 部门 评论人 评论时间 评论内容", "commented", "评论人", "评论时间"),
        ("日志ID 评论人 评论时间 姓名", "commented", "评论人", "评论时间"),
        ("日志ID 姓名 评论时间", "commented", "姓名", "评论时间"),
        ("report_id creator_id create_time", "sent", "creator_id", "create_time"),
        ("reportId creatorUserId createTime templateName", "sent", "creatorUserId", "createTime"),
        ("report_id commenter_id create_time", "commented", "commenter_id", "create_time"),
        ("Template Sender Department SubmittedTime", "sent", "Sender", "SubmittedTime"),
    ],
)
def test_the_specific_beats_the_general(headings: str, kind: str, user: str, at: str) -> None:
    found = read_columns(headings.split(), KINDS, sheet=True)
    assert found.kind.name == kind
    assert found.fields.get("user_id", found.person_name) == user
    assert found.at == at


@pytest.mark.parametrize(
    ("headings", "reason", "hint"),
    [
        ("report_id userid create_time", "may be the time of sent or commented", "sent_at (sent)"),
        ("日志ID 发送人 评论人 创建时间", "may be the time of sent or commented", "commented_at (commented)"),
        ("日志ID 发送人 发送时间 评论人 评论时间", "'发送时间' and '评论时间' are both here", "files of their own"),
        ("日志ID 发送人 发送时间 评论时间", "'发送时间' and '评论时间' are both here", "with --kind sent; or"),
        (
            "发送人 填写人 提交时间",
            "'发送人' and '填写人' may both be it",
            "--column user_name=发送人 or --column user_name=填写人",
        ),
        (
            "发送人 提交时间 填写时间",
            "'提交时间' and '填写时间' may both be it",
            "--column sent_at=提交时间 or --column sent_at=填写时间",
        ),
        (
            "汇报人 汇报日期 创建时间",
            "'创建时间' and '汇报日期' may both be it",
            "--column sent_at=创建时间 or --column sent_at=汇报日期",
        ),
        ("填写人 填写日期 created_at", "'created_at' and '填写日期' may both be it", "on which it was sent"),
        ("发送人 部门 日期", "no column holds a time; the columns are: '发送人', '部门', '日期'", "提交时间"),
        ("部门 提交时间", "no column holds it; the columns are: '部门', '提交时间'", "user_id"),
        ("评论人 评论时间", "no column holds it", "name the column report_id"),
        ("发送人 提交时闻", "no column holds a time", "'提交时闻' is like '提交时间'"),
    ],
)
def test_what_cannot_be_told_is_refused_with_what_to_do(headings: str, reason: str, hint: str) -> None:
    with pytest.raises(BadField) as caught:
        read_columns(headings.split(), KINDS, sheet=True)
    assert reason in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("会议时长(秒)", "秒"),
        ("会议时长（小时）", "小时"),
        ("会议时长[天]", "天"),
        ("时长 (h)", "h"),
        ("时长(万)", "万"),
    ],
)
def test_a_unit_in_brackets_is_no_decoration_of_a_number(heading: str, unit: str) -> None:
    kinds, others = read_services(Path("counted")).kinds, ["会议ID", "会议接通时间"]
    with pytest.raises(BadField, match=f"minutes: .* says '{unit}', so its numbers are others"):
        read_columns([*others, heading], kinds)
    for own in ("会议时长(分钟)", "会议时长（min）", "分钟", "时长【必填】"):
        assert read_columns([*others, own], kinds).fields["minutes"] == own


@pytest.mark.parametrize(
    "zone",
    ["UTC", "GMT+9", "UTC-5", "美国时间", "America/New_York", "JST", "+09:00", "世界时", "UTC+0"],
)
def test_a_zone_in_brackets_is_no_decoration_of_a_time(zone: str) -> None:
    names = ["日志ID", "用户ID", f"提交时间（{zone}）"]
    with pytest.raises(BadField, match="so its times may be of another zone") as caught:
        read_columns(names, KINDS)
    assert "--times-in UTC" in caught.value.hint
    assert read_columns(names, KINDS, choices=Choices(times_in=ZoneInfo("UTC"))).at == names[2]


@pytest.mark.parametrize(
    "said",
    [
        "北京时间",
        "UTC+8",
        "GMT+08:00",
        "Asia/Shanghai",
        "CST",
        "东八区",
        "必填",
        "yyyy-MM-dd HH:mm",
        "年/月/日",
        "精确到分",
    ],
)
def test_what_names_beijing_or_a_form_is_a_decoration(said: str) -> None:
    names = ["日志ID", "用户ID", f"提交时间({said})"]
    assert read_columns(names, KINDS).at == names[2]


@given(st.sampled_from(["发送人", "提交时间", "日志ID", "User ID", "评论人"]), DECORATIONS)
def test_decorations_change_no_heading(heading: str, decoration: str) -> None:
    assert normal(decoration.format(heading)) == normal(heading)
