// Starts the page's connection and keeps it: after the node is back, the page comes back by itself.
(() => {
  const notice = () => document.getElementById('components-reconnect-modal');
  // Written where it is true: who reads the page without running it would take it for a fact.
  const words = () => {
    const [text, strong] = [document.createElement('p'), document.createElement('strong')];
    strong.textContent = 'The node does not answer.';
    text.append(strong, ' The numbers are as they were. This page comes back by itself.');
    return text;
  };

  const show = (isAway) => {
    notice().replaceChildren(...(isAway ? [words()] : []));
    notice().hidden = !isAway;
    document.documentElement.toggleAttribute('data-stale', isAway);
  };

  let isWaiting = false;
  const reloadWhenBack = async () => {
    if (isWaiting) return;
    isWaiting = true;
    show(true);
    for (;;) {
      try {
        if ((await fetch('/health/live', { cache: 'no-store' })).ok) {
          location.reload();
          return;
        }
      } catch {
        // Still away.
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };

  Blazor.start({
    circuit: {
      reconnectionOptions: { maxRetries: 3, retryIntervalMilliseconds: 500 },
      reconnectionHandler: {
        onConnectionDown: async () => {
          show(true);
          for (let attempt = 0; attempt < 6; attempt++) {
            await new Promise((resolve) => setTimeout(resolve, 300));
            try {
              if (await Blazor.reconnect()) return;
              break;
            } catch {
              // The node is away; its circuit may still be there when it answers again.
            }
          }
          reloadWhenBack();
        },
        onConnectionUp: () => show(false),
      },
    },
  });

  document.addEventListener('click', (event) => {
    if (event.target.closest('[data-theme-toggle]')) {
      const root = document.documentElement;
      root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
      localStorage.setItem('pulse-theme', root.dataset.theme);
      document.dispatchEvent(new CustomEvent('pulse-theme'));
    }
    for (const picker of document.querySelectorAll('[data-picker][open]')) {
      if (!picker.contains(event.target)) picker.open = false;
    }
  });

  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    for (const picker of document.querySelectorAll('[data-picker][open]')) {
      picker.open = false;
      picker.querySelector('summary').focus();
    }
  });
})();
