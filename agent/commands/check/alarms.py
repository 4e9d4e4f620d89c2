"""What `winback check` says of those who are told of alarms. Nothing is sent: `winback alarms --test` does."""

from collections.abc import Iterator

from agent.commands.check.templates import Finding
from agent.errors import WinbackError
from agent.jobs.alarms import mail_server, ways
from agent.timetable import Tools


def alarm_findings(tools: Tools) -> Iterator[Finding]:
    """Does the mail server let us in? An alarm that nobody hears of is no reason not to start."""
    settings = tools.settings
    wanted = settings.alarms
    if not ways(settings):
        yield Finding(
            "alarms are in the log and in winback status; [alarms] names nobody to be told"
        )
    if wanted.email_to:
        where = f"{wanted.smtp.host}:{wanted.smtp.port}"
        try:
            mail_server(settings).greet()
        except WinbackError as error:
            yield Finding(f"alarms by e-mail: {error.what}", error.fix, fatal=False)
        else:
            told = ", ".join(wanted.email_to)
            yield Finding(
                f"the mail server {where} answers; winback alarms --test writes to {told}"
            )
    if wanted.webhook_url:
        yield Finding(f"alarms go to {wanted.webhook_url}; winback alarms --test tries it")
