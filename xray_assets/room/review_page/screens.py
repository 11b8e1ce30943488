"""What the review page shows where there is no film to read: the words of each screen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Screen:
    """`act` is what the button does (`review.js`), or the path that it leads to."""

    name: str
    title: str
    words: str
    button: str = ""
    act: str = ""


SCREENS = (
    Screen("loading", "One moment", "The next film is on its way."),
    Screen(
        "empty",
        "Nothing waits for you",
        "Every film that you may be asked about is read or in other hands. This page looks again"
        " every half minute.",
        "Look now",
        "next",
    ),
    Screen(
        "missing",
        "This film cannot be shown",
        "It is not kept any more, or is damaged. Give the case back: another reader is asked, and"
        " you get the next film.",
        "Give back, next film",
        "skip",
    ),
    Screen(
        "lapsed",
        "The film went to another reader",
        "You held it for more than half an hour, or it was read in another window. Nothing was"
        " stored for it now.",
        "Next film",
        "next",
    ),
    Screen(
        "signed-out",
        "Your session has ended",
        "Your answer is kept in this window. Sign in again to go on where you were.",
        "Sign in",
        "/login?next=/review",
    ),
    Screen(
        "stale",
        "This page is out of date",
        "You have signed in again since it was loaded. Load it again: what you answered is kept.",
        "Load again",
        "/review",
    ),
    Screen(
        "unreachable",
        "The server does not answer",
        "Nothing is lost: what you committed is stored, and your present answer is kept here.",
        "Try again",
        "resume",
    ),
    Screen(
        "broken",
        "This page has broken",
        "That is a defect of the page. Load it again: what you answered is kept.",
        "Load again",
        "/review",
    ),
)
