// Says who keeps the tokens on this page, and why: the browser, or the keeper.

const main = document.querySelector('[data-issuer]');
const role = document.querySelector('aside.role p');

function write(out, { path, why }) {
  out.dataset.path = path;
  out.textContent = path === 'native' ? `Tokens: by this browser itself. ${why}` : `Tokens: by the keeper ${why}`;
}

if (main && role && window.bonafides?.tokenPath) {
  const out = document.createElement('span');
  out.dataset.out = 'path';
  out.setAttribute('role', 'status');
  role.append(out);
  write(out, window.bonafides.tokenPath(main.dataset.issuer));
  document.addEventListener('bonafides:path', () => write(out, window.bonafides.tokenPath(main.dataset.issuer)));
}
