"""Words that charts and verdicts share."""

from __future__ import annotations

from livebook import format_value

__all__ = ["HIGHER_LOWER", "MOVED", "per_cent", "sections", "signed", "verdicts"]

Words = dict[str, dict[str, str]]


def verdicts(**words: tuple[str, str]) -> Words:
    """Spell the keys of a verdict in English and in Chinese, for ``fact(…, words=…)``.

    Parameters
    ----------
    **words : tuple of str
        For each key its English and its Chinese words.

    Returns
    -------
    dict

    Examples
    --------
    >>> verdicts(rose=("rose", "上升"))
    {'rose': {'en': 'rose', 'zh': '上升'}}
    """
    return {key: {"en": english, "zh": chinese} for key, (english, chinese) in words.items()}


MOVED = verdicts(rose=("rose", "上升"), fell=("fell", "下降"))
HIGHER_LOWER = verdicts(higher=("higher", "更高"), lower=("lower", "更低"))


def per_cent(value: float, digits: int = 0) -> str:
    """Print a fraction as per cent.

    Examples
    --------
    >>> per_cent(0.1234)
    '12\u202f%'
    """
    return format_value(value, f".{digits}%")


def signed(value: float, digits: int = 0) -> str:
    """Print a relative change as per cent, with its sign.

    Examples
    --------
    >>> signed(-0.1234, 1)
    '−12.3\u202f%'
    """
    return format_value(value, f"+.{digits}%")


def sections(letters: str) -> str:
    """Write the letters of sections of a classification with their runs drawn together.

    Parameters
    ----------
    letters : str
        Letters, separated by spaces, in the order of the alphabet.

    Returns
    -------
    str

    Examples
    --------
    >>> sections("A B C F")
    'A–C, F'
    """
    runs: list[str] = []
    for letter in letters.split():
        if runs and ord(letter) == ord(runs[-1][-1]) + 1:
            runs[-1] = f"{runs[-1][0]}–{letter}"
        else:
            runs.append(letter)
    return ", ".join(runs)
