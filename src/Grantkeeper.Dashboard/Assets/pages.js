// Everything on these pages works without this file; it adds the copy buttons where the browser lets us copy.
const patience = 2000;

for (const button of navigator.clipboard ? document.querySelectorAll('button[data-copy]') : []) {
  const said = button.textContent;
  button.hidden = false;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not allowed';
    }
    setTimeout(() => { button.textContent = said; }, patience);
  });
}
