"""What the log says about progress can be read back."""

from xray_assets.progress import LoggedProgress, ProgressReport, parse_progress


class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, msg: object, /) -> None:
        self.lines.append(str(msg))


def test_progress_is_logged_now_and_then_and_read_back() -> None:
    log = Log()
    progress = LoggedProgress(log, "ingest films", every=10)
    for done in range(1, 26):
        progress(done, 25)
    reports = [parse_progress(line) for line in log.lines]
    assert reports == [ProgressReport("ingest films", done, 25) for done in (10, 20, 25)]


def test_other_messages_are_no_progress() -> None:
    assert parse_progress("12 new films") is None
