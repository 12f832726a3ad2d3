// Before the first paint, so that nothing flashes: the theme that was chosen, else the system's.
(() => {
  const chosen = localStorage.getItem('pulse-theme');
  const system = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  document.documentElement.dataset.theme = chosen ?? system;
})();
