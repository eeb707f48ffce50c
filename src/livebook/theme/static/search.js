// Searches the book's text. It is loaded with the first search: it weighs more than a page.
(() => {
  "use strict";

  const form = document.querySelector(".lb-search-page");
  const input = form.elements.q;
  const status = document.getElementById("lb-search-status");
  const list = document.getElementById("lb-search-results");
  // Sphinx writes both for the book's language: the stopwords as a list or as a set.
  const stemmer = new Stemmer();
  const common = new Set(stopwords);
  const SECTIONS_OF_A_PAGE = 3;
  const AROUND = 90;
  let pages = null;
  let asked = false;

  // A Chinese term may stand anywhere in a sentence; another word counts from its beginning, whatever
  // its ending is.
  const run = /[\u3400-\u9fff]+|(?:(?![\u3400-\u9fff])[\p{L}\p{N}])+/gu;
  function patternsOf(query) {
    const words = query.toLowerCase().match(run) || [];
    const telling = words.filter((word) => !common.has(word));
    return (telling.length ? telling : words).map((word) => {
      if (/[\u3400-\u9fff]/.test(word)) return new RegExp(word, "gu");
      const stem = stemmer.stemWord(word).replace(/i$/, "[iy]");
      return new RegExp(`(?<![\\p{L}\\p{N}])(?:${word}|${stem})[\\p{L}\\p{N}]*`, "giu");
    });
  }

  const count = (text, pattern) => (text.match(pattern) || []).length;

  // What a section is worth: each word in its title, and how often it stands in its text.
  function rated(patterns, title, text) {
    const worths = patterns.map((pattern) => 10 * Math.min(count(title, pattern), 1) + Math.min(count(text, pattern), 5));
    const together = worths.every(Boolean) ? 10 : 0;
    return { worths, worth: worths.reduce((a, b) => a + b) + together };
  }

  function found(patterns) {
    const results = [];
    for (const [page, title, passages] of pages) {
      const ofTitle = rated(patterns, title, "");
      const sections = passages.map(([anchor, name, text], place) =>
        ({ anchor, name, text, place, ...rated(patterns, place ? name : "", text) }));
      const held = patterns.every((_, n) => ofTitle.worths[n] || sections.some(({ worths }) => worths[n]));
      if (!held) continue;
      const best = sections.filter(({ worth }) => worth).sort((a, b) => b.worth - a.worth || a.place - b.place);
      results.push({ page, title, sections: best.slice(0, SECTIONS_OF_A_PAGE), worth: 3 * ofTitle.worth + (best.length ? best[0].worth : 0) });
    }
    return results.sort((a, b) => b.worth - a.worth);
  }

  function marked(node, text, patterns) {
    const hits = patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((hit) => [hit.index, hit.index + hit[0].length]));
    let at = 0;
    for (const [start, end] of hits.sort((a, b) => a[0] - b[0])) {
      if (start < at) continue;
      const mark = document.createElement("mark");
      mark.textContent = text.slice(start, end);
      node.append(text.slice(at, start), mark);
      at = end;
    }
    node.append(text.slice(at));
    return node;
  }

  function excerpt(text, patterns) {
    const first = Math.min(...patterns.map((pattern) => text.search(pattern)).filter((place) => place >= 0));
    if (first === Infinity) return "";
    let start = Math.max(0, first - AROUND);
    let end = Math.min(text.length, first + 2 * AROUND);
    // Words are not cut, unless they are as long as a Chinese sentence.
    const space = text.indexOf(" ", start);
    if (start && space >= 0 && space < first) start = space + 1;
    const last = text.lastIndexOf(" ", end);
    if (end < text.length && last > first + AROUND) end = last;
    return `${start ? "… " : ""}${text.slice(start, end)}${end < text.length ? " …" : ""}`;
  }

  function element(tag, ...children) {
    const node = document.createElement(tag);
    node.append(...children);
    return node;
  }

  function link(page, anchor, text, patterns) {
    const node = marked(document.createElement("a"), text, patterns);
    // The search page stands at the root, and so do the names of pages.
    node.href = page + form.dataset.suffix + (anchor ? `#${encodeURIComponent(anchor)}` : "");
    return node;
  }

  function search() {
    const patterns = patternsOf(input.value);
    list.replaceChildren();
    status.textContent = "";
    if (!patterns.length) return;
    if (!pages) {
      load();
      return;
    }
    const results = found(patterns);
    for (const { page, title, sections } of results) {
      const item = element("li", link(page, "", title, patterns));
      for (const { anchor, name, text, place } of sections) {
        const quoted = marked(document.createElement("p"), excerpt(text, patterns), patterns);
        if (place) quoted.prepend(link(page, anchor, name, patterns), quoted.textContent ? ": " : "");
        if (quoted.textContent) item.append(quoted);
      }
      list.append(item);
    }
    status.textContent = results.length === 0 ? "No page has all of these words."
      : results.length === 1 ? "1 page" : `${results.length} pages`;
  }

  function load() {
    if (asked) return;
    asked = true;
    const script = document.createElement("script");
    script.src = form.dataset.index;
    document.head.append(script);
  }

  window.livebook = Object.assign(window.livebook || {}, {
    search(loaded) {
      pages = loaded;
      search();
    },
  });
  input.value = new URLSearchParams(location.search).get("q") || "";
  input.addEventListener("input", search);
  search();
})();
