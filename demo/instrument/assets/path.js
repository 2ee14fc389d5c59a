// Says who keeps the tokens on this page, and why: the browser, or the keeper. It
// stands in the panel: nobody needs to know it to use the site.

const page = document.querySelector('[data-issuer]');
const out = document.querySelector('[data-out="path"]');

function write({ path, why }) {
  out.dataset.path = path;
  out.textContent = path === 'native' ? 'Tokens: this browser is asked first, and the keeper if it does not know the keys of this issuer.' : `Tokens: by the keeper ${why}`;
}

if (page && out && window.bonafides?.tokenPath) {
  write(window.bonafides.tokenPath(page.dataset.issuer));
  document.addEventListener('bonafides:path', () => write(window.bonafides.tokenPath(page.dataset.issuer)));
}
