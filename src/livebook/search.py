"""A search that finds Chinese words inside Chinese sentences, beside English ones."""

from __future__ import annotations

import re

from sphinx.search.en import SearchEnglish

# Chinese is written without spaces. Each pair of neighbouring characters is indexed as a word,
# and a query is cut in the same way, so that any part of a term finds it.
_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|[^\W\u3400-\u4dbf\u4e00-\u9fff]+")


def split(text: str) -> list[str]:
    """Cut a text into English words and pairs of Chinese characters.

    Examples
    --------
    >>> split("servitization 服务化")
    ['servitization', '服务', '务化']
    """
    words = []
    for run in _RUN.findall(text):
        if "\u3400" <= run[0] <= "\u9fff" and len(run) > 2:
            words += [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            words.append(run)
    return words


class EnglishAndChinese(SearchEnglish):
    """Sphinx's English search with Chinese cut into pairs of characters."""

    lang = "en"
    language_name = "English and Chinese"
    js_splitter_code = r"""
function splitQuery(query) {
  const run = /[\u3400-\u4dbf\u4e00-\u9fff]+|(?:(?![\u3400-\u4dbf\u4e00-\u9fff])[\p{L}\p{N}_])+/gu;
  return (query.match(run) || []).flatMap((word) =>
    /^[\u3400-\u9fff]{3,}$/.test(word)
      ? Array.from({length: word.length - 1}, (_, i) => word.slice(i, i + 2))
      : [word]);
}
"""

    def split(self, input: str) -> list[str]:
        """Cut a text as the reader's query is cut."""
        return split(input)
