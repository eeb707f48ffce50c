// Loaded before anything is painted, so that a stored choice of theme never flashes.
(() => {
  let stored = null;
  try {
    stored = localStorage.getItem("livebook-theme");
  } catch {
    // Storage is refused in some private windows: the system's preference holds.
  }
  if (stored === "dark" || stored === "light") document.documentElement.dataset.theme = stored;
  document.documentElement.classList.add("js");
})();
