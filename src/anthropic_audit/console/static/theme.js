// The page's only way from text to markup: none. Vega empties elements this way, and nothing else passes.
if (window.trustedTypes) trustedTypes.createPolicy("default", { createHTML: (text) => (text === "" ? text : null) });

// Before anything is drawn: dark or light, as chosen here, else as the system is.
(() => {
  const chosen = localStorage.getItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
})();
