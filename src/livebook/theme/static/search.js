// Searches Sphinx's index. Sphinx's own searchtools.js inserts section titles as markup, asks for each
// page again to quote from it, and needs three further scripts.
(() => {
  "use strict";

  const form = document.querySelector(".lb-search-page");
  const input = form.elements.q;
  const status = document.getElementById("lb-search-status");
  const list = document.getElementById("lb-search-results");
  const chinese = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;
  const stemmer = new Stemmer();
  const entries = (record) => [].concat(record);
  let index = null;

  // Page titles are stored as markup; a parsed document neither runs scripts nor loads pictures.
  const plain = (html) => new DOMParser().parseFromString(html, "text/html").body.textContent;

  function wordsOf(query) {
    const lower = query.toLowerCase();
    // A language whose words are not spaced brings its own splitQuery in language_data.js.
    const words = typeof splitQuery === "function" ? splitQuery(lower) : lower.match(/[\p{L}\p{N}_]+/gu) || [];
    const telling = words.filter((word) => !stopwords.includes(word));
    return telling.length ? telling : words;
  }

  // Pages that hold a word, with what the match is worth.
  function pagesWith(word) {
    const found = new Map();
    const add = (record, worth) => {
      for (const page of entries(record)) found.set(page, Math.max(worth, found.get(page) || 0));
    };
    const stem = stemmer.stemWord(word).toLowerCase();
    const part = chinese.test(word) ? (term) => term.includes(word)
      : (term) => word.length > 2 && term.startsWith(word);
    for (const [terms, whole, partial] of [[index.terms, 5, 2], [index.titleterms, 15, 7]]) {
      for (const [term, record] of Object.entries(terms)) {
        if (term === word || term === stem) add(record, whole);
        else if (part(term)) add(record, partial);
      }
    }
    return found;
  }

  // Sections and functions named by the query, by page.
  function placesNamed(words) {
    const places = new Map();
    const add = (page, anchor, name) => {
      if (!words.every((word) => name.toLowerCase().includes(word))) return;
      if (!places.has(page)) places.set(page, []);
      places.get(page).push({ anchor, name });
    };
    for (const [title, where] of Object.entries(index.alltitles)) {
      for (const [page, id] of where) if (id) add(page, id, title);
    }
    for (const [prefix, objects] of Object.entries(index.objects)) {
      for (const [page, type, , anchor, name] of objects) {
        const full = prefix ? `${prefix}.${name}` : name;
        add(page, anchor === "" ? full : anchor === "-" ? `${index.objnames[type][1]}-${full}` : anchor, full);
      }
    }
    return places;
  }

  function link(page, anchor, text) {
    const node = document.createElement("a");
    // The search page stands at the root, and so do the index's names.
    node.href = index.docnames[page] + form.dataset.suffix + (anchor ? `#${encodeURIComponent(anchor)}` : "");
    node.textContent = text;
    return node;
  }

  function search() {
    const words = wordsOf(input.value);
    list.replaceChildren();
    status.textContent = "";
    if (!words.length || !index) return;
    const matches = words.map(pagesWith);
    const places = placesNamed(words);
    const scores = new Map();
    for (const page of index.docnames.keys()) {
      const worth = matches.map((found) => found.get(page) || 0);
      if (worth.every(Boolean)) scores.set(page, worth.reduce((a, b) => a + b));
      else if (places.has(page)) scores.set(page, 1);
    }
    const pages = [...scores.keys()].sort((a, b) => scores.get(b) - scores.get(a) || a - b);
    for (const page of pages) {
      const item = document.createElement("li");
      item.append(link(page, "", plain(index.titles[page])));
      if (places.has(page)) {
        const inner = document.createElement("ul");
        for (const { anchor, name } of places.get(page)) {
          const line = document.createElement("li");
          line.append(link(page, anchor, name));
          inner.append(line);
        }
        item.append(inner);
      }
      list.append(item);
    }
    status.textContent = pages.length === 0 ? "No page has all of these words."
      : pages.length === 1 ? "1 page" : `${pages.length} pages`;
  }

  input.value = new URLSearchParams(location.search).get("q") || "";
  input.addEventListener("input", search);
  window.Search = {
    setIndex(loaded) {
      index = loaded;
      search();
    },
  };
})();
