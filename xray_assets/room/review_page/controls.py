"""Every control of the review page, once: its key, its words and what it is for.

The templates draw the buttons and the help from here; `static/review/keys.js` presses the button
that carries a key, so that no key is without a visible button.
"""

from dataclasses import dataclass

from xray_assets.contracts.tables.columns import FILM_QUALITIES


@dataclass(frozen=True)
class Control:
    """A button. `keys` as KeyboardEvent.key spells them, `shown` as people read them."""

    name: str
    words: str
    keys: str
    shown: str
    purpose: str
    repeats: bool = False
    """Goes on while its key is held down"""


READS = (
    Control("read=pneumonia", "Pneumonia", "P", "P", "Pneumonia is seen"),
    Control("read=normal", "No pneumonia", "N", "N", "No pneumonia is seen"),
    Control("read=uncertain", "Uncertain", "U", "U", "Could be either; never counts as negative"),
    Control(
        "read=uninterpretable",
        "Uninterpretable",
        "X",
        "X",
        "The film cannot be read; never counts as negative",
    ),
)
CERTAINTIES = tuple(
    Control(f"certainty={level}", words, str(level), str(level), f"Confidence: {words.lower()}")
    for level, words in enumerate(("Guess", "Low", "Fair", "High", "Sure"), 1)
)
QUALITIES = tuple((f"quality={quality}", quality.capitalize()) for quality in FILM_QUALITIES)
"""Optional, and without keys: (name, words)."""
CASE = (
    Control("commit", "Commit and next", "Enter", "Enter", "Store the read, show the next film"),
    Control("undo", "Read again", "Backspace", "⌫", "Open your last read again; both are kept"),
    Control("compare", "Models' answers", "C", "C", "What the models said of your last read"),
)
FILM = (
    Control("zoom-out", "Smaller", "-", "−", "Zoom out", repeats=True),
    Control("zoom-in", "Larger", "+", "+", "Zoom in, up to 400 %", repeats=True),
    Control("fit", "Fit", "=", "=", "The whole film"),
    Control("actual", "1:1", "0", "0", "A pixel of the film is a pixel of the screen"),
    Control("pan-left", "Left", "ArrowLeft", "←", "Look further left", repeats=True),
    Control("pan-up", "Up", "ArrowUp", "↑", "Look further up", repeats=True),
    Control("pan-down", "Down", "ArrowDown", "↓", "Look further down", repeats=True),
    Control("pan-right", "Right", "ArrowRight", "→", "Look further right", repeats=True),
    Control("darker", "Darker", "Shift+ArrowDown", "⇧↓", "Raise the level", repeats=True),
    Control("brighter", "Brighter", "Shift+ArrowUp", "⇧↑", "Lower the level", repeats=True),
    Control("softer", "Softer", "Shift+ArrowLeft", "⇧←", "Widen the window", repeats=True),
    Control("harder", "Harder", "Shift+ArrowRight", "⇧→", "Narrow the window", repeats=True),
    Control("invert", "Invert", "I", "I", "Swap black and white"),
    Control("drag", "Drag moves", "D", "D", "A drag moves the film, or changes the window"),
    Control("reset", "Reset", "R", "R", "The film as it came"),
    Control("help", "Help", "?", "?", "Show these keys"),
)
GROUPS = (("Your read", (*READS, *CERTAINTIES)), ("The case", CASE), ("The film", FILM))
"""As the help shows them."""
BY_NAME = {one.name: one for _, group in GROUPS for one in group}
