"""The daemon: everything built in one place, and the loop that keeps it going."""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib.metadata import version

import peewee

from agent.clients.shop import Shop
from agent.clients.whatsapp import WhatsApp
from agent.config import Settings, load
from agent.config.differences import differences
from agent.consequences import UNSURE, look_again
from agent.database import Presence, trouble
from agent.epoch import Life
from agent.errors import ConfigError, WinbackError
from agent.guard import Guard
from agent.jobs.templates import judge_again
from agent.log import Log, set_up
from agent.service import Service
from agent.timetable import Timetable, Tools
from agent.web import Listener, intake
from models import Cursor, Heartbeat, JobCall, JobRun, Message
from models.base import wait_for_writers

log = Log(__name__)

VERSION = version("winback")
USER_AGENT = f"winback/{VERSION}"
BEAT = timedelta(seconds=30)  # how often the database learns that we are alive
STILL = timedelta(minutes=3)  # without a round of the loop for longer, it hangs
PATIENCE = 1.0  # seconds that the loop waits for another writer: it has signals to answer


def make_tools(settings: Settings, service: Service, *, before: Tools | None = None) -> Tools:
    """The clients, as the settings say. Those `before` tell the new ones how the shop is."""
    shop, whatsapp = settings.shop, settings.whatsapp
    client = Shop(
        shop.url,
        shop.key,
        shop.secret,
        ca_file=str(shop.ca_file or ""),
        plain_permalinks=shop.permalinks == "plain",
        parallel=shop.parallel,
        timeout=shop.timeout.total_seconds(),
        lines_timeout=shop.lines_timeout.total_seconds(),
        write_timeout=shop.write_timeout.total_seconds(),
        sleep=service.sleep,
        monotonic=service.clock.monotonic,
        user_agent=USER_AGENT,
    )
    if before is not None and before.settings.shop.url == shop.url:
        client.succeed(before.shop)
    return Tools(
        settings,
        client,
        WhatsApp(
            base_url=whatsapp.base_url,
            api_version=whatsapp.api_version,
            phone_number_id=whatsapp.phone_number_id,
            business_account_id=whatsapp.business_account_id,
            token=whatsapp.token,
            timeout=whatsapp.timeout.total_seconds(),
            pool=whatsapp.workers,
            sleep=service.sleep,
        ),
    )


class Daemon:
    """One winback at work. The caller owns the database."""

    def __init__(self, settings: Settings, service: Service, environ: Mapping[str, str]) -> None:
        self._service, self._environ = service, environ
        self._begun = service.clock.now()
        lost = Message.orphaned()
        if lost:
            reason = "the last process ended in between"
            log.warning("send.unsure", messages=lost, reason=reason, fix=UNSURE)
        path = settings.database.path
        self._life = Life(path)
        self._life.begin(self._begun)
        self.guard = Guard(service, explain=lambda error: trouble(error, path))
        self.timetable = Timetable(service, self.guard, make_tools(settings, service))
        judge_again(settings, self._begun)
        look_again()
        web = settings.web
        self._hung: list[str] = []
        self._ticked_at = service.clock.monotonic()
        self.listener = Listener(
            intake(lambda: self.settings, service.clock.now, self._trouble),
            host=web.listen.host,
            port=web.listen.port,
            threads=web.threads,
        )
        self._next_beat = self._next_line = service.clock.monotonic()
        self._presence = Presence(path)
        self._started_with = settings

    @property
    def settings(self) -> Settings:
        return self.timetable.tools.settings

    def start(self) -> None:
        """Say that we are there. From here on this thread waits for nobody long."""
        wait_for_writers(PATIENCE)
        self._beat(self._service.clock.now())
        log.info(
            "daemon.ready",
            version=VERSION,
            pid=os.getpid(),
            config=self.settings.path,
            listening=f"{self.listener.host}:{self.listener.port}",
            **_switched_on(self.settings),
        )
        for warning in self.settings.warnings:
            log.warning("config.warning", what=warning, fix="see config.example.toml")
        self._service.tell("READY=1", "STATUS=ready")

    def tick(self) -> None:
        """One round of the loop. Trouble with the database is told, and the next round comes."""
        self._ticked_at = self._service.clock.monotonic()
        try:
            if self._service.reload_wanted:
                self._service.reload_wanted = False
                self.reload()
            self._life.look(self._service.clock.now(), self._service.clock.monotonic())
            self.timetable.tick()
        except peewee.DatabaseError as error:
            self._say_database(error)
        self.look_after()

    def look_after(self) -> None:
        """Feed the watchdog while every job makes progress, and tell how we are."""
        hung = self.guard.hung()
        if not hung:
            self._service.tell("WATCHDOG=1")
        elif hung != self._hung:
            log.error(
                "job.hung", jobs=",".join(hung),
                fix="systemd restarts winback after its WatchdogSec; without systemd, restart it",
            )  # fmt: skip
        self._hung = hung
        now, passed = self._service.clock.now(), self._service.clock.monotonic()
        self._presence.require()
        if passed >= self._next_beat:
            self._next_beat = passed + BEAT.total_seconds()
            self._beat(now)
        if passed >= self._next_line:
            self._next_line = passed + self.settings.log.heartbeat.total_seconds()
            self._heartbeat(now)

    def _trouble(self) -> str:
        """What is wrong with the loop or its jobs, in words, for who looks from outside; or ""."""
        silent = self._service.clock.monotonic() - self._ticked_at
        if silent > STILL.total_seconds():
            return f"the loop has stood still for {silent:.0f} s"
        return f"no progress of {', '.join(self._hung)}" if self._hung else ""

    def reload(self) -> None:
        """Read the config again. A mistake in it changes nothing: the running one stays."""
        old = self.settings
        try:
            new = load(old.path, environ=self._environ)
            tools = make_tools(new, self._service, before=self.timetable.tools)
        except ConfigError as error:
            for line in error.what.splitlines():
                log.error("config.mistake", what=line, fix="correct this line, and reload")
            log.error(
                "config.kept", fix="correct it and reload again; the old config stays in force"
            )
            return
        for key, was, wanted in (
            ("database", self._started_with.database, new.database),
            ("web", _listening(self._started_with), _listening(new)),
        ):
            if was != wanted:
                log.warning(
                    "config.needs_restart",
                    section=key,
                    fix="restart winback (where systemd runs it: systemctl restart winback)",
                )
        set_up(style=new.log.format, level=new.log.level)
        self.timetable.tools = tools
        try:
            judge_again(new, self._service.clock.now())
            look_again()
            if new.whatsapp != old.whatsapp:  # a wrong token is told now, not at the next message
                JobCall.put("account")
            if (new.whatsapp, new.occasions) != (old.whatsapp, old.occasions):
                # whoever switches a campaign on has often just submitted its text
                JobCall.put("templates")
        except peewee.DatabaseError as error:  # done again when the templates are read
            self._say_database(error)
        changed = ",".join(differences(old, new)) or "none"
        log.info("config.reloaded", path=new.path, changed=changed, **_switched_on(new))

    def stop(self, patience: float) -> None:
        """Take nothing more, let the jobs finish what is in hand, and leave the rest as unsure."""
        until = self._service.clock.monotonic() + patience
        self._service.tell("STOPPING=1", "STATUS=stopping")
        running = self.guard.running()
        log.info("daemon.stopping", jobs=",".join(running) or "none")
        self._service.stop()
        self.listener.close(patience / 2)
        if not self.guard.wait_until_resting(until - self._service.clock.monotonic()):
            log.warning(
                "daemon.left_behind", jobs=",".join(self.guard.running()),
                fix="nothing to do: the next start goes on where they were; a message under way is unsure",
            )  # fmt: skip
        now = self._service.clock.now()
        try:
            lost = Message.orphaned()
            Heartbeat.update(beat_at=now, stopped_at=now).execute()
            self._life.renew()
        except peewee.DatabaseError as error:  # the next start finds the same
            said = trouble(error, self.settings.database.path)
            log.warning("daemon.unrecorded", what=said.what, fix=said.fix)
            return
        log.info("daemon.stopped", unsure=lost)

    def _beat(self, now: datetime) -> None:
        try:
            Heartbeat.beat(
                pid=os.getpid(),
                version=VERSION,
                started_at=self._begun,
                beat_at=now,
                stopped_at=None,
                listening=f"{self.listener.host}:{self.listener.port}",
            )
            self._life.renew()
        except peewee.DatabaseError as error:
            self._say_database(error)

    def _heartbeat(self, now: datetime) -> None:
        """One line that says how far the mirror is behind and what is waiting."""
        try:
            states = Message.count_by_state()
            orders = Cursor.named("orders")
            runs = JobRun.last_succeeded()
        except peewee.DatabaseError as error:
            self._say_database(error)
            return
        polled = orders.polled_at
        ago = "never" if polled is None else f"{(now - polled).total_seconds():.0f}s ago"
        fields = {
            "shop_read": ago,
            "queued": states.get("queued", 0),
            "unsure": states.get("unsure", 0),
            "running": ",".join(self.guard.running()) or "none",
            **{f"last_{job}": _minute(runs.get(job)) for job in ("campaigns", "send")},
        }
        log.info("heartbeat", **fields)
        self._service.tell("STATUS=" + " ".join(f"{key}={value}" for key, value in fields.items()))

    def _say_database(self, error: peewee.DatabaseError) -> None:
        said: WinbackError = trouble(error, self.settings.database.path)
        log.error("database.trouble", what=said.what, fix=said.fix)


def _switched_on(settings: Settings) -> dict[str, str]:
    """What may be written, for the log."""
    return {
        what: ",".join(name for name, one in occasions.items() if one.enabled) or "none"
        for what, occasions in (("campaigns", settings.campaigns), ("order_news", settings.news))
    }


def _listening(settings: Settings) -> tuple[object, ...]:
    """What the listener was made with; the rest of [web] is asked anew each time."""
    web = settings.web
    return web.listen, web.threads


def _minute(moment: datetime | None) -> str:
    """In UTC, as the log has it."""
    return "never" if moment is None else f"{moment:%Y-%m-%dT%H:%MZ}"
