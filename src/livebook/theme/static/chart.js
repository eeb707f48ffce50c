// Charts: the static drawing can be made interactive, shown as a table, or saved as a picture.
(() => {
  "use strict";

  // The palette as a chart's specification writes it; livebook.css holds what each becomes in the page.
  const palette = {
    "#0072b2": "blue", "#d55e00": "vermilion", "#009e73": "green", "#e69f00": "orange",
    "#56b4e9": "sky", "#cc79a7": "purple", "#f0e442": "yellow", "#767676": "grey",
    "#1c1e21": "ink", "#5c6066": "muted", "#e3e0d8": "rule", "#fdfcfa": "paper",
  };
  // As much as a reader compares; the CSV has every digit.
  const decimal = new Intl.NumberFormat("en", { maximumSignificantDigits: 6, useGrouping: "min2" });
  const loading = new Map();
  const received = new Map();
  let face = "";

  window.livebook = {
    chart: (name, data) => received.set(name, data),
    face: (rule) => { face = rule; },
  };

  // Scripts, not fetch(): fetch() fails where the book is opened from a folder.
  function load(source) {
    if (!loading.has(source)) {
      loading.set(source, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = source;
        script.onload = resolve;
        script.onerror = () => {
          loading.delete(source);
          script.remove();
          reject(new Error(`${source} could not be loaded`));
        };
        document.head.append(script);
      }));
    }
    return loading.get(source);
  }

  async function data(figure) {
    const name = figure.dataset.chart;
    if (!received.has(name)) await load(new URL(figure.dataset.src, location.href).href);
    return received.get(name);
  }

  function colour(name, text) {
    const style = getComputedStyle(document.documentElement);
    const value = text ? style.getPropertyValue(`--lb-t-${name}`) : "";
    return (value || style.getPropertyValue(`--lb-c-${name}`)).trim();
  }

  // The specification in the page's colours; lettering takes the palette's darker variants.
  function themed(part, text = false) {
    if (typeof part === "string") {
      return part.replace(/#[0-9a-f]{6}\b/gi, (hex) => {
        const name = palette[hex.toLowerCase()];
        return name ? colour(name, text) : hex;
      });
    }
    if (Array.isArray(part)) return part.map((item) => themed(item, text));
    if (part === null || typeof part !== "object") return part;
    const lettering = text || part.mark === "text" || (part.mark && part.mark.type === "text");
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [
      // Data is not colour, even where a cell happens to read like one. A scale may be shared with
      // lines, and has one range.
      key, key === "datasets" || key === "values" ? value : themed(value, lettering && key !== "scale"),
    ]));
  }

  function live(figure) {
    let box = figure.querySelector(".lb-chart-live");
    if (!box) {
      const canvas = figure.querySelector(".lb-chart-canvas");
      box = document.createElement("div");
      box.className = "lb-chart-live";
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", canvas.getAttribute("aria-label"));
      box.hidden = true;
      canvas.after(box);
    }
    return box;
  }

  async function draw(figure) {
    const box = live(figure);
    await load(new URL(figure.dataset.bundle, location.href).href);
    // Vega measures each label when it lays the chart out, and never again.
    await Promise.all(["400", "700"].map((weight) => document.fonts.load(`${weight} 1em "LB Sans"`)));
    const { spec, narrow } = await data(figure);
    const copy = themed(narrow && box.clientWidth <= 520 ? narrow : spec);
    // The title stands above the chart, in the page's own type.
    delete copy.title;
    copy.background = "transparent";
    if (!["concat", "hconcat", "vconcat", "facet", "repeat", "spec"].some((key) => key in copy)) {
      copy.width = "container";
      copy.autosize = { type: "fit", contains: "padding" };
    }
    if (figure.view) figure.view.finalize();
    box.replaceChildren();
    const target = document.createElement("div");
    box.append(target);
    figure.view = await window.livebookVega.embed(target, copy, {
      ast: true, actions: false, renderer: "svg", defaultStyle: false,
      tooltip: { theme: "chart", disableDefaultStyle: true },
    });
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }

  async function interact(figure, button) {
    const on = button.getAttribute("aria-pressed") !== "true";
    const canvas = figure.querySelector(".lb-chart-canvas");
    const box = live(figure);
    if (on) {
      box.hidden = false;
      canvas.hidden = true;
      try {
        await draw(figure);
      } catch (error) {
        box.hidden = true;
        canvas.hidden = false;
        throw error;
      }
    } else {
      box.hidden = true;
      canvas.hidden = false;
    }
    button.setAttribute("aria-pressed", String(on));
  }

  function tableOf({ columns, rows }, caption) {
    const table = document.createElement("table");
    table.createCaption().textContent = caption;
    const head = table.createTHead().insertRow();
    const numeric = columns.map((_, index) => rows.every((row) => typeof row[index] === "number"));
    columns.forEach((column, index) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = column;
      if (numeric[index]) cell.className = "lb-number";
      head.append(cell);
    });
    const body = table.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      row.forEach((value, index) => {
        const cell = line.insertCell();
        cell.textContent = numeric[index] && !Number.isInteger(value) ? decimal.format(value) : value;
        if (numeric[index]) cell.className = "lb-number";
      });
    }
    return table;
  }

  async function table(figure, button) {
    let box = figure.querySelector(".lb-chart-table");
    if (!box) {
      const caption = figure.querySelector(".lb-chart-subtitle").textContent;
      const content = tableOf((await data(figure)).table, caption);
      box = document.createElement("div");
      box.className = "lb-chart-table lb-scroll";
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", `Table: ${caption}`);
      box.append(content);
      box.hidden = true;
      figure.querySelector(".lb-chart-source").before(box);
    }
    box.hidden = !box.hidden;
    button.setAttribute("aria-pressed", String(!box.hidden));
  }

  function wrap(context, text, width) {
    const lines = [];
    let line = "";
    for (const word of text.split(/(?<=\s)|(?=[\u3000-\u9fff])/)) {
      if (line && context.measureText(line + word).width > width) {
        lines.push(line.trim());
        line = "";
      }
      line += word;
    }
    return [...lines, line.trim()];
  }

  // A copy of the drawing with every custom property replaced by what it computes to here.
  function resolved(svg) {
    const copy = svg.cloneNode(true);
    const originals = [svg, ...svg.querySelectorAll("*")];
    [copy, ...copy.querySelectorAll("*")].forEach((node, index) => {
      const style = getComputedStyle(originals[index]);
      for (const name of ["fill", "stroke", "stop-color"]) {
        if (node.hasAttribute(name) || node.style[name]) {
          node.style.setProperty(name, style.getPropertyValue(name));
        }
      }
    });
    return copy;
  }

  async function png(figure) {
    const svg = [...figure.querySelectorAll(".lb-chart-canvas svg, .lb-chart-live svg")]
      .find((candidate) => candidate.getBoundingClientRect().width > 0);
    const { width, height } = svg.getBoundingClientRect();
    const copy = resolved(svg);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("width", width * 2);
    copy.setAttribute("height", height * 2);
    // A picture sees nothing of the page, nor its face.
    await load(new URL("lb-sans.js", new URL(figure.dataset.bundle, location.href)).href);
    const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
    style.textContent = face;
    copy.prepend(style);
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
    await image.decode();

    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    const margin = 20;
    const family = getComputedStyle(document.body).fontFamily;
    const lines = [];
    for (const [part, size, weight, name] of [
      ["title", 17, 700, "ink"], ["subtitle", 14, 400, "muted"], [null], ["source", 12, 400, "muted"],
    ]) {
      if (part === null) {
        lines.push(null);
        continue;
      }
      const node = figure.querySelector(`.lb-chart-${part}`);
      if (!node || !node.textContent.trim()) continue;
      const font = `${weight} ${size}px ${family}`;
      context.font = font;
      for (const text of wrap(context, node.textContent.trim().replace(/\s+/g, " "), width)) {
        lines.push({ text, font, size, colour: colour(name) });
      }
    }
    const total = lines.reduce((sum, line) => sum + (line ? line.size * 1.4 : height + 16), 0);
    canvas.width = (width + 2 * margin) * 2;
    canvas.height = (total + 2 * margin) * 2;
    context.scale(2, 2);
    context.fillStyle = colour("paper");
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.textBaseline = "top";
    let y = margin;
    for (const line of lines) {
      if (line) {
        context.font = line.font;
        context.fillStyle = line.colour;
        context.fillText(line.text, margin, y);
        y += line.size * 1.4;
      } else {
        context.drawImage(image, margin, y + 8, width, height);
        y += height + 16;
      }
    }
    const link = document.createElement("a");
    link.download = `${figure.dataset.chart}.png`;
    link.href = canvas.toDataURL("image/png");
    link.click();
  }

  const actions = { interact, table, png };
  for (const figure of document.querySelectorAll("figure.lb-chart")) {
    for (const button of figure.querySelectorAll("button[data-action]")) {
      const action = actions[button.dataset.action];
      button.hidden = false;
      if (action !== png) button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", async () => {
        button.disabled = true;
        try {
          await action(figure, button);
        } catch (error) {
          console.error(error);
          button.textContent = "Not available";
          return;
        }
        button.disabled = false;
        button.focus();
      });
    }
  }
  document.addEventListener("livebook:theme", () => {
    for (const figure of document.querySelectorAll("figure.lb-chart")) {
      if (figure.view && !live(figure).hidden) draw(figure);
    }
  });
})();
