"""The same answer the usual way: FastAPI, SQLAlchemy's ORM and SQLite, as their tutorials write it.

``python -m benchmarks.usual DATABASE`` serves it with uvicorn's own settings, without its access log.
"""

from __future__ import annotations

import hashlib
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Query
from sqlalchemy import Engine, ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

META = [
    {"unit": "", "period": "DAY", "kpiId": "4100", "kpiCaliber": "发送钉钉日志数量", "kpiName": "发送日志数"},
    {
        "unit": "人",
        "period": "DAY",
        "kpiId": "4101",
        "kpiCaliber": "发送钉钉日志用户数",
        "kpiName": "发送日志用户数",
    },
    {
        "unit": "人",
        "period": "DAY",
        "kpiId": "4102",
        "kpiCaliber": "评论钉钉日志用户数",
        "kpiName": "评论日志用户数",
    },
]


class Base(DeclarativeBase):  # type: ignore[misc]
    """The tables."""


class App(Base):
    """A program that may ask for an organisation's numbers."""

    __tablename__ = "apps"

    app_key: Mapped[str] = mapped_column(primary_key=True)
    corp_id: Mapped[str]
    disabled: Mapped[bool] = mapped_column(default=False)


class Token(Base):
    """An issued token."""

    __tablename__ = "tokens"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    app_key: Mapped[str] = mapped_column(ForeignKey("apps.app_key"))
    expires_at: Mapped[int]
    app: Mapped[App] = relationship()


class Day(Base):
    """The KPIs of an organisation's day."""

    __tablename__ = "days"

    corp_id: Mapped[str] = mapped_column(primary_key=True)
    stat_day: Mapped[str] = mapped_column(primary_key=True)
    reports: Mapped[int]
    senders: Mapped[int]
    commenters: Mapped[int]


SessionLocal = sessionmaker()
api = FastAPI()


def get_session() -> Iterator[Session]:
    """A session of the request's own."""
    with SessionLocal() as session:
        yield session


def get_app(
    token: Annotated[str, Header(alias="x-acs-dingtalk-access-token")],
    session: Annotated[Session, Depends(get_session)],
) -> App:
    """The app that the token was issued to."""
    token_hash = hashlib.sha256(token.encode()).hexdigest()
    now = int(time.time())
    found: App | None = session.scalar(
        select(App).join(Token).where(Token.token_hash == token_hash, Token.expires_at > now, ~App.disabled)
    )
    if found is None:
        raise HTTPException(400, "InvalidAuthentication")
    return found


@api.get("/v1.0/datacenter/reportData")  # type: ignore[untyped-decorator]
def report_data(
    stat_date: Annotated[str, Query(alias="statDate", pattern=r"^\d{8}$")],
    app: Annotated[App, Depends(get_app)],
    session: Annotated[Session, Depends(get_session)],
) -> dict[str, Any]:
    """The KPIs of a day."""
    day = session.get(Day, (app.corp_id, stat_date))
    rows = []
    if day is not None:
        rows.append(
            {
                "stat_date": day.stat_day,
                "4100_DAY": day.reports,
                "corp_id": day.corp_id,
                "4101_DAY": day.senders,
                "4102_DAY": day.commenters,
            }
        )
    return {"metaList": META, "dataList": rows}


def connect(database: str) -> Engine:
    """Use the SQLite file of that name, which is made when it is not there."""
    engine = create_engine(f"sqlite:///{database}", connect_args={"check_same_thread": False})
    SessionLocal.configure(bind=engine)
    Base.metadata.create_all(engine)
    return engine


def fill(database: str, apps: Iterable[App], tokens: Iterable[Token], days: Iterable[Day]) -> None:
    """Make the SQLite file of that name with these rows."""
    engine = connect(database)
    with SessionLocal.begin() as session:
        for rows in (apps, tokens, days):
            session.add_all(rows)
    engine.dispose()


def serve() -> None:
    """Serve on any free port until killed."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print("http://{}:{}".format(*listening.getsockname()), flush=True)
    uvicorn.Server(uvicorn.Config(api, access_log=False, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    connect(sys.argv[1])
    serve()
