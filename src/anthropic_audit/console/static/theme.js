// Trusted Types: text never becomes HTML. Only the empty string is accepted, with which Vega clears elements.
if (window.trustedTypes) trustedTypes.createPolicy("default", { createHTML: (text) => (text === "" ? text : null) });

// Apply the stored theme before the first paint; without one, the system's theme is used.
(() => {
  const chosen = localStorage.getItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
})();
