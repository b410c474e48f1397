// Runs before the first paint, so that a chosen theme never flashes. Also tells the styles that scripts run.
(() => {
  const root = document.documentElement;
  const stored = () => localStorage.getItem("theme") ?? "";
  const show = (theme) => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
  };

  root.dataset.scripts = "";
  show(stored());

  const mark = () => {
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === stored()));
    }
  };
  document.addEventListener("DOMContentLoaded", mark);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    localStorage.setItem("theme", button.dataset.themeChoice);
    show(stored());
    mark();
  });
  addEventListener("storage", () => {
    show(stored());
    mark();
  });
})();
