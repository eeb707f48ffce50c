// What every page needs: theme, contents drawer, facts, tables that scroll, copy buttons, folds.
(() => {
  "use strict";

  const root = document.documentElement;
  const article = document.querySelector(".lb-article");

  function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  function theme() {
    const button = document.getElementById("lb-theme");
    const system = matchMedia("(prefers-color-scheme: dark)");
    const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
    const announce = () => {
      button.setAttribute("aria-pressed", String(dark()));
      document.dispatchEvent(new CustomEvent("livebook:theme"));
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      try {
        localStorage.setItem("livebook-theme", root.dataset.theme);
      } catch {
        // The choice then lasts for this page.
      }
      announce();
    });
    system.addEventListener("change", announce);
    announce();
  }

  function drawer() {
    const menu = document.getElementById("lb-menu");
    const dialog = document.getElementById("lb-drawer");
    const nav = document.getElementById("lb-nav");
    const side = document.getElementById("lb-side");
    const wide = matchMedia("(min-width: 62rem)");
    menu.setAttribute("role", "button");
    menu.setAttribute("aria-haspopup", "dialog");
    const open = (event) => {
      event.preventDefault();
      dialog.append(nav);
      dialog.showModal();
      const current = nav.querySelector("[aria-current]");
      if (current) current.scrollIntoView({ block: "center" });
    };
    menu.addEventListener("click", open);
    menu.addEventListener("keydown", (event) => {
      if (event.key === " ") open(event);
    });
    dialog.addEventListener("close", () => side.append(nav));
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("a, .lb-close")) dialog.close();
    });
    wide.addEventListener("change", () => {
      if (wide.matches && dialog.open) dialog.close();
    });
  }

  // The page's own contents stand on the right, and under the current chapter where there is no room.
  function contents() {
    const current = document.querySelector(".lb-nav [aria-current]");
    const side = document.getElementById("lb-side");
    const list = document.querySelector(".lb-toc > ul > li > ul");
    if (list && current) {
      const wide = matchMedia("(min-width: 75rem)");
      const home = list.parentElement;
      const settle = () => (wide.matches ? home : current.parentElement).append(list);
      wide.addEventListener("change", settle);
      settle();
    }
    if (current && current.offsetTop > side.clientHeight - 80) {
      side.scrollTop = current.offsetTop - side.clientHeight / 2;
    }
    const links = new Map();
    for (const link of list ? list.querySelectorAll("a") : []) {
      const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (section) links.set(section, link);
    }
    if (!links.size) return;
    const mark = () => {
      let reached = null;
      for (const section of links.keys()) {
        if (section.getBoundingClientRect().top < innerHeight * 0.3) reached = section;
      }
      for (const [section, link] of links) link.classList.toggle("lb-here", section === reached);
    };
    let waiting = false;
    addEventListener("scroll", () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        mark();
      });
    }, { passive: true });
    mark();
  }

  // A region that scrolls must be reachable by keyboard and named; one that does not must not be a stop.
  function scrolling() {
    for (const table of article.querySelectorAll("table")) {
      if (table.parentElement.closest("table, .lb-scroll")) continue;
      const box = element("div", { class: "lb-scroll" });
      table.replaceWith(box);
      box.append(table);
    }
    // On a phone each row of such a table is a card, whose cells say what their column is.
    for (const table of article.querySelectorAll(".lb-stacked table")) {
      const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
      for (const row of table.tBodies[0].rows) {
        [...row.cells].forEach((cell, index) => { cell.dataset.label = heads[index]; });
      }
    }
    // pandas aligns every cell to the right; words read better from the left.
    for (const table of article.querySelectorAll("table.dataframe")) {
      const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
      const words = new Set();
      for (const row of rows) {
        [...row.cells].forEach((cell, index) => {
          if (cell.tagName === "TD" && !/^[-−–+\d.,\s%]*$|^(nan|NaN|NaT|None|<NA>)$/.test(cell.textContent)) words.add(index);
        });
      }
      for (const row of table.rows) {
        [...row.cells].forEach((cell, index) => cell.classList.toggle("lb-text", words.has(index)));
      }
    }
    const boxes = [...article.querySelectorAll(".lb-scroll, pre, div.math, .lb-formula")];
    const label = (box) => {
      const caption = box.querySelector("caption");
      if (caption) return caption.textContent.replace(/[#¶]\s*$/, "").trim();
      const kind = box.querySelector("table") ? "Table" : box.querySelector("math") ? "Formula" : "Code";
      return `${kind} ${boxes.indexOf(box) + 1}`;
    };
    const check = (box) => {
      if (box.scrollWidth > box.clientWidth + 1) {
        box.tabIndex = 0;
        box.setAttribute("role", "region");
        box.setAttribute("aria-label", label(box));
      } else {
        for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
      }
    };
    const observer = new ResizeObserver((entries) => entries.forEach((entry) => check(entry.target)));
    boxes.forEach((box) => observer.observe(box));
  }

  function copying() {
    for (const block of article.querySelectorAll("div.highlight")) {
      const pre = block.querySelector("pre");
      if (!pre || block.closest(".cell_output")) continue;
      const button = element("button", { type: "button", class: "lb-copy" }, "Copy");
      const done = (text) => {
        button.textContent = text;
        setTimeout(() => (button.textContent = "Copy"), 1600);
      };
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(pre.textContent);
          done("Copied");
        } catch {
          // No clipboard on plain http: select the code, so that one key press copies it.
          getSelection().selectAllChildren(pre);
          done(document.execCommand("copy") ? "Copied" : "Selected");
        }
      });
      block.append(button);
    }
  }

  // Admonitions and solutions marked "dropdown" fold; without JavaScript they stand open.
  function folding() {
    for (const box of article.querySelectorAll(".admonition.dropdown, .toggle")) {
      const title = box.querySelector(":scope > .admonition-title");
      const details = element("details", { class: box.className, id: box.id });
      if (!box.id) details.removeAttribute("id");
      const summary = element("summary", { class: "admonition-title" });
      summary.append(...(title ? title.childNodes : ["Show"]));
      // A link inside a summary is a control within a control.
      for (const link of summary.querySelectorAll("a")) link.replaceWith(...link.childNodes);
      if (title) title.remove();
      details.append(summary, ...box.childNodes);
      details.open = box.classList.contains("toggle-shown");
      box.replaceWith(details);
    }
    const reveal = () => {
      const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
      for (let node = target; node; node = node.parentElement) {
        if (node.tagName === "DETAILS") node.open = true;
      }
      if (target) target.scrollIntoView();
    };
    addEventListener("hashchange", reveal);
    if (location.hash) reveal();
    // On paper nothing can be opened.
    let folded = [];
    addEventListener("beforeprint", () => {
      folded = [...article.querySelectorAll("details.admonition:not([open])")];
      for (const details of folded) details.open = true;
    });
    addEventListener("afterprint", () => {
      for (const details of folded) details.open = false;
    });
  }

  // How old figures are depends on the day of reading, which no build knows.
  function ages(part) {
    const today = new Date();
    const count = (number, unit) => `${number} ${unit}${number === 1 ? "" : "s"}`;
    for (const age of part.querySelectorAll(".lb-age")) {
      const [year, month] = age.previousElementSibling.dateTime.split("-").map(Number);
      const months = 12 * (today.getFullYear() - year) + today.getMonth() + 1 - month;
      if (months < 1) continue;
      const said = months < 24 ? count(months, "month") : count(Math.floor(months / 12), "year");
      const stale = months > Number(root.dataset.staleAfter);
      age.classList.toggle("lb-stale", stale);
      age.textContent = `(${said} ago${stale ? ": out of date?" : ""})`;
    }
  }

  // Facts: a card beside the number, a sheet at the bottom on a phone. One at a time.
  function facts() {
    const store = document.getElementById("lb-facts");
    if (!store) return;
    const cards = new Map();
    for (const template of store.querySelectorAll("template")) {
      cards.set(template.dataset.fact, template.content);
    }
    const card = element("div", {
      class: "lb-pop", id: "lb-pop", role: "dialog", "aria-label": "Where this number comes from",
      tabindex: "-1", hidden: "",
    });
    const close = element("button", { type: "button", class: "lb-close", "aria-label": "Close" }, "×");
    document.body.append(card);
    const fine = matchMedia("(hover: hover) and (pointer: fine)");
    let anchor = null;
    let timer = 0;

    function hide(refocus) {
      clearTimeout(timer);
      if (!anchor) return;
      anchor.setAttribute("aria-expanded", "false");
      card.hidden = true;
      if (refocus) anchor.focus();
      anchor = null;
    }

    function place(point) {
      card.style.cssText = "";
      if (matchMedia("(max-width: 37.5rem)").matches) return;
      const boxes = [...anchor.getClientRects()];
      const line = boxes.find((box) => point && point.clientY <= box.bottom) || boxes[0];
      const margin = 12;
      const width = card.offsetWidth;
      const height = card.offsetHeight;
      const view = root.clientWidth;
      const below = innerHeight - line.bottom;
      const above = below < height + margin && line.top > below;
      const top = above ? Math.max(margin, line.top - height - 8) : line.bottom + 8;
      const left = Math.max(margin, Math.min(line.left - 16, view - width - margin));
      card.style.left = `${left + scrollX}px`;
      card.style.top = `${top + scrollY}px`;
    }

    function show(link, event) {
      clearTimeout(timer);
      const content = cards.get(link.dataset.fact);
      if (!content) return false;
      if (anchor && anchor !== link) hide(false);
      if (!anchor) {
        anchor = link;
        link.setAttribute("aria-expanded", "true");
        card.replaceChildren(close, content.cloneNode(true));
        ages(card);
        card.hidden = false;
        place(event);
      }
      return true;
    }

    for (const link of article.querySelectorAll("a.lb-fact")) {
      if (!cards.has(link.dataset.fact)) continue;
      link.setAttribute("aria-haspopup", "dialog");
      link.setAttribute("aria-expanded", "false");
      link.addEventListener("click", (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
        event.preventDefault();
        show(link, event);
        // A click without a pointer came from the keyboard (Enter) or a screen reader.
        if (event.detail === 0) card.focus();
      });
      link.addEventListener("keydown", (event) => {
        if (event.key !== " ") return;
        event.preventDefault();
        show(link, event);
        card.focus();
      });
      link.addEventListener("mouseenter", (event) => {
        if (!fine.matches || anchor === link) return;
        clearTimeout(timer);
        timer = setTimeout(() => {
          if (!card.contains(document.activeElement)) show(link, event);
        }, 250);
      });
      link.addEventListener("mouseleave", leave);
    }

    // A card opened by hovering goes when the pointer has left both number and card.
    function leave() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (anchor && !card.matches(":hover") && !anchor.matches(":hover") &&
            !card.contains(document.activeElement)) hide(false);
      }, 350);
    }
    card.addEventListener("mouseleave", leave);
    close.addEventListener("click", () => hide(true));
    card.addEventListener("click", (event) => {
      if (event.target.closest("a")) hide(false);
    });
    // The card stands at the end of the page: tabbing out of it goes back to the number.
    card.addEventListener("keydown", (event) => {
      if (event.key !== "Tab") return;
      const stops = [...card.querySelectorAll("a[href], button")];
      const active = document.activeElement;
      if (event.shiftKey ? active === card || active === stops[0] : active === stops[stops.length - 1]) {
        event.preventDefault();
        hide(true);
      }
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && anchor) hide(true);
    });
    document.addEventListener("pointerdown", (event) => {
      if (anchor && !card.contains(event.target) && !anchor.contains(event.target)) hide(false);
    });
    addEventListener("resize", () => anchor && place());
  }

  function ledger() {
    for (const list of article.querySelectorAll(".lb-ledger")) {
      const facts = [...list.querySelectorAll("li")].map((item) => [item, item.textContent.toLowerCase()]);
      const input = element("input", { type: "search", autocomplete: "off", spellcheck: "false" });
      const count = element("span", { role: "status" });
      list.prepend(element("div", { class: "lb-filter" }, element("label", {}, "Filter by name or value ", input), count));
      const filter = () => {
        const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
        for (const [item, text] of facts) item.hidden = !words.every((word) => text.includes(word));
        for (const chapter of list.querySelectorAll("details")) {
          chapter.hidden = !chapter.querySelector("li:not([hidden])");
          chapter.open = words.length > 0;
        }
        count.textContent = `${facts.filter(([item]) => !item.hidden).length} of ${facts.length}`;
      };
      input.addEventListener("input", filter);
      filter();
    }
  }

  theme();
  ages(article);
  drawer();
  contents();
  folding();
  copying();
  scrolling();
  facts();
  ledger();
})();
